import type { Api } from './api.ts';

interface Resources {
  readonly groupVersion: string;
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly verbs: readonly string[];
  }[];
}

interface Groups {
  readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
}

/** An object of any kind, as far as everything has it. */
export interface Listed {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly unknown[];
    readonly deletionTimestamp?: string;
  };
}

/** Every object of every kind that has the labels, whoever wrote it. */
export const listEverything = async (api: Api, labels: string): Promise<readonly Listed[]> => {
  const { groups } = await api.get<Groups>('/apis');
  const paths = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const query = `labelSelector=${encodeURIComponent(labels)}`;
  const listed: Listed[] = [];
  for (const path of paths) {
    const { status, body } = await api.call('GET', path);
    // A group whose last definition was just removed is still named.
    if (status === 404) continue;
    for (const { name, kind, verbs } of (body as Resources).resources) {
      if (!verbs.includes('list') || name.includes('/')) continue;
      const { items } = await api.get<{ readonly items: readonly Omit<Listed, 'kind'>[] }>(`${path}/${name}?${query}`);
      listed.push(...items.map((item) => ({ ...item, kind })));
    }
  }
  return listed;
};

/** What a controller made of another object, not whoever installed that one. */
const DERIVED = new Set(['ControllerRevision', 'Endpoints', 'EndpointSlice', 'Pod', 'ReplicaSet']);

/** `Kind namespace name component revision` of each object of an installation that nobody removed, sorted. */
export const installedObjects = async (
  api: Api,
  labels = 'operator.istio.io/component',
): Promise<readonly string[]> => {
  const listed = await listEverything(api, labels);
  return listed
    .filter(({ kind, metadata }) => !DERIVED.has(kind) && metadata.deletionTimestamp === undefined)
    .map(({ kind, metadata: { name, namespace, labels = {} } }) => {
      const component = labels['operator.istio.io/component'] ?? '';
      return `${kind} ${namespace ?? '<none>'} ${name} ${component} ${labels['istio.io/rev'] ?? ''}`;
    })
    .toSorted();
};

/** The same objects as a transcript of real istioctl's installation lists them. */
export const recordedObjects = (transcript: string): readonly string[] =>
  transcript
    .split('\n--- ')[0]
    ?.split('\n')
    .filter((line) => /^[A-Z]\w+ +\S+ +\S+ +\S+ +\S+$/.test(line))
    .map((line) => line.replace(/ +/g, ' '))
    .filter((line) => !DERIVED.has(line.split(' ')[0] ?? ''))
    .toSorted() ?? [];
