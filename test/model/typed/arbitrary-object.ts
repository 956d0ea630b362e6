import fc from 'fast-check';
import type { GoStructs } from '../../../src/model/typed/descriptor.ts';
import { type GoType, jsonFields, parseGoType } from '../../../src/model/typed/go-type.ts';

const TEXT = fc.constantFrom('', 'a', 'b', 'on', '2', 'A b', 'x<y>&"z');
const NUMBER = fc.constantFrom(0, 1, 8080, -1, 2147483647);
const QUANTITY = fc.constantFrom('0', '100m', '2000m', '1024Mi', '1Gi', '0.5', '1.5Gi', '1e3', 0.5, 2, '1500k');
const ODD = fc.constantFrom<unknown>(null, 'x', 1.5, true, [], {}, 3_000_000_000, [1], { a: 1 });
const CUSTOM: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'api/resource.Quantity': QUANTITY,
  'meta/v1.Time': fc.constantFrom('2024-01-02T03:04:05Z', '2024-01-02T03:04:05.6+02:00'),
  'util/intstr.IntOrString': fc.constantFrom<unknown>('25%', 'http', 80, 0),
};

/** Sparse objects of a Go type; loose ones now and then hold a value of another type, null, or a key in another case. */
export const arbitraryOf = (structs: GoStructs, type: string, manner: 'strict' | 'loose'): fc.Arbitrary<unknown> =>
  arbitraryValue(structs, parseGoType(structs, type), manner, 7);

const arbitraryValue = (
  structs: GoStructs,
  type: GoType,
  manner: 'strict' | 'loose',
  depth: number,
): fc.Arbitrary<unknown> => {
  const value = fittingOf(structs, type, manner, depth);
  return manner === 'loose' && depth < 6
    ? fc.oneof({ weight: 60, arbitrary: value }, { weight: 1, arbitrary: ODD })
    : value;
};

const fittingOf = (
  structs: GoStructs,
  type: GoType,
  manner: 'strict' | 'loose',
  depth: number,
): fc.Arbitrary<unknown> => {
  const below = (of: GoType): fc.Arbitrary<unknown> => arbitraryValue(structs, of, manner, depth - 1);
  switch (type.kind) {
    case 'pointer':
      return below(type.of);
    case 'list':
      return depth <= 0 ? fc.constant([]) : listOf(type.of.kind === 'string', below(type.of));
    case 'map':
      return fc.dictionary(fc.constantFrom('a', 'b', 'c'), below(type.of), { maxKeys: 2, noNullPrototype: true });
    case 'bool':
      return fc.boolean();
    case 'string':
      return TEXT;
    case 'custom':
      return CUSTOM[type.name] ?? fc.constantFrom<unknown>({ a: [1] }, { b: null });
    case 'struct':
      return depth <= 0 ? fc.constant({}) : structOf(structs, type.name, manner, depth);
    default:
      return NUMBER;
  }
};

/** Texts do not repeat: of repeated ones Go's strategic merge makes what the capacity of its slices happens to be. */
const listOf = (isText: boolean, item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  isText ? fc.uniqueArray(item, { maxLength: 3 }) : fc.array(item, { maxLength: 3 });

const structOf = (
  structs: GoStructs,
  name: string,
  manner: 'strict' | 'loose',
  depth: number,
): fc.Arbitrary<unknown> => {
  const fields = jsonFields(structs, name);
  const chosen = fc.uniqueArray(fc.nat(fields.length - 1), { maxLength: Math.min(5, fields.length) });
  return chosen.chain((indexes) =>
    fc
      .tuple(
        ...indexes.map((index) => {
          const found = fields[index];
          if (found === undefined) throw new Error('no field');
          const key = found.field.json;
          const keys =
            manner === 'loose'
              ? fc.oneof(
                  { weight: 30, arbitrary: fc.constant(key) },
                  { weight: 1, arbitrary: fc.constant(key.toUpperCase()) },
                )
              : fc.constant(key);
          return fc.tuple(keys, arbitraryValue(structs, found.type, manner, depth - 1));
        }),
      )
      .map((entries) => Object.fromEntries(entries)),
  );
};
