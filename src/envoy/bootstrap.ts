import { at, isObject, type JsonObject, numberAt, textAt } from './json.ts';

const BUILD_DETAILS = [
  ['build.label', '-'],
  ['revision.status', '/'],
  ['build.type', '/'],
  ['ssl.version', '/'],
] as const;

const envoyVersion = (build: unknown): string => {
  const number = (part: string): number => numberAt(build, 'version', part);
  const metadata = at(build, 'metadata');
  const details = BUILD_DETAILS.map(([key, mark]) =>
    isObject(metadata) && key in metadata ? mark + textAt(metadata, key) : '',
  );
  return `${number('major_number')}.${number('minor_number')}.${number('patch')}${details.join('')}`;
};

/** Who speaks Envoy's language here: Envoy, unless it says otherwise. */
const agentOf = (node: unknown): string => {
  const agent = textAt(node, 'user_agent_name');
  return agent === '' || agent === 'envoy' ? 'Envoy' : agent;
};

/** The versions in a BootstrapConfigDump by their labels; those it does not name are left out. */
export const versionsOf = (section: JsonObject): readonly (readonly [label: string, version: string])[] => {
  const node = at(section, 'bootstrap', 'node');
  const sha = textAt(node, 'metadata', 'ISTIO_PROXY_SHA');
  const rows: readonly (readonly [string, string])[] = [
    ['Istio Version:', textAt(node, 'metadata', 'ISTIO_VERSION')],
    ['Istio Proxy Version:', sha.split(':')[1] ?? sha],
    [`${agentOf(node)} Version:`, envoyVersion(at(node, 'user_agent_build_version'))],
  ];
  return rows.filter(([, version]) => version !== '');
};
