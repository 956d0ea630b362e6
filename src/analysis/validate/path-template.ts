const LITERAL = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/;

/**
 * Why a path of an AuthorizationPolicy is refused for its templates, as the end of a sentence: `{*}` stands for one
 * segment, `{**}` for any number of them and only once, and beside them segments are literal.
 */
export const refusePathTemplate = (path: string): string | undefined => {
  const hasTemplate = path.includes('{*}') || path.includes('{**}');
  let isOver = false;
  for (const segment of path.replace(/^\/+/, '').replace(/\/+$/, '').split('/')) {
    if (segment === '{*}' || segment === '{**}') {
      if (isOver) return `path "${path}" has an operator behind {**}`;
      isOver = segment === '{**}';
    } else if (/[{}]/.test(segment)) {
      return `path "${path}" has a brace that belongs to no {*} or {**} of a whole segment`;
    } else if (hasTemplate && !LITERAL.test(segment)) {
      return `path "${path}" has segment "${segment}", which is not literal`;
    }
  }
  return undefined;
};
