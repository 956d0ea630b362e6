import type { Resource } from '../../../model/resource.ts';
import type { EnvoyFilter } from '../../../model/schema/generated/types-istio.ts';
import { isObject } from '../../../model/value.ts';
import { spanOf } from '../../../yaml/located.ts';
import { defineCheck, finding, type Place } from '../../check.ts';

type Patch = NonNullable<NonNullable<EnvoyFilter['spec']>['configPatches']>[number];
type OperationCode = 'IST0151' | 'IST0152' | 'IST0153' | 'IST0154' | 'IST0155';

const REPLACEABLE = new Set(['NETWORK_FILTER', 'HTTP_FILTER', 'VIRTUAL_HOST']);
const WITHOUT_LIST = new Set(['ROUTE_CONFIGURATION', 'HTTP_ROUTE']);

/** The filter a patch brings along or stands at; empty where it names none. */
const filterName = ({ patch, match }: Patch): string => {
  const value: unknown = patch?.value;
  if (!isObject(value) || Object.keys(value).length === 0) return '';
  const name = value['name'];
  return typeof name === 'string' ? name : (match?.listener?.filterChain?.filter?.name ?? '');
};

/** What is wrong with a patch's operation; `versioned` are names of filters that earlier patches tie to a version. */
const judge = (patch: Patch, priority: number, versioned: ReadonlySet<string>): OperationCode | undefined => {
  const applyTo = patch.applyTo ?? '';
  const operation = patch.patch?.operation;
  if (operation === 'ADD') return WITHOUT_LIST.has(applyTo) ? 'IST0153' : undefined;
  if (operation === 'REMOVE' && WITHOUT_LIST.has(applyTo)) return 'IST0154';
  if (operation === 'REPLACE' && !REPLACEABLE.has(applyTo)) return 'IST0152';
  const isRelative = ['REMOVE', 'REPLACE', 'INSERT_BEFORE', 'INSERT_AFTER'].includes(operation ?? '');
  if (!isRelative || priority !== 0) return undefined;
  return versioned.has(filterName(patch)) ? 'IST0155' : 'IST0151';
};

const EFFECT: Readonly<Record<OperationCode, string>> = {
  IST0151: 'which filter runs first may change when another EnvoyFilter is created',
  IST0152: 'the patch changes nothing',
  IST0153: 'the patch changes nothing',
  IST0154: 'the patch changes nothing',
  IST0155: 'after an upgrade of proxies the patches may apply in another order',
};

/** Like Istio, one finding per code and object; the patches are listed. */
const placeOf = (code: OperationCode, at: readonly Patch[]): Place => ({
  labels: at.flatMap(({ patch }) => {
    const place = patch === undefined ? undefined : spanOf(patch, 'operation');
    return place === undefined ? [] : [{ span: place, text: 'this operation' }];
  }),
  effect: EFFECT[code],
  ...((code === 'IST0151' || code === 'IST0155') && { hint: 'set spec.priority' }),
});

/** Istio's `envoyfilter.EnvoyPatchAnalyzer`. */
export const envoyPatchOperations = defineCheck({
  name: 'envoyfilter.EnvoyPatchAnalyzer',
  summary: 'Patches of EnvoyFilters whose operation does nothing, or whose place depends on other filters.',
  emits: ['IST0151', 'IST0152', 'IST0153', 'IST0154', 'IST0155'],
  *run({ mesh }) {
    const versioned = new Set<string>();
    for (const filter of mesh.of('EnvoyFilter')) yield* findingsOf(filter, versioned);
  },
});

const findingsOf = function* (filter: Resource<EnvoyFilter>, versioned: Set<string>) {
  const { configPatches = [], priority = 0 } = filter.object.spec ?? {};
  const found = new Map<OperationCode, number[]>();
  for (const [index, patch] of configPatches.entries()) {
    if (patch.patch === undefined) break;
    const code = judge(patch, priority, versioned);
    if (code !== undefined) found.set(code, [...(found.get(code) ?? []), index]);
    if ((patch.match?.proxy?.proxyVersion ?? '') !== '') versioned.add(filterName(patch));
  }
  for (const [code, indexes] of found) {
    const at = configPatches.filter((_, index) => indexes.includes(index));
    yield finding(code, filter, { patch: indexes.join(', ') }, placeOf(code, at));
  }
};
