import { describe, expect, it } from 'vitest';
import type { Check } from '../../src/analysis/check.ts';
import { annotations } from '../../src/analysis/checks/annotations/annotations.ts';
import { authorizationReferences } from '../../src/analysis/checks/authorization/references.ts';
import { deprecation } from '../../src/analysis/checks/deprecation/deprecation.ts';
import { imageAuto } from '../../src/analysis/checks/injection/image-auto.ts';
import { gatewaySelector } from '../../src/analysis/checks/kubernetes-gateway/selector.ts';
import { portName } from '../../src/analysis/checks/service/port-name.ts';
import { telemetrySelector } from '../../src/analysis/checks/telemetry/selector.ts';
import { webhooks } from '../../src/analysis/checks/webhook/webhook.ts';
import { CHECKS } from '../../src/analysis/checks.ts';
import type { Edit } from '../../src/analysis/finding.ts';
import { loadInput } from '../../src/analysis/input.ts';
import { runChecks } from '../../src/analysis/run.ts';
import { KINDS } from '../../src/model/kinds.ts';

const run = async (text: string, checks: readonly Check[]) => {
  const { input } = await loadInput([{ name: 'a.yaml', text }]);
  return runChecks(checks, input);
};

/** Applies edits that each stand on one line, the last first. */
const apply = (text: string, edits: readonly Edit[]): string => {
  const lines = text.split('\n');
  const lastFirst = [...edits].sort((a, b) => b.span.line - a.span.line || b.span.column - a.span.column);
  for (const { span, text: replacement } of lastFirst) {
    const line = lines[span.line - 1] ?? '';
    lines[span.line - 1] = line.slice(0, span.column - 1) + replacement + line.slice(span.endColumn - 1);
  }
  return lines.join('\n');
};

const delays = (delay: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ratings}
spec:
  hosts: [ratings]
  http:
  - fault: {delay: ${delay}}
    route: [{destination: {host: ratings}}]
`;

describe('the fix of a delay in percent', () => {
  const fixed = async (text: string): Promise<string | undefined> => {
    const [found] = await run(text, [deprecation]);
    return found?.fix === undefined ? undefined : apply(text, found.fix.edits);
  };

  it('writes percentage, and leaves nothing to be found', async () => {
    const text = await fixed(delays('{percent: 10, fixedDelay: 2s}'));
    expect(text).toBe(delays('{percentage: { value: 10 }, fixedDelay: 2s}'));
    expect(await run(text ?? '', [deprecation])).toEqual([]);
  });

  it('stays JSON in JSON', async () => {
    expect(await fixed(delays('{"percent":10,"fixedDelay":"2s"}'))).toBe(
      delays('{"percentage":{ "value": 10 },"fixedDelay":"2s"}'),
    );
  });

  it('is not offered where the value has a name, is merged in, or percentage is there too', async () => {
    expect(await fixed(delays('{percent: &p 10, fixedDelay: 2s}'))).toBeUndefined();
    expect(await fixed(delays('{percent: 10, percentage: {value: 5}, fixedDelay: 2s}'))).toBeUndefined();
    const merged = delays('&d {percent: 10, fixedDelay: 2s}').replace('  - fault', '  - &r\n    fault');
    expect(await fixed(`${merged}  - fault: {delay: {<<: *d}}\n    route: [{destination: {host: ratings}}]\n`)).toBe(
      `${merged.replace('percent: 10', 'percentage: { value: 10 }')}  - fault: {delay: {<<: *d}}\n    route: [{destination: {host: ratings}}]\n`,
    );
  });
});

const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front}
spec:
  gatewayClassName: istio
  infrastructure: {annotations: {networking.istio.io/no-such: x}}
  listeners: [{name: web, port: 80, protocol: example.com/other}]
`;

describe('what controllers would add', () => {
  it('is never reported, for nobody wrote it', async () => {
    expect(await run(gateway, [annotations, portName, imageAuto])).toEqual([]);
  });

  it('counts as a workload that policies can select', async () => {
    const policy = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p}
spec: {selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: front}}}
`;
    const both = `${gateway}---\n${policy}`;
    expect(await run(both, [authorizationReferences])).toEqual([]);
    expect((await run(both, [gatewaySelector])).map(({ code }) => code)).toEqual(['IST0166']);
    const waypoint = both.replace('gatewayClassName: istio', 'gatewayClassName: istio-waypoint');
    expect(await run(waypoint, [authorizationReferences])).toEqual([]);
  });
});

describe('namespaces of an AuthorizationPolicy', () => {
  const callers = (namespace: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: istio-system}
spec: {rules: [{from: [{source: {namespaces: [${namespace}]}}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: storefront}
spec: {ports: [{name: http, port: 80}]}
`;

  it('exist when any object is in them', async () => {
    expect(await run(callers('storefront'), [authorizationReferences])).toEqual([]);
  });

  it('that are misspelt are told with the one that was meant', async () => {
    const [found] = await run(callers('storefornt'), [authorizationReferences]);
    expect(found).toMatchObject({ code: 'IST0101', hint: 'write "storefront"', span: { line: 4 } });
  });
});

describe('a Telemetry conflict', () => {
  it('is told once for each workload, whatever its replicas', async () => {
    const telemetry = (name: string): string =>
      `---\napiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {name: ${name}}\nspec: {selector: {matchLabels: {app: web}}}\n`;
    const text = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: x}]}
${telemetry('one')}${telemetry('two')}`;
    const found = await run(text, [telemetrySelector]);
    expect(found.map(({ origin }) => origin)).toEqual(['Telemetry default/one', 'Telemetry default/two']);
    expect(found[0]?.labels.map(({ text: words }) => words)).toEqual([
      'Telemetry default/two',
      'selected: Deployment web',
    ]);
  });
});

describe('webhooks', () => {
  const webhook = (name: string, selector: string): string =>
    `- {name: ${name}.istio.io, admissionReviewVersions: [v1], sideEffects: None, clientConfig: {url: "https://a/"}, namespaceSelector: ${selector}}\n`;
  const configuration = (...hooks: readonly string[]): string =>
    `apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: injector}\nwebhooks:\n${hooks.join('')}`;
  const enabled = '{matchLabels: {istio-injection: enabled}}';

  it('that overlap in many ways are one finding for each set of rivals', async () => {
    const found = await run(configuration(webhook('a', enabled), webhook('b', '{}')), [webhooks]);
    expect(found.map(({ message }) => message)).toEqual([
      'webhook overlaps with injector/a.istio.io: pods may be injected twice',
      'webhook overlaps with injector/b.istio.io: pods may be injected twice',
    ]);
  });

  it('of a thousand revisions are compared in time', { timeout: 10_000 }, async () => {
    const many = Array.from({ length: 1000 }, (_, at) => webhook(`w${at}`, `{matchLabels: {istio.io/rev: r${at}}}`));
    expect(await run(configuration(...many), [webhooks])).toEqual([]);
  });
});

describe('every check', () => {
  it('says something sensible or nothing of objects that are all but empty', async () => {
    const bare = KINDS.flatMap(({ group, versions, kind }) =>
      ['', 'spec: {}', 'spec: {selector: {}}', 'status: {conditions: [x], parents: 1}'].map(
        (rest, at) =>
          `apiVersion: ${group === '' ? '' : `${group}/`}${versions[0]}\nkind: ${kind}\nmetadata: {name: x${at}}\n${rest}\n`,
      ),
    );
    const found = await run(bare.join('---\n'), CHECKS);
    for (const { message } of found) expect(message).not.toMatch(/undefined|NaN|\[object/);
  });
});
