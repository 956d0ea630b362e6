import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ManifestObject, manifestObject } from '../../src/install/manifest/object.ts';
import { neverMatching } from '../../src/install/tag/never-match.ts';
import { type TagCharts, type TagRequest, tagObjects } from '../../src/install/tag/tag-objects.ts';
import { loadGoStructs, loadMeshProto, loadValuesProto } from '../../src/model/typed/load.ts';
import { STILL, treeOf } from './tree.ts';

let charts: TagCharts;
beforeAll(async () => {
  const descriptors = { structs: await loadGoStructs(), mesh: await loadMeshProto(), values: await loadValuesProto() };
  charts = { tree: treeOf(resolve(import.meta.dirname, '../../templates')), descriptors, platform: STILL };
});

/** The webhook of revision `canary`, called by service or URL. */
const canary = (clientConfig: Readonly<Record<string, unknown>>) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: {
    name: 'istio-sidecar-injector-canary',
    labels: {
      app: 'sidecar-injector',
      'istio.io/rev': 'canary',
      'operator.istio.io/component': 'Pilot',
      'install.operator.istio.io/owning-resource': 'unknown',
      team: 'mesh',
    },
    annotations: { note: 'kept' },
  },
  webhooks: [{ name: 'rev.namespace.sidecar-injector.istio.io', clientConfig, reinvocationPolicy: 'IfNeeded' }],
});
const SERVICE = {
  service: { name: 'istiod-canary', namespace: 'istio-system', path: '/inject/net/one', port: 443 },
  caBundle: 'Q0E=',
};

const requestOf = (changes: Partial<TagRequest> = {}): TagRequest => ({
  tag: 'prod',
  revision: 'canary',
  namespace: 'istio-system',
  canonical: canary(SERVICE),
  autoInject: false,
  owner: 'user',
  ...changes,
});

const metadataOf = ({ value }: ManifestObject) => value['metadata'] as { readonly labels: Record<string, string> };
const webhooksOf = (object: ManifestObject | undefined) =>
  (object?.value['webhooks'] ?? []) as readonly Readonly<Record<string, unknown>>[];

describe('a tag', () => {
  it('is a webhook that is called as that of its revision, and a Service in front of its istiod', () => {
    const { objects, problems } = tagObjects(charts, requestOf());
    expect(problems).toEqual([]);
    expect(objects.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'MutatingWebhookConfiguration istio-revision-tag-prod',
      'Service istiod-revision-tag-prod',
    ]);
    const [webhook, service] = objects;
    for (const { clientConfig, reinvocationPolicy } of webhooksOf(webhook)) {
      expect(clientConfig).toEqual(SERVICE);
      expect(reinvocationPolicy).toBe('IfNeeded');
    }
    expect(webhooksOf(webhook).map(({ name }) => name)).toEqual([
      'rev.namespace.sidecar-injector.istio.io',
      'rev.object.sidecar-injector.istio.io',
    ]);
    expect(service?.value['spec']).toMatchObject({ selector: { app: 'istiod', 'istio.io/rev': 'canary' } });
    expect(webhook && metadataOf(webhook)).toMatchObject({ annotations: { note: 'kept' } });
  });

  it("of a user's own carries labels of the revision and none of an installation", () => {
    const labels = tagObjects(charts, requestOf()).objects.map((object) => metadataOf(object).labels);
    for (const each of labels) {
      expect(each).toMatchObject({ 'istio.io/rev': 'canary', 'istio.io/tag': 'prod' });
      expect(Object.keys(each).filter((key) => key.includes('operator.istio.io'))).toEqual([]);
    }
    expect(labels[0]).toMatchObject({ app: 'sidecar-injector', team: 'mesh' });
    expect(labels[1]).toMatchObject({ app: 'istiod' });
  });

  it('of an installation carries its labels', () => {
    const owner = {
      'operator.istio.io/component': 'Pilot',
      'install.operator.istio.io/owning-resource-not-pruned': 'true',
    };
    for (const object of tagObjects(charts, requestOf({ owner })).objects)
      expect(metadataOf(object).labels).toMatchObject(owner);
  });

  it('called default injects what names no revision, and validates it', () => {
    const { objects } = tagObjects(charts, requestOf({ tag: 'default', autoInject: true }));
    const [webhook, validator] = objects;
    expect(objects.map(({ name }) => name)).toEqual([
      'istio-revision-tag-default',
      'istiod-default-validator',
      'istiod-revision-tag-default',
    ]);
    expect(webhooksOf(webhook).map(({ name }) => String(name).split('.')[0])).toEqual([
      'rev',
      'rev',
      'namespace',
      'object',
      'auto',
    ]);
    expect(webhooksOf(validator)).toHaveLength(1);
    expect(webhooksOf(validator)[0]).toMatchObject({
      name: 'validation.istio.io',
      failurePolicy: 'Ignore',
      clientConfig: { service: { name: 'istiod-canary', path: '/validate' }, caBundle: 'Q0E=' },
      objectSelector: { matchExpressions: [{ key: 'istio.io/rev', operator: 'DoesNotExist' }] },
    });
    expect(validator && metadataOf(validator).labels).toMatchObject({ app: 'istiod', 'istio.io/tag': 'default' });
  });

  it('leads to the address of a remote istiod where its revision does', () => {
    const url = 'https://istiod.example.com:15017/inject/cluster/one';
    const { objects } = tagObjects(charts, requestOf({ tag: 'default', canonical: canary({ url }) }));
    expect(webhooksOf(objects[0]).map(({ clientConfig }) => clientConfig)).toContainEqual({ url });
    expect(webhooksOf(objects[1])[0]?.['clientConfig']).toEqual({ url: 'https://istiod.example.com:15017/validate' });
  });

  it('may have a name of its own', () => {
    expect(tagObjects(charts, requestOf({ webhookName: 'mine' })).objects[0]?.name).toBe('mine');
  });

  it('needs a revision that injects', () => {
    const { objects, problems } = tagObjects(charts, requestOf({ canonical: { metadata: { name: 'other' } } }));
    expect(objects).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(['NO_INJECTOR']);
  });
});

describe('the injector of the unnamed revision', () => {
  it('matches nothing any more when the default tag stands beside it', () => {
    const never = { matchLabels: { 'istio.io/deactivated': 'never-match' } };
    const [webhook] = webhooksOf(neverMatching(manifestObject(canary(SERVICE))));
    expect(webhook).toMatchObject({ namespaceSelector: never, objectSelector: never, clientConfig: SERVICE });
  });
});
