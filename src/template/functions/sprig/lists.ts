import { compareStrings } from '../../bytes.ts';
import { FunctionError, fixed, type TemplateFunction, variadic } from '../../functions.ts';
import { ANY, INT } from '../../type.ts';
import { GoPointer, GoSlice, type GoValue } from '../../value.ts';
import { toInt64 } from './cast.ts';
import { deepEqual } from './deep-equal.ts';
import { isEmpty } from './empty.ts';
import { goList, goLists, goStrings } from './make.ts';
import { kindName } from './reflection.ts';
import { stringOf, stringsOf } from './text.ts';

/** What Go says where the type of nil is asked for. */
const NIL_POINTER = 'runtime error: invalid memory address or nil pointer dereference';

/** The elements of a slice or array; `refusal` begins the error for other kinds. */
const elements = (value: GoValue, refusal: string): readonly GoValue[] => {
  if (value === null) throw new FunctionError(NIL_POINTER);
  if (!(value instanceof GoSlice)) throw new FunctionError(`${refusal} ${kindName(value)}`);
  return value.items ?? [];
};

/** What a function of one list makes of its elements, the plain name and the `must` one. */
const both = (name: string, work: (list: GoValue) => GoValue): readonly TemplateFunction[] =>
  [name, `must${name[0]?.toUpperCase()}${name.slice(1)}`].map((one) => fixed(one, [ANY], work));

const includes = (items: readonly GoValue[], needle: GoValue): boolean => items.some((item) => deepEqual(needle, item));

const unique = (items: readonly GoValue[]): readonly GoValue[] => {
  const kept: GoValue[] = [];
  for (const item of items) if (!includes(kept, item)) kept.push(item);
  return kept;
};

/** Texts in the order of Go's strings, which is that of their bytes. */
export const sortTexts = (texts: Iterable<string>): readonly string[] => Array.from(texts).sort(compareStrings);

const sortAlpha = (list: GoValue): GoValue => {
  const target = list instanceof GoPointer && list.target !== undefined ? list.target : list;
  if (!(target instanceof GoSlice)) return goStrings([stringOf(list)]);
  return goStrings(sortTexts(list === target ? stringsOf(list) : [stringOf(list)]));
};

const chunk = (size: number, list: GoValue): GoSlice => {
  const items = elements(list, 'Cannot chunk type');
  const count = Math.floor((items.length - 1) / size) + 1;
  if (!Number.isFinite(count) || count < 0 || (count > 0 && size < 0)) {
    throw new FunctionError('runtime error: makeslice: len out of range');
  }
  return goLists(Array.from({ length: count }, (_, at) => goList(items.slice(at * size, (at + 1) * size))));
};

const slice = (list: GoValue, indices: readonly GoValue[]): GoValue => {
  const items = elements(list, 'list should be type of slice or array but');
  if (items.length === 0 || !(list instanceof GoSlice)) return null;
  const [start = null, end] = indices;
  const from = Number(toInt64(start));
  const to = end === undefined ? items.length : Number(toInt64(end));
  if (from < 0 || to < from || to > items.length) {
    throw new FunctionError('reflect.Value.Slice: slice index out of bounds');
  }
  return new GoSlice(list.type, items.slice(from, to));
};

const has = (needle: GoValue, haystack: GoValue): boolean =>
  haystack !== null && includes(elements(haystack, 'Cannot find has on type'), needle);

const concat = (lists: readonly GoValue[]): GoValue => {
  const items = lists.flatMap((list) => {
    if (list === null || list instanceof GoSlice) return elements(list, '');
    throw new FunctionError(`Cannot concat type ${kindName(list)} as list`);
  });
  return goList(items.length === 0 ? undefined : items);
};

const named = (names: readonly string[], make: (name: string) => TemplateFunction): readonly TemplateFunction[] =>
  names.map(make);

const withoutLast = (items: readonly GoValue[]): GoValue => goList(items.length === 0 ? undefined : items.slice(0, -1));
const withoutFirst = (items: readonly GoValue[]): GoValue => goList(items.length === 0 ? undefined : items.slice(1));

/** sprig's functions on lists: none changes the list it is given. */
export const listFunctions: readonly TemplateFunction[] = [
  ...named(['list', 'tuple'], (name) => variadic(name, [], ANY, goList)),
  ...named(['append', 'push', 'mustAppend', 'mustPush'], (name) =>
    fixed(name, [ANY, ANY], (list, item, runtime) => {
      const items = elements(list, 'Cannot push on type');
      runtime.spend(items.length);
      return goList([...items, item]);
    }),
  ),
  ...named(['prepend', 'mustPrepend'], (name) =>
    fixed(name, [ANY, ANY], (list, item, runtime) => {
      const items = elements(list, 'Cannot prepend on type');
      runtime.spend(items.length);
      return goList([item, ...items]);
    }),
  ),
  ...both('first', (list) => elements(list, 'Cannot find first on type')[0] ?? null),
  ...both('last', (list) => elements(list, 'Cannot find last on type').at(-1) ?? null),
  ...both('rest', (list) => withoutFirst(elements(list, 'Cannot find rest on type'))),
  ...both('initial', (list) => withoutLast(elements(list, 'Cannot find initial on type'))),
  ...both('reverse', (list) => goList(elements(list, 'Cannot find reverse on type').toReversed())),
  ...both('compact', (list) => goList(elements(list, 'Cannot compact on type').filter((item) => !isEmpty(item)))),
  ...both('uniq', (list) => goList(unique(elements(list, 'Cannot find uniq on type')))),
  ...named(['without', 'mustWithout'], (name) =>
    variadic(name, [ANY], ANY, (list, omitted) =>
      goList(elements(list, 'Cannot find without on type').filter((item) => !includes(omitted, item))),
    ),
  ),
  ...named(['has', 'mustHas'], (name) => fixed(name, [ANY, ANY], has)),
  ...named(['slice', 'mustSlice'], (name) => variadic(name, [ANY], ANY, slice)),
  ...named(['chunk', 'mustChunk'], (name) => fixed(name, [INT, ANY], (size, list) => chunk(Number(size.value), list))),
  variadic('concat', [], ANY, concat),
  fixed('sortAlpha', [ANY], sortAlpha),
];
