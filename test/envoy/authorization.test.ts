import { describe, expect, it } from 'vitest';
import { enforcedPolicies } from '../../src/envoy/authorization.ts';
import { runCli } from '../support/cli.ts';

const rbac = (config: object) => ({ name: 'envoy.filters.http.rbac', typed_config: config });
const policies = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]));

const listener = (http: readonly object[], tcp: readonly object[] = []) => ({
  filter_chains: [
    {
      filters: [
        ...tcp.map((config) => ({ name: 'envoy.filters.network.rbac', typed_config: config })),
        { name: 'envoy.filters.network.http_connection_manager', typed_config: { http_filters: http } },
      ],
    },
  ],
});

describe('the policies a proxy enforces', () => {
  it('are those of all filter chains, each once, with the number of their rules', () => {
    const allow = { rules: { policies: policies('ns[shop]-policy[get]-rule[0]', 'ns[shop]-policy[get]-rule[1]') } };
    const deny = { rules: { action: 'DENY', policies: policies('ns[istio-system]-policy[no.admin]-rule[0]') } };
    expect(enforcedPolicies([listener([rbac(allow), rbac(deny)], [allow]), listener([rbac(allow)])])).toEqual([
      { action: 'DENY', policy: 'no.admin.istio-system', rules: 1, isDryRun: false },
      { action: 'ALLOW', policy: 'get.shop', rules: 2, isDryRun: false },
    ]);
  });

  it('show a filter that no request passes', () => {
    expect(enforcedPolicies([listener([], [{ rules: {} }])])).toEqual([
      { action: 'ALLOW', policy: '_anonymous_match_nothing_', rules: 1, isDryRun: false },
    ]);
  });

  it('tell shadow rules of an external authorizer from those of a dry run', () => {
    const shadow = (name: string, action: string) => rbac({ shadow_rules: { action, policies: policies(name) } });
    const custom = shadow('istio-ext-authz-oidc-ns[a]-policy[p]-rule[0]', 'DENY');
    expect(enforcedPolicies([listener([custom, shadow('ns[a]-policy[trial]-rule[0]', 'DENY')])])).toEqual([
      { action: 'DENY', policy: 'trial.a', rules: 1, isDryRun: true },
      { action: 'CUSTOM', policy: 'p.a', rules: 1, isDryRun: false },
    ]);
  });

  const dumpOf = (...listeners: readonly object[]): string =>
    JSON.stringify({
      configs: [
        {
          '@type': 'type.googleapis.com/envoy.admin.v3.ListenersConfigDump',
          dynamic_listeners: listeners.map((each) => ({ active_state: { listener: each } })),
        },
      ],
    });

  it('are printed as istioctl has them, from a dump', async () => {
    const allow = rbac({ rules: { policies: policies('ns[shop]-policy[get]-rule[0]') } });
    const stdin = dumpOf(listener([allow]));
    expect((await runCli(['x', 'authz', 'check', '-f', '-'], { stdin })).stdout).toBe(
      'ACTION   AuthorizationPolicy   RULES\nALLOW    get.shop              1\n',
    );
    expect(JSON.parse((await runCli(['authz', 'check', '-f', '-', '-o', 'json'], { stdin })).stdout)).toMatchObject({
      kind: 'AuthorizationCheck',
      items: [{ action: 'ALLOW', policy: 'get.shop', rules: 1, dryRun: false }],
    });
  });

  it('are none where there is no filter', async () => {
    const { code, stdout } = await runCli(['authz', 'check', '-f', '-'], { stdin: dumpOf(listener([])) });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('no AuthorizationPolicy') });
  });
});
