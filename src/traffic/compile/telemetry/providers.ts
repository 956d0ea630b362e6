/** Names of extension providers, and what the Telemetries of a proxy say level by level. */
import type { Mesh } from '../../../model/mesh.ts';
import type { TelemetryTracingMatch } from '../../../model/schema/generated/types-istio.ts';
import type { ExtensionProvider } from '../../../model/schema/generated/types-mesh.ts';

export type Side = 'source' | 'destination';

/** A gateway, like a client's sidecar, is a client. */
const MODE_OF = { source: 'CLIENT', destination: 'SERVER' } as const;

export const matchesSide = (match: TelemetryTracingMatch | undefined, side: Side): boolean => {
  const mode = match?.mode ?? 'CLIENT_AND_SERVER';
  return mode === 'CLIENT_AND_SERVER' || mode === MODE_OF[side];
};

export const namesOf = (providers: readonly { readonly name: string }[] | undefined): readonly string[] =>
  (providers ?? []).map(({ name }) => name);

/** Names of providers are not case-sensitive. */
export const findProvider = (mesh: Mesh, name: string): ExtensionProvider | undefined =>
  mesh.config.extensionProviders.find((provider) => provider.name?.toLowerCase() === name.toLowerCase());
