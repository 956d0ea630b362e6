import { describe, expect, it } from 'vitest';
import { mintRoot } from '../../src/ca/mint.ts';
import { readLevels } from '../../src/cli/proxy-config/log-levels.ts';
import { createWorkspace } from '../support/workspace.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const rootOf = (trustDomain: string) =>
  mintRoot(trustDomain, { notBeforeMs: NOW_MS - 2 * DAY_MS, notAfterMs: NOW_MS + DAY_MS });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const any = (type: string, fields: object) => ({ '@type': `type.googleapis.com/envoy.admin.v3.${type}`, ...fields });
const dumpOf = (type: string, fields: object): string => JSON.stringify({ configs: [any(type, fields)] });
const trusting = (...pems: readonly string[]): string =>
  dumpOf('SecretsConfigDump', {
    dynamic_active_secrets: [
      { name: 'ROOTCA', secret: { validation_context: { trusted_ca: { inline_bytes: base64(pems.join('')) } } } },
    ],
  });

describe('proxy-config rootca-compare', () => {
  it('finds a common root among several, and says when there is none', async () => {
    const [one, other] = [(await rootOf('one')).certificatePem, (await rootOf('other')).certificatePem];
    const { run } = createWorkspace({
      'a.json': trusting(one),
      'b.json': trusting(other, one),
      'c.json': trusting(other),
    });
    const same = await run('pc rc -f a.json -f b.json');
    expect(same.code).toBe(0);
    expect(same.stdout).toContain('a.json and b.json trust a common root');
    const different = await run('pc rc -f a.json -f c.json -o json');
    expect(different.code).toBe(1);
    expect(JSON.parse(different.stdout)).toMatchObject({ kind: 'RootComparison', common: [], proxies: [{}, {}] });
  });

  it('says which dump has no root', async () => {
    const { run } = createWorkspace({ 'a.json': dumpOf('SecretsConfigDump', {}) });
    const { code, stderr } = await run('pc rc -f a.json -f a.json');
    expect(code).toBe(65);
    expect(stderr).toContain('the secret ROOTCA of a.json holds no certificate');
  });
});

describe('proxy-config secret', () => {
  it('has a column of trust domains where every secret has one, and a row for each bundle', async () => {
    const pem = (await rootOf('here')).certificatePem;
    const validator = {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig',
      trust_domains: [
        { name: 'here', trust_bundle: { inline_bytes: base64(pem) } },
        { name: 'there', trust_bundle: { inline_bytes: base64(pem) } },
      ],
    };
    const secret = { name: 'ROOTCA', validation_context: { custom_validator_config: { typed_config: validator } } };
    const { run } = createWorkspace({
      'a.json': dumpOf('SecretsConfigDump', { dynamic_warming_secrets: [{ name: 'ROOTCA', secret }] }),
    });
    const rows = (await run('pc s -f a.json')).stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(rows[0]?.at(-1)).toBe('TRUST DOMAIN');
    expect(rows.slice(1).map((row) => [row[0], row[1], row[2], row[3], row.at(-1)])).toEqual([
      ['ROOTCA', 'CA', 'WARMING', 'true', 'here'],
      ['ROOTCA', 'CA', 'WARMING', 'true', 'there'],
    ]);
  });

  it('says that a proxy has none', async () => {
    const { run } = createWorkspace({ 'a.json': dumpOf('SecretsConfigDump', {}) });
    expect((await run('pc s -f a.json')).stdout).toBe('No active or warming secrets found.\n');
  });
});

describe('proxy-config route', () => {
  it('shortens domains, and hides routes that pass through', async () => {
    const host = (name: string, domains: readonly string[], routes: readonly object[]) => ({ name, domains, routes });
    const route_config = {
      name: '80',
      virtual_hosts: [
        host(
          'long',
          ['a.b.svc.cluster.local', 'a.b.svc', 'a.b', 'a', 'a:80', '10.0.0.1'],
          [{ match: { prefix: '/' } }],
        ),
        host('six', ['[fd00:10:96::7fc7]', '[fd00:10:96::7fc7]:80'], [{ match: { path_separated_prefix: '/p' } }]),
        host('pass', ['*'], [{ match: { prefix: '/' }, route: { cluster: 'PassthroughCluster' } }]),
        host('none', ['x'], []),
        host(
          'regex',
          ['y'],
          [
            {
              match: { safe_regex: { regex: '/a.*' } },
              metadata: { filter_metadata: { istio: { config: '/other' } } },
            },
          ],
        ),
      ],
    };
    const { run } = createWorkspace({
      'a.json': dumpOf('RoutesConfigDump', { static_route_configs: [{ route_config }] }),
    });
    const rows = (await run('pc r -f a.json')).stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd().split(/ {2,}/));
    expect(rows.slice(1)).toEqual([
      ['80', 'long', 'a.b, a + 1 more...', '/*'],
      ['80', 'six', '[fd00:10:96::7fc7]', 'PathPrefix:/p'],
      ['80', 'none', 'x', '/*', '404'],
      ['80', 'regex', 'y', 'regex /a.*', '<unknown>'],
    ]);
  });
});

describe('proxy-config ecds', () => {
  it('lists the extensions of every section by type and name', async () => {
    const section = (name: string) =>
      any('EcdsConfigDump', {
        ecds_filters: [{ ecds_filter: { name, typed_config: { '@type': 'type.googleapis.com/a.Wasm' } } }],
      });
    const { run } = createWorkspace({ 'a.json': JSON.stringify({ configs: [section('two'), section('one')] }) });
    expect((await run('pc ec -f a.json')).stdout).toBe(
      'ECDS NAME     TYPE\none           a.Wasm\ntwo           a.Wasm\n',
    );
  });
});

describe('proxy-config log', () => {
  it('reads levels of loggers, and of all', () => {
    expect([...readLevels('http:debug,a::redis=warn,off')]).toEqual([
      ['http', 'debug'],
      ['redis', 'warning'],
      ['level', 'off'],
    ]);
    expect(() => readLevels('http:loud')).toThrow('no log level');
  });
});
