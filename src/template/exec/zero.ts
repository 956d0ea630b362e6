import { type GoType, isIntKind } from '../type.ts';
import { GoComplex, GoInt, GoMap, GoPointer, GoScalar, GoSlice, GoStruct, type GoValue } from '../value.ts';

/** The zero value of a type: null for interfaces and, as they have no nil of their own here, functions. */
export const zeroOf = (type: GoType): GoValue => {
  const { kind, elem } = type;
  if (isIntKind(kind)) return new GoInt(type, 0n);
  switch (kind) {
    case 'bool':
      return type.name === 'bool' ? false : new GoScalar(type, false);
    case 'string':
      return type.name === 'string' ? '' : new GoScalar(type, '');
    case 'float64':
    case 'float32':
      return type.name === 'float64' ? 0 : new GoScalar(type, 0);
    case 'complex64':
    case 'complex128':
      return new GoComplex(type, 0, 0);
    case 'map':
      return new GoMap(type, undefined);
    case 'slice':
    case 'array':
      return new GoSlice(type, undefined);
    case 'pointer':
      return new GoPointer(type, undefined);
    case 'struct':
      return new GoStruct(type, (name) => zeroOfField(type, name));
    default:
      return elem === undefined ? null : zeroOf(elem);
  }
};

const zeroOfField = (type: GoType, name: string): GoValue => {
  const field = type.fields?.find((one) => one.name === name);
  return field === undefined ? null : zeroOf(field.type);
};

/** Whether nil can be assigned to the type. */
export const canBeNil = ({ kind }: GoType): boolean =>
  kind === 'interface' || kind === 'map' || kind === 'slice' || kind === 'pointer' || kind === 'func';

/** Go's rule for assignment: the same type, an interface, or the same structure where one of the two has no name. */
export const isAssignable = (from: GoType, to: GoType): boolean => {
  if (from === to || to.kind === 'interface') return true;
  if (from.underlying !== undefined && to.underlying !== undefined) return false;
  return (from.underlying ?? from) === (to.underlying ?? to);
};
