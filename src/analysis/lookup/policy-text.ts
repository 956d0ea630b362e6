/** A value of an AuthorizationPolicy as Istio reads it: a star counts at one end alone, the beginning's before the end's. */
interface TextPattern {
  readonly kind: 'any' | 'exact' | 'prefix' | 'suffix';
  readonly text: string;
}

const patternOf = (value: string): TextPattern => {
  if (value === '*') return { kind: 'any', text: '' };
  if (value.startsWith('*')) return { kind: 'suffix', text: value.slice(1) };
  if (value.endsWith('*')) return { kind: 'prefix', text: value.slice(0, -1) };
  return { kind: 'exact', text: value };
};

/** Whether all that `value` matches is matched by `pattern` as well; both are exact texts or have a star at one end. */
export const coversText = (pattern: string, value: string): boolean => {
  if (pattern === value) return true;
  const outer = patternOf(pattern);
  const inner = patternOf(value);
  if (outer.kind === 'any') return true;
  if (outer.kind === 'prefix')
    return inner.kind !== 'suffix' && inner.kind !== 'any' && inner.text.startsWith(outer.text);
  if (outer.kind === 'suffix')
    return inner.kind !== 'prefix' && inner.kind !== 'any' && inner.text.endsWith(outer.text);
  return false;
};
