/**
 * A mapping of the input: every own key is one the user wrote, and nothing is inherited, so `labels['toString']` is
 * undefined and `__proto__` is an ordinary key. A class rather than Object.create(null) because V8 keeps the objects
 * of a constructor in fast mode. It cannot be converted to text with `String()`.
 */
export interface Plain {
  [key: string]: unknown;
}

class PlainObject {}
Object.setPrototypeOf(PlainObject.prototype, null);
Reflect.deleteProperty(PlainObject.prototype, 'constructor');

/** An empty mapping without inherited keys. */
export const createPlain = (): Plain => new PlainObject() as Plain;
