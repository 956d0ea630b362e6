import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, isObject, listAt, textAt } from '../../src/envoy/json.ts';

const sectionOf = (dump: object, name: string): unknown =>
  listAt(dump, 'configs').find((section) => textAt(section, '@type').endsWith(`.${name}`));

const untyped = (value: unknown): object => {
  const { '@type': _, ...fields } = isObject(value) ? value : {};
  return fields;
};

/** Puts the route configurations that listeners name in place of their names. */
const inlined = (value: unknown, tables: ReadonlyMap<string, object>): unknown => {
  if (Array.isArray(value)) return value.map((item) => inlined(item, tables));
  if (!isObject(value)) return value;
  const { rds, ...rest } = value;
  const fields = Object.fromEntries(Object.entries(rest).map(([name, item]) => [name, inlined(item, tables)]));
  return rds === undefined ? fields : { ...fields, route_config: tables.get(textAt(rds, 'route_config_name')) };
};

const XDS = {
  name: 'xds-grpc',
  type: 'STATIC',
  load_assignment: { cluster_name: 'xds-grpc' },
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
};

/** A bootstrap that has a config dump's clusters, listeners and routes from the start. */
const bootstrapOf = (dump: object): object => {
  const routes = listAt(sectionOf(dump, 'RoutesConfigDump'), 'dynamic_route_configs').map((item) => {
    const table = untyped(at(item, 'route_config'));
    return [textAt(table, 'name'), table] as const;
  });
  const listeners = listAt(sectionOf(dump, 'ListenersConfigDump'), 'dynamic_listeners').map((item) =>
    inlined(untyped(at(item, 'active_state', 'listener')), new Map(routes)),
  );
  const clusters = listAt(sectionOf(dump, 'ClustersConfigDump'), 'dynamic_active_clusters').map((item) =>
    untyped(at(item, 'cluster')),
  );
  const ads = {
    api_type: 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: XDS.name } }],
  };
  return {
    node: { id: 'sidecar~10.0.0.1~a.b~b.svc.cluster.local', cluster: 'a' },
    dynamic_resources: { ads_config: ads },
    static_resources: { listeners, clusters: [...clusters, XDS] },
  };
};

/** What a real Envoy says against a config dump's clusters, listeners and routes; empty where it accepts them. */
export const envoyRefusal = (binary: string, dump: object): string => {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-envoy-'));
  try {
    const file = join(directory, 'bootstrap.json');
    writeFileSync(file, JSON.stringify(bootstrapOf(dump)));
    const { status, stdout, stderr } = spawnSync(binary, ['--mode', 'validate', '-c', file, '-l', 'critical'], {
      encoding: 'utf8',
    });
    return status === 0 ? '' : `${stdout}${stderr}`;
  } finally {
    rmSync(directory, { recursive: true });
  }
};
