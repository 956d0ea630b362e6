const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * The object that a JSON text is; undefined for any other text, and for an object that says the same key twice, of which
 * two readers could take different values.
 */
export const parseJsonObject = (text: string): Readonly<Record<string, unknown>> | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || repeatsKey(text)) return undefined;
  return value as Readonly<Record<string, unknown>>;
};

/** The text is valid JSON. */
const repeatsKey = (text: string): boolean => {
  const open: Set<unknown>[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const key: unknown = JSON.parse(last);
      const keys = open.at(-1);
      if (keys?.has(key) === true) return true;
      keys?.add(key);
    }
    last = token;
  }
  return false;
};
