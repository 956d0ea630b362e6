import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/envoy/canonical-json.ts';

describe('canonicalJson', () => {
  it('renames fields at every depth, and keeps the types of Anys', () => {
    expect(canonicalJson([{ '@type': 'a', virtual_hosts: [{ retry_policy: { num_retries: 2 } }] }])).toEqual([
      { '@type': 'a', virtualHosts: [{ retryPolicy: { numRetries: 2 } }] },
    ]);
    expect(canonicalJson({ http2_protocol_options: {} })).toEqual({ http2ProtocolOptions: {} });
  });

  it('keeps the keys of Structs', () => {
    const struct = { a_b: { c_d: 1 } };
    expect(canonicalJson({ metadata: { filter_metadata: struct }, node: { metadata: struct } })).toEqual({
      metadata: { filterMetadata: struct },
      node: { metadata: struct },
    });
    expect(canonicalJson({ principal: { metadata: { value: { string_match: { exact: 'a' } } } } })).toEqual({
      principal: { metadata: { value: { stringMatch: { exact: 'a' } } } },
    });
    const type = 'type.googleapis.com/xds.type.v3.TypedStruct';
    expect(canonicalJson({ '@type': type, type_url: 'u', value: struct })).toEqual({
      '@type': type,
      typeUrl: 'u',
      value: struct,
    });
  });

  it('keeps the keys of maps, and renames the fields of their values', () => {
    expect(
      canonicalJson({ providers: { my_provider: { local_jwks: {} } }, rules: { policies: { 'ns[a]-p[x_y]': {} } } }),
    ).toEqual({ providers: { my_provider: { localJwks: {} } }, rules: { policies: { 'ns[a]-p[x_y]': {} } } });
  });
});
