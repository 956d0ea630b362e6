import fc from 'fast-check';
import type { ProtoField, ProtoSet } from '../../../src/model/typed/descriptor.ts';

const ODD = fc.constantFrom<unknown>(null, 'x', '5', 1.5, 7, true, [], {}, -1, [null], { a: 'b' });
const ANY = fc.constantFrom<unknown>('a', 1.5, true, ['x', null, { b: 1 }], { a: { b: null } });
const OWN_FORM: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'google.protobuf.Duration': fc.constantFrom('0s', '10s', '1m30s', '1.5s', '20ms', '-1s', '1.000001s'),
  'google.protobuf.BoolValue': fc.boolean(),
  'google.protobuf.StringValue': fc.constantFrom('', 'a'),
  'google.protobuf.Int32Value': fc.constantFrom<unknown>(0, 5, '6'),
  'google.protobuf.UInt32Value': fc.constantFrom(0, 5),
  'google.protobuf.Int64Value': fc.constantFrom<unknown>(0, 5, '12345678901'),
  'google.protobuf.DoubleValue': fc.constantFrom(0, 0.5),
  'google.protobuf.Struct': fc.constantFrom({}, { b: [1, null], a: { c: 'x' } }),
  'google.protobuf.ListValue': fc.constantFrom([], [1, { a: null }]),
  'google.protobuf.Value': ANY,
  'istio.operator.v1alpha1.IntOrString': fc.constantFrom<unknown>('25%', 1, 0, ''),
};

/** Sparse JSON of a message, now and then with a value of another type, an unknown key or a snake-case key. */
export const arbitraryMessage = (set: ProtoSet, message: string, depth = 5): fc.Arbitrary<unknown> => {
  const own = OWN_FORM[message];
  if (own !== undefined) return own;
  const fields = set.messages[message] ?? [];
  if (fields.length === 0 || depth <= 0) return fc.constant({});
  const chosen = fc.uniqueArray(fc.nat(fields.length - 1), { maxLength: Math.min(4, fields.length) });
  return chosen.chain((indexes) =>
    fc
      .tuple(...indexes.map((index) => arbitraryEntry(set, fields[index], depth)))
      .map((entries) => Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)))),
  );
};

const arbitraryEntry = (
  set: ProtoSet,
  field: ProtoField | undefined,
  depth: number,
): fc.Arbitrary<[string, unknown]> => {
  if (field === undefined) throw new Error('no field');
  const keys = fc.oneof(
    { weight: 20, arbitrary: fc.constant(field.json) },
    { weight: 5, arbitrary: fc.constant(field.name) },
    { weight: 1, arbitrary: fc.constant(`${field.json}X`) },
  );
  const fitting = arbitraryField(set, field, depth);
  return fc.tuple(keys, fc.oneof({ weight: 40, arbitrary: fitting }, { weight: 1, arbitrary: ODD }));
};

const arbitraryField = (set: ProtoSet, field: ProtoField, depth: number): fc.Arbitrary<unknown> => {
  const single = arbitrarySingle(set, field, depth - 1);
  if (field.map === true)
    return fc.dictionary(fc.constantFrom('a', 'b<'), single, { maxKeys: 2, noNullPrototype: true });
  return field.repeated === true ? fc.array(single, { maxLength: 2 }) : single;
};

const arbitrarySingle = (set: ProtoSet, { kind, type = '' }: ProtoField, depth: number): fc.Arbitrary<unknown> => {
  switch (kind) {
    case 'message':
      return arbitraryMessage(set, type, depth);
    case 'enum': {
      const names = set.enums[type] ?? {};
      return fc.constantFrom<unknown>(...Object.keys(names), ...Object.values(names), 99);
    }
    case 'bool':
      return fc.boolean();
    case 'string':
      return fc.constantFrom('', 'a', 'x&y');
    case 'double':
      return fc.constantFrom<unknown>(0, 0.5, 100, '1.5', 'NaN');
    default:
      return fc.constantFrom<unknown>(0, 1, 15020, '7');
  }
};
