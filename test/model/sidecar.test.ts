import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Selector } from '../../src/model/selector.ts';
import { decideInjection, isInjectionRequired, namespaceInjection } from '../../src/model/sidecar.ts';

const decide = (
  namespaceLabels: Record<string, string>,
  labels: Record<string, string> = {},
  more: { annotations?: Record<string, string>; hostNetwork?: boolean; namespace?: string } = {},
) =>
  decideInjection({
    namespace: more.namespace ?? 'shop',
    namespaceLabels,
    labels,
    annotations: more.annotations ?? {},
    hostNetwork: more.hostNetwork ?? false,
  });

const ENABLED = { 'istio-injection': 'enabled' };

test.each([
  [{}, {}, false, 'neither namespace label istio-injection=enabled nor pod label sidecar.istio.io/inject=true'],
  [ENABLED, {}, true, 'namespace label istio-injection=enabled'],
  [ENABLED, { 'sidecar.istio.io/inject': 'false' }, false, 'pod label sidecar.istio.io/inject=false'],
  [{}, { 'sidecar.istio.io/inject': 'true' }, true, 'pod label sidecar.istio.io/inject=true'],
  [
    { 'istio-injection': 'disabled' },
    { 'sidecar.istio.io/inject': 'true' },
    false,
    'namespace label istio-injection=disabled',
  ],
  [{ 'istio-injection': 'true' }, {}, false, 'namespace label istio-injection=true is neither enabled nor disabled'],
  [{ 'istio.io/rev': 'canary' }, {}, true, 'namespace label istio.io/rev=canary'],
  [{ ...ENABLED, 'istio.io/rev': 'canary' }, {}, true, 'namespace label istio-injection=enabled'],
  [{}, { 'istio.io/rev': 'canary' }, true, 'pod label istio.io/rev=canary'],
  [
    { 'istio.io/dataplane-mode': 'ambient' },
    {},
    false,
    'neither namespace label istio-injection=enabled nor pod label sidecar.istio.io/inject=true',
  ],
])('namespace %j and pod %j: %s, %s', (namespaceLabels, labels, injected, reason) => {
  expect(decide(namespaceLabels, labels)).toEqual({ injected, reason });
});

test('the annotation counts only where the label says nothing', () => {
  const annotations = { 'sidecar.istio.io/inject': 'false' };
  expect(decide(ENABLED, {}, { annotations })).toEqual({
    injected: false,
    reason: 'pod annotation sidecar.istio.io/inject=false',
  });
  expect(decide(ENABLED, { 'sidecar.istio.io/inject': 'true' }, { annotations }).injected).toBe(true);
  // No webhook selects by annotation.
  expect(decide({}, {}, { annotations: { 'sidecar.istio.io/inject': 'true' } }).injected).toBe(false);
});

test('pods on the host network and in system namespaces are never injected', () => {
  expect(decide(ENABLED, {}, { hostNetwork: true })).toEqual({ injected: false, reason: 'host network' });
  expect(decide(ENABLED, {}, { namespace: 'kube-system' }).injected).toBe(false);
});

test('a namespace is told apart from its pods', () => {
  expect(namespaceInjection(ENABLED)).toEqual({ injected: true, reason: 'namespace label istio-injection=enabled' });
  expect(namespaceInjection({}).injected).toBe(false);
});

const UNIT = new URL('../../../shared/corpus/inject/unit/unit-TestInjectRequired.jsonl', import.meta.url);

interface Row {
  readonly config: {
    readonly policy: 'enabled' | 'disabled';
    readonly neverInjectSelector: readonly Selector[] | null;
    readonly alwaysInjectSelector: readonly Selector[] | null;
  };
  readonly meta: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly podSpec: { readonly hostNetwork?: boolean };
  readonly want: boolean;
}

describe.skipIf(!existsSync(UNIT))('the recorded decisions of the injector', () => {
  const rows = existsSync(UNIT)
    ? readFileSync(UNIT, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Row)
    : [];

  test.each(rows.map((row, index) => [index, row.meta.name, row] as const))('%i %s', (_index, _name, row) => {
    const { config, meta, podSpec, want } = row;
    const candidate = {
      namespace: meta.namespace,
      namespaceLabels: {},
      labels: meta.labels ?? {},
      annotations: meta.annotations ?? {},
      hostNetwork: podSpec.hostNetwork === true,
    };
    const policy = {
      policy: config.policy,
      neverInjectSelector: config.neverInjectSelector ?? [],
      alwaysInjectSelector: config.alwaysInjectSelector ?? [],
    };
    expect(isInjectionRequired(candidate, policy)).toBe(want);
  });
});
