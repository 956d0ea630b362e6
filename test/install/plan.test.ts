import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ManifestObject, manifestObject } from '../../src/install/manifest/object.ts';
import { imageTag, proxyPods } from '../../src/install/mesh/proxies.ts';
import { type Skew, skewWarnings } from '../../src/install/mesh/skew.ts';
import { detectedSettings, suspectedPlatform } from '../../src/install/operator/detected.ts';
import { type Ownership, ownerLabels, ownershipOf, RELEASE } from '../../src/install/owner/ownership.ts';
import { exactChanges, likelyChanges } from '../../src/install/plan/compare.ts';
import { keepRevision } from '../../src/install/plan/keep-revision.ts';
import { leftOver } from '../../src/install/plan/left-over.ts';

const OWNERSHIP: Ownership = { revision: 'default', version: '1.31.1', name: '', namespace: 'istio-system' };

const owned = (name: string, labels: Readonly<Record<string, string>> = {}, more: object = {}): ManifestObject =>
  manifestObject({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'istio-system', labels: { ...ownerLabels(OWNERSHIP, 'pilot'), ...labels }, ...more },
  });
const namesOf = (objects: readonly ManifestObject[]): readonly string[] => objects.map(({ name }) => name);

describe('owner labels', () => {
  it('are those of istioctl', () => {
    const operator = {
      metadata: { name: 'mine', namespace: 'mesh' },
      spec: { values: { revision: 'canary' } },
    };
    expect(ownerLabels(ownershipOf(operator), 'ingressGateways')).toEqual({
      'operator.istio.io/managed': 'Reconcile',
      'operator.istio.io/component': 'IngressGateways',
      'operator.istio.io/version': RELEASE,
      'istio.io/rev': 'canary',
      'install.operator.istio.io/owning-resource': 'mine',
      'install.operator.istio.io/owning-resource-namespace': 'mesh',
    });
  });

  it('name the revision default where there is none, and no operator without a name', () => {
    const labels = ownerLabels(ownershipOf({ metadata: {}, spec: {} }), 'base');
    expect(labels).toMatchObject({ 'istio.io/rev': 'default', 'operator.istio.io/component': 'Base' });
    expect(Object.keys(labels)).not.toContain('install.operator.istio.io/owning-resource');
  });
});

describe('the release that is installed', () => {
  it("is that of heddle's own charts", () => {
    const profile = readFileSync(resolve(import.meta.dirname, '../../templates/profiles/default.yaml'), 'utf8');
    expect(profile).toContain(`tag: ${RELEASE}\n`);
  });
});

describe('what is left over', () => {
  it('is what the installation owns and does not want any more, of whatever release', () => {
    const live = [owned('kept'), owned('old'), owned('older', { 'operator.istio.io/version': '1.20.0' })];
    expect(namesOf(leftOver(live, [owned('kept')], OWNERSHIP))).toEqual(['old', 'older']);
  });

  it.each([
    ['another revision', owned('a', { 'istio.io/rev': 'canary' })],
    [
      "another installation's namespace",
      owned('a', { 'install.operator.istio.io/owning-resource-namespace': 'other' }),
    ],
    ['what nobody manages', owned('a', { 'operator.istio.io/managed': 'no' })],
    ['a component that is not of Istio', owned('a', { 'operator.istio.io/component': 'Mine' })],
    ['what is marked to stay', owned('a', { 'install.operator.istio.io/owning-resource-not-pruned': 'true' })],
    ['what a controller made', owned('a', {}, { ownerReferences: [{ kind: 'Service', controller: true }] })],
    ['a definition', manifestObject({ ...owned('a').value, kind: 'CustomResourceDefinition' })],
  ])('is never %s', (_, object) => {
    expect(leftOver([object], [], OWNERSHIP)).toEqual([]);
  });

  it('is not what is written in another version of its API', () => {
    const live = manifestObject({ ...owned('a').value, apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' });
    const wanted = manifestObject({ ...live.value, apiVersion: 'autoscaling/v2beta2' });
    expect(leftOver([live], [wanted], OWNERSHIP)).toEqual([]);
  });
});

describe('what all revisions share', () => {
  const shared = (revision: string): ManifestObject =>
    owned('a', { 'operator.istio.io/component': 'Base', 'istio.io/rev': revision });

  it('is taken by a revision that comes, and left alone by those that are there', () => {
    expect(keepRevision(shared('canary'), shared('default'), ['default'])).toEqual(shared('canary'));
    expect(keepRevision(shared('default'), shared('canary'), ['default', 'canary'])).toEqual(shared('canary'));
  });

  it.each([
    ['not there yet', shared('default'), undefined],
    ['there without an owner', shared('default'), manifestObject({ kind: 'ConfigMap', metadata: { name: 'a' } })],
    ['of one revision', owned('a'), owned('a', { 'istio.io/rev': 'canary' })],
  ])('is not an object that is %s', (_, wanted, live) => {
    expect(keepRevision(wanted, live, ['default', 'canary'])).toBe(wanted);
  });
});

describe('what applying would change', () => {
  const service = (ports: readonly object[], more: object = {}): ManifestObject =>
    manifestObject({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', ...more }, spec: { ports } });

  it('leaves aside what the API server keeps for itself', () => {
    const before = service([{ name: 'a', port: 1 }], {
      resourceVersion: '1',
      uid: 'x',
      generation: 1,
      managedFields: [],
    });
    const after = service([{ name: 'a', port: 2 }], {
      resourceVersion: '2',
      uid: 'x',
      generation: 2,
      managedFields: [{}],
    });
    expect(exactChanges(before, after)).toEqual([{ path: 'spec.ports[name=a].port', before: 1, after: 2 }]);
  });

  it('sees fields that go', () => {
    const changes = exactChanges(service([{ name: 'a', port: 1, nodePort: 3 }]), service([{ name: 'a', port: 1 }]));
    expect(changes).toEqual([{ path: 'spec.ports[name=a].nodePort', before: 3, after: undefined }]);
  });

  it('is told without the API server by the fields of the manifest alone', () => {
    const live = service(
      [
        { name: 'a', port: 1, targetPort: 9 },
        { name: 'b', port: 2, targetPort: 8 },
      ],
      { labels: { x: 'y' } },
    );
    expect(
      likelyChanges(
        live,
        service([
          { name: 'a', port: 1 },
          { name: 'b', port: 3 },
        ]),
      ),
    ).toEqual([{ path: 'spec.ports[name=b].port', before: 2, after: 3 }]);
  });
});

describe('versions that differ', () => {
  const skew: Skew = {
    kubernetes: 'v1.34.0',
    oldestKubernetes: 'v1.32.0',
    revision: 'default',
    version: '1.31.1',
    istiods: [{ namespace: 'istio-system', name: 'istiod', revision: 'default', version: '1.31.1' }],
    proxies: [],
  };
  const istiod = (version: string, revision = 'default'): Skew => ({
    ...skew,
    istiods: [{ namespace: 'istio-system', name: 'istiod', revision, version }],
  });

  it('are none where all are the same', () => {
    expect(skewWarnings(skew)).toEqual([]);
    expect(skewWarnings(istiod('1.20.0', 'other'))).toEqual([]);
  });

  it.each([
    [istiod('1.30.4'), 'istiod goes from 1.30.4 to 1.31.1'],
    [istiod('1.29.0'), 'istiod goes from 1.29.0 to 1.31.1: more than one minor release at once'],
    [istiod('1.32.0'), 'istiod goes from 1.32.0 to 1.31.1: a downgrade'],
    [istiod('latest'), 'istiod goes from latest to 1.31.1'],
    [{ ...skew, kubernetes: 'v1.28.3-gke.1' }, 'Kubernetes v1.28.3-gke.1 is older than v1.32.0'],
  ])('are told: %#', (given, words) => {
    expect(skewWarnings(given)).toEqual([expect.stringContaining(words)]);
  });
});

describe('proxies', () => {
  const pod = (annotations: object, image: string, more: object = {}): ManifestObject =>
    manifestObject({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', namespace: 'shop', annotations },
      spec: { initContainers: [{ name: 'istio-proxy', image }] },
      ...more,
    });
  const status = { 'sidecar.istio.io/status': '{"initContainers":null,"revision":"canary"}' };

  it('are pods that the injector has written on, native sidecars included', () => {
    expect(proxyPods([pod(status, 'istio/proxyv2:1.31.1')])).toEqual([
      { namespace: 'shop', name: 'a', revision: 'canary', version: '1.31.1', isInstalled: false },
    ]);
    expect(proxyPods([pod({}, 'istio/proxyv2:1.31.1')])).toEqual([]);
    expect(proxyPods([pod(status, 'istio/proxyv2:1.31.1', { status: { phase: 'Succeeded' } })])).toEqual([]);
  });

  it.each([
    ['docker.io/istio/proxyv2:1.31.1', '1.31.1'],
    ['localhost:5000/proxyv2:1.31.1-distroless', '1.31.1-distroless'],
    ['localhost:5000/proxyv2', ''],
    ['istio/proxyv2:1.31.1@sha256:0a', '1.31.1'],
  ])('know the version of %s', (image, version) => {
    expect(imageTag(image)).toBe(version);
  });
});

describe('a cluster', () => {
  it('on GKE asks for what istioctl sets there', () => {
    expect(detectedSettings('v1.34.1-gke.100')).toContain('values.global.platform=gke');
    expect(detectedSettings('v1.34.1')).toEqual([]);
  });

  it('may look like a platform that nobody has named', () => {
    expect(suspectedPlatform('v1.34.1+k3s1', [])).toBe('k3s');
    expect(suspectedPlatform('v1.34.1', ['v1', 'security.openshift.io/v1'])).toBe('openshift');
    expect(suspectedPlatform('v1.34.1', ['v1'])).toBeUndefined();
  });
});
