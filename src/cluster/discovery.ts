import type { CallLimits, Kind, ServedKind } from './cluster.ts';
import { versionPath } from './paths.ts';
import { type Connection, find, send } from './request.ts';

/** Which kinds the API server serves, asked as they are needed. */
export interface Discovery {
  served(kind: Kind, limits?: CallLimits): Promise<ServedKind | undefined>;
  apiVersions(limits?: CallLimits): Promise<readonly string[]>;
}

/** The parts of `v1.APIResourceList`, `v1.APIVersions` and `v1.APIGroupList` that are read here. */
interface ResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}
interface VersionList {
  readonly versions?: readonly string[];
}
interface GroupList {
  readonly groups?: readonly { readonly versions?: readonly { readonly groupVersion: string }[] }[];
}

/** Asks each group and version once; what was not served may be later, so that is asked again. */
export const createDiscovery = (connection: Connection): Discovery => {
  const known = new Map<string, ReadonlyMap<string, ServedKind>>();

  const kindsOf = async (apiVersion: string, limits?: CallLimits): Promise<ReadonlyMap<string, ServedKind>> => {
    const call = { method: 'GET', action: `look up what ${apiVersion} serves`, path: versionPath(apiVersion) } as const;
    const list = (await find(connection, call, limits)) as ResourceList | undefined;
    const kinds = new Map<string, ServedKind>();
    // A name with a slash is a subresource: `pods/log`.
    for (const { name, kind, namespaced } of list?.resources ?? [])
      if (!name.includes('/') && !kinds.has(kind))
        kinds.set(kind, { apiVersion, kind, resource: name, isNamespaced: namespaced });
    known.set(apiVersion, kinds);
    return kinds;
  };

  return {
    served: async ({ apiVersion, kind }, limits) =>
      known.get(apiVersion)?.get(kind) ?? (await kindsOf(apiVersion, limits)).get(kind),
    apiVersions: async (limits) => {
      const action = 'look up which APIs there are';
      const [core, groups] = await Promise.all([
        send(connection, { method: 'GET', action, path: '/api' }, limits) as Promise<VersionList>,
        send(connection, { method: 'GET', action, path: '/apis' }, limits) as Promise<GroupList>,
      ]);
      const inGroups = (groups.groups ?? []).flatMap(({ versions = [] }) =>
        versions.map(({ groupVersion }) => groupVersion),
      );
      return [...(core.versions ?? []), ...inGroups];
    },
  };
};
