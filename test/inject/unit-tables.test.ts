import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { refusedAnnotations } from '../../src/inject/annotation-values.ts';
import { goStruct } from '../../src/inject/go-struct.ts';
import { imageOf } from '../../src/inject/image.ts';
import type { TypeDescriptors } from '../../src/inject/installation.ts';
import { otelResourceAttributes } from '../../src/inject/otel-attributes.ts';
import { decodePod, type InjectablePod } from '../../src/inject/pod.ts';
import { previousInjection, STATUS } from '../../src/inject/previous-injection.ts';
import { dumpProbers, isRewriteEnabled, rewriteProbes } from '../../src/inject/probes.ts';
import { isMergeEnabled, scrapeConfiguration } from '../../src/inject/prometheus.ts';
import { protoMessage } from '../../src/inject/proto-message.ts';
import { isInjectionRequired } from '../../src/model/sidecar.ts';
import { decodeMessage } from '../../src/model/typed/proto-decode.ts';
import { withoutDefaults } from '../../src/model/typed/proxy-config.ts';
import { appendMultusNetwork } from '../../src/template/functions/istio-multus.ts';
import { omitNil } from '../../src/template/functions/istio-omit-nil.ts';
import { fromPlain, toPlain } from '../../src/template/value.ts';
import type { Plain } from '../../src/yaml/plain.ts';
import { loadDescriptors } from './installation.ts';

// Tables of Istio's own unit tests with their answers, recorded outside the repository.
const root = resolve(import.meta.dirname, '../../../shared/corpus/inject/unit');
const isThere = existsSync(root);

type Texts = Readonly<Record<string, string>> | null;
const rows = <T>(name: string): readonly T[] =>
  isThere
    ? readFileSync(join(root, `unit-Test${name}.jsonl`), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : [];

let descriptors: TypeDescriptors;
beforeAll(async () => {
  descriptors = await loadDescriptors();
});

const podOf = (json: Plain): InjectablePod => decodePod(descriptors.structs, json);
const texts = (value: unknown) => (value ?? {}) as Readonly<Record<string, string>>;

describe.skipIf(!isThere)('recorded tables', () => {
  it.each(rows<{ config: Plain; meta: Plain; podSpec: Plain; want: boolean }>('InjectRequired'))(
    'decide as Istio does: %j',
    (row) => {
      const { config, meta, podSpec, want } = row;
      const policy = {
        policy: config['policy'] as 'enabled' | 'disabled',
        neverInjectSelector: (config['neverInjectSelector'] ?? []) as [],
        alwaysInjectSelector: (config['alwaysInjectSelector'] ?? []) as [],
      };
      const candidate = {
        namespace: String(meta['namespace'] ?? ''),
        namespaceLabels: {},
        labels: texts(meta['labels']),
        annotations: texts(meta['annotations']),
        hostNetwork: podSpec['hostNetwork'] === true,
      };
      expect(isInjectionRequired(candidate, policy)).toBe(want);
    },
  );

  it.each(rows<{ ann: Texts; pc: Texts; v: Plain; want: string }>('ProxyImage'))(
    'choose images: %j',
    ({ ann, pc, v, want }) => {
      const { value } = decodeMessage(descriptors.values, 'istio.operator.v1alpha1.Values', v, { unknown: 'allowed' });
      expect(imageOf(value, 'proxy', texts(pc)['imageType'] ?? '', texts(ann))).toBe(want);
    },
  );

  it.each(rows<{ annotations: Texts; specSetting: boolean; expected: boolean }>('ShouldRewriteAppHTTPProbers'))(
    'rewrite probes or not: %j',
    (row) => {
      expect(isRewriteEnabled(texts(row.annotations), row.specSetting)).toBe(row.expected);
    },
  );

  it.each(rows<{ pod: Plain; expected: Plain }>('PatchRewriteProbe'))('rewrite probes: %j', (row) => {
    const pod = podOf(row.pod);
    expect(rewriteProbes(pod, 15020).spec).toEqual(podOf(row.expected).spec);
  });

  it.each(rows<{ pod: Plain; expected: string }>('DumpAppGRPCProbers'))('dump probes: %j', (row) => {
    const dumped = JSON.parse(dumpProbers(podOf(row.pod), 15020) || 'null');
    expect(dumped).toEqual(JSON.parse(row.expected.trim() || 'null'));
  });

  it.each(
    rows<{ annotations: Texts; wantPort: string; wantPath: string; wantTargets: unknown }>(
      'GetPrometheusScrapeConfigurationMultiTarget',
    ),
  )('read scrape annotations: %j', (row) => {
    expect(scrapeConfiguration(texts(row.annotations))).toEqual({
      scrape: '',
      port: row.wantPort,
      path: row.wantPath,
      targets: row.wantTargets,
    });
  });

  it.each(rows<{ anno: Texts; mesh: Plain | null; want: boolean }>('EnablePrometheusAggregation'))(
    'merge metrics or not: %j',
    ({ anno, mesh, want }) => {
      expect(isMergeEnabled(mesh ?? {}, texts(anno))).toBe(want);
    },
  );

  it.each(rows<{ proxy: Plain; expect: string }>('CleanProxyConfig'))(
    'leave defaults out of ProxyConfig: %j',
    ({ proxy, expect: wanted }) => {
      expect(JSON.stringify(withoutDefaults(descriptors.mesh, proxy))).toBe(wanted);
    },
  );

  it.each(
    rows<{
      annotations: Texts;
      labels: Texts;
      namespace: string;
      containers: readonly unknown[] | null;
      mc: Plain;
      want: string;
    }>('OtelResourceAttributes'),
  )('make resource attributes: %j', (row) => {
    const mesh = protoMessage(descriptors.mesh, 'istio.mesh.v1alpha1.MeshConfig', row.mc);
    const map = (value: unknown) => new Map(Object.entries(texts(value)));
    const containers = (row.containers ?? []).map((container) =>
      goStruct(descriptors.structs, 'core/v1.Container', container),
    );
    const { annotations, labels, namespace, want } = row;
    expect(otelResourceAttributes(mesh, map(annotations), map(labels), namespace, containers)).toBe(want);
  });

  it.each(rows<{ status: string; want: Plain }>('ParseStatus'))('read the status of an injection: %j', (row) => {
    const { status, want } = row;
    const read = previousInjection(podOf({ metadata: { annotations: { [STATUS]: status } } }));
    const names = (list: unknown) => ((list ?? []) as readonly { name: string }[]).map(({ name }) => name);
    expect(read?.containers).toEqual(names(want['containers']));
    expect(read?.initContainers).toEqual(names(want['initContainers']));
  });

  it.each(rows<{ in: unknown; want: unknown }>('OmitNil'))('omit nil: %j', (row) => {
    expect(toPlain(omitNil(fromPlain(row.in)))).toEqual(row.want);
  });

  it.each(rows<{ annotations: Texts; wantErr: boolean }>('ValidateAnnotations'))(
    'refuse annotations: %j',
    ({ annotations, wantErr }) => {
      expect(refusedAnnotations(texts(annotations)).length > 0).toBe(wantErr);
    },
  );

  it.each(rows<{ value: string; wantErr: boolean }>('ValidateResourceQuantity'))(
    'refuse quantities: %j',
    ({ value, wantErr }) => {
      expect(refusedAnnotations({ 'sidecar.istio.io/proxyCPU': value }).length > 0).toBe(wantErr);
    },
  );

  it.each(rows<{ in: string; want: string }>('AppendMultusNetwork'))('append networks: %j', (row) => {
    expect(appendMultusNetwork(row.in, 'istio-cni')).toBe(row.want);
  });
});
