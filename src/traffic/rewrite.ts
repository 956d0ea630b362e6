import type { Rewrite } from './tables.ts';

/** The path and query to forward. `path` is normalized and matched the route; the query is never rewritten. */
export const rewritePath = (rewrite: Rewrite, path: string): string => {
  const rule = rewrite.path;
  if (rule === undefined) return path;
  const mark = path.indexOf('?');
  const bare = mark < 0 ? path : path.slice(0, mark);
  const query = mark < 0 ? '' : path.slice(mark);
  switch (rule.kind) {
    case 'replace':
      return rule.value + query;
    case 'replace-prefix':
      return rule.value + bare.slice(rule.prefix.length) + query;
    case 'regex':
      return rule.replace(bare) + query;
  }
};
