import { beforeAll, describe, expect, it } from 'vitest';
import { protoMessage } from '../../src/inject/proto-message.ts';
import type { MeshProto } from '../../src/model/typed/descriptor.ts';
import { loadMeshProto } from '../../src/model/typed/load.ts';
import { defaultProxyConfig, PROXY_CONFIG } from '../../src/model/typed/proxy-config.ts';
import { GoInt, GoPointer, type GoValue } from '../../src/template/value.ts';
import { valueAt } from './value-at.ts';

let mesh: MeshProto;
beforeAll(async () => {
  mesh = await loadMeshProto();
});

const get = (value: GoValue, method: string): GoValue => {
  if (!(value instanceof GoPointer)) throw new Error('no pointer');
  const found = value.type.elem?.methodsOfPointer?.get(method);
  if (found === undefined) throw new Error(`no method ${method}`);
  return found.call(value, []);
};

describe('a message in a template', () => {
  const config = (): GoValue =>
    protoMessage(mesh, PROXY_CONFIG, { ...defaultProxyConfig(mesh), interceptionMode: 'TPROXY', concurrency: 2 });

  it('has Go’s field names, enums that print their names, and wrappers', () => {
    expect(valueAt(config(), 'StatusPort')).toMatchObject({ value: 15020n });
    const mode = valueAt(config(), 'InterceptionMode');
    expect(mode instanceof GoInt && mode.type.methods?.get('String')?.call(mode, [])).toBe('TPROXY');
    expect(get(valueAt(config(), 'Concurrency'), 'GetValue')).toMatchObject({ value: 2n });
    expect(get(valueAt(config(), 'DrainDuration'), 'GetSeconds')).toMatchObject({ value: 45n });
  });

  it('has getters that may be called on nil', () => {
    const tls = get(get(config(), 'GetTracing'), 'GetTlsSettings');
    expect(tls).toMatchObject({ target: undefined, type: { name: '*v1alpha3.ClientTLSSettings' } });
    expect(get(tls, 'GetCaCertificates')).toBe('');
    expect(get(valueAt(config(), 'HoldApplicationUntilProxyStarts'), 'GetValue')).toBe(false);
  });

  it('shows a oneof as the field that is set, and by its getters', () => {
    expect(valueAt(config(), 'ClusterName', 'ServiceCluster')).toBe('istio-proxy');
    expect(get(config(), 'GetServiceCluster')).toBe('istio-proxy');
    expect(get(config(), 'GetTracingServiceName')).toMatchObject({ value: 0n });
  });
});
