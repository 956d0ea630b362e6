import type { AccessRecord } from '../../../src/telemetry/access-record.ts';
import type { ProxyTelemetry } from '../../../src/traffic/telemetry/proxy-telemetry.ts';
import { sampleRecord } from '../../telemetry/sample-record.ts';
import { type CompiledText, compileText } from '../compile-text.ts';

const pod = (name: string): string => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: shop
  labels: {app: ${name}, sidecar.istio.io/inject: "true"}
spec: {containers: [{name: app, image: app}]}
---`;

/** Two pods with sidecars, `web` and `db` of namespace shop, under a mesh configuration and some Telemetries. */
export const compileTelemetry = (meshConfig: string, telemetries: string): Promise<CompiledText> =>
  compileText(`${pod('web')}${pod('db')}
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
${meshConfig.replace(/^/gm, '    ')}
---
${telemetries}`);

/** A Telemetry of a namespace with a spec in flow style. */
export const telemetry = (namespace: string, name: string, spec: string): string => `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: "${name}", namespace: "${namespace}"}
spec: ${spec}
---`;

export const telemetryOf = ({ proxies }: CompiledText, name: string): ProxyTelemetry => {
  const found = proxies.get(`shop/${name}`)?.telemetry;
  if (found === undefined) throw new Error(`no proxy ${name}`);
  return found;
};

/** What a proxy writes about a request, by log; the provider of the mesh configuration's own log is `(mesh)`. */
export const loggedBy = (of: ProxyTelemetry, record: Partial<AccessRecord> = {}): Readonly<Record<string, string>> => {
  const whole = { ...sampleRecord, ...record };
  const logs = of[whole.reporter].logs.filter(({ accepts }) => accepts(whole));
  return Object.fromEntries(logs.map(({ provider, print }) => [provider || '(mesh)', print(whole)]));
};
