import type { Resource } from '../../model/resource.ts';
import type {
  StringMatch,
  VirtualService,
  VirtualServiceHttp,
  VirtualServiceHttpMatch,
} from '../../model/schema/generated/types-istio.ts';

export interface DelegatedRule {
  readonly rule: VirtualServiceHttp;
  /** The delegate's own rule, for positions. */
  readonly written: VirtualServiceHttp;
}

/**
 * The rules of a delegate under its root's rule: matches are intersected and those that exclude each other vanish; what
 * the delegate sets replaces the root's field whole, the rest is inherited.
 */
export const delegatedRules = (
  root: VirtualServiceHttp,
  delegate: Resource<VirtualService>,
): readonly DelegatedRule[] => {
  const { delegate: _delegate, match: _match, ...inherited } = root;
  return (delegate.object.spec?.http ?? []).flatMap((written) => {
    const match = intersectMatches(root.match ?? [], written.match ?? []);
    if (match === undefined) return [];
    const name = [root.name, written.name].filter((part) => part !== undefined && part !== '').join('-');
    return [{ rule: { ...inherited, ...written, match, name }, written }];
  });
};

/** Undefined when nothing can satisfy both. */
const intersectMatches = (
  roots: readonly VirtualServiceHttpMatch[],
  leaves: readonly VirtualServiceHttpMatch[],
): readonly VirtualServiceHttpMatch[] | undefined => {
  if (roots.length === 0) return leaves;
  if (leaves.length === 0) return roots;
  const merged = roots.flatMap((root) =>
    leaves.filter((leaf) => !conflicts(root, leaf)).map((leaf) => mergeMatch(root, leaf)),
  );
  return merged.length === 0 ? undefined : merged;
};

const mergeMatch = (root: VirtualServiceHttpMatch, leaf: VirtualServiceHttpMatch): VirtualServiceHttpMatch => {
  const name = [root.name, leaf.name].filter((part) => part !== undefined && part !== '').join('-');
  const merged = { ...root, ...leaf, ...(name === '' ? {} : { name }) };
  for (const field of ['headers', 'withoutHeaders', 'queryParams', 'sourceLabels'] as const) {
    if (root[field] !== undefined && leaf[field] !== undefined) {
      Object.assign(merged, { [field]: { ...root[field], ...leaf[field] } });
    }
  }
  return merged;
};

const conflicts = (root: VirtualServiceHttpMatch, leaf: VirtualServiceHttpMatch): boolean => {
  for (const field of ['uri', 'scheme', 'method', 'authority'] as const) {
    if (excludes(root[field], leaf[field])) return true;
  }
  for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    for (const [name, match] of Object.entries(leaf[field] ?? {})) {
      if (excludes(root[field]?.[name], match)) return true;
    }
  }
  for (const [name, value] of Object.entries(leaf.sourceLabels ?? {})) {
    const own = root.sourceLabels?.[name];
    if (own !== undefined && own !== value) return true;
  }
  if (root.ignoreUriCase !== leaf.ignoreUriCase && root.uri !== undefined && leaf.uri !== undefined) return true;
  return differs(root.port, leaf.port) || differs(root.sourceNamespace, leaf.sourceNamespace);
};

const differs = (root: number | string | undefined, leaf: number | string | undefined): boolean =>
  root !== undefined && leaf !== undefined && root !== leaf;

/** Istio compares patterns only by text: a regex on either side of another condition always excludes. */
const excludes = (root: StringMatch | undefined, leaf: StringMatch | undefined): boolean => {
  if (root === undefined || leaf === undefined) return false;
  if (root.regex !== undefined || leaf.regex !== undefined) return true;
  if (root.exact !== undefined) return leaf.exact !== root.exact;
  if (root.prefix === undefined) return false;
  const narrower = leaf.prefix ?? leaf.exact;
  return narrower !== undefined && !narrower.startsWith(root.prefix);
};
