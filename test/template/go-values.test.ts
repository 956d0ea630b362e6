import { describe, expect, it } from 'vitest';
import { FunctionError, functionTable, variadic } from '../../src/template/functions.ts';
import { createTemplates, parseTemplate, render } from '../../src/template/template.ts';
import { ANY, type GoMethod, type GoType, INT, INT32, pointerTo, STRING } from '../../src/template/type.ts';
import { anyMap, GoFunc, GoInt, GoPointer, GoScalar, GoStruct, type GoValue, int } from '../../src/template/value.ts';

const method = (params: readonly GoType[], call: GoMethod['call']): GoMethod => ({ params, variadic: false, call });

const MODE: GoType<GoInt> = {
  kind: 'int32',
  name: 'v1.Mode',
  methods: new Map([['String', method([], (mode) => (mode instanceof GoInt && mode.value === 1n ? 'STRICT' : 'OFF'))]]),
};
const PROTOCOL: GoType<GoScalar> = { kind: 'string', name: 'v1.Protocol' };
const META: GoType<GoStruct> = {
  kind: 'struct',
  name: 'v1.Meta',
  fields: [{ name: 'Name', type: STRING }],
  methods: new Map([['Hello', method([STRING], (_meta, [to]) => `hello ${String(to)}`)]]),
};
const POD: GoType<GoStruct> = {
  kind: 'struct',
  name: 'v1.Pod',
  fields: [
    { name: 'Meta', type: META, embedded: true },
    { name: 'Mode', type: MODE },
    { name: 'Protocol', type: PROTOCOL },
    { name: 'Port', type: INT32 },
    { name: 'Next', type: ANY },
    { name: 'hidden', type: STRING },
  ],
  methodsOfPointer: new Map([
    ['IsNil', method([], (pod) => pod instanceof GoPointer && pod.target === undefined)],
    [
      'Fail',
      method([], () => {
        throw new FunctionError('no luck');
      }),
    ],
  ]),
};

const meta = new GoStruct(META, () => 'web');
const FIELDS: Readonly<Record<string, GoValue>> = {
  Meta: meta,
  Mode: new GoInt(MODE, 1n),
  Protocol: new GoScalar(PROTOCOL, 'TCP'),
  Port: new GoInt(INT32, 80n),
  hidden: 'secret',
};
const pod = new GoStruct(POD, (name) => FIELDS[name] ?? null);

const counting = new GoFunc(
  {
    kind: 'func',
    name: 'iter.Seq[int]',
    signature: {
      params: [{ kind: 'func', name: 'func(int) bool', signature: { params: [INT], variadic: false } }],
      variadic: false,
    },
  },
  ([receive]) => {
    for (let count = 1; count <= 3; count++) {
      if (receive instanceof GoFunc) receive.call([int(count)]);
    }
    return null;
  },
);

const data = anyMap(
  new Map<string, GoValue>([
    ['pod', pod],
    ['pointer', new GoPointer(pointerTo(POD), pod)],
    ['nil', new GoPointer(pointerTo(POD), undefined)],
    ['seq', counting],
  ]),
);
const functions = functionTable([variadic('list', [], STRING, (texts) => texts.join('+'))]);

const answer = (text: string): string => {
  const templates = createTemplates('t', { functions });
  const refusal = parseTemplate(templates, 't', text);
  if (refusal !== undefined) return refusal;
  const rendering = render(templates, 't', data);
  return 'error' in rendering ? rendering.error : rendering.output;
};

const failing = (at: string, column: number, message: string): string =>
  `template: t:1:${column}: executing "t" at <${at}>: ${message}`;

// The answers are those of Go 1.26 for a program with the same types.
describe('values that are no JSON', () => {
  it.each([
    ['{{.pod.Name}} {{.pod.Meta.Name}} {{.pointer.Name}}', 'web web web'],
    ['{{.pod.Mode}} {{printf "%d %v %s" .pod.Mode .pod.Mode .pod.Mode}}', 'STRICT 1 STRICT STRICT'],
    [
      '{{.pod.Protocol}} {{printf "%T %q" .pod.Protocol .pod.Protocol}} {{eq .pod.Protocol "TCP"}}',
      'TCP v1.Protocol "TCP" true',
    ],
    ['{{eq .pod.Port 80}} {{gt .pod.Port 79}}', 'true true'],
    ['{{.pod.Hello "you"}} {{"you" | .pod.Hello}} {{.pod.Meta.Hello "x"}}', 'hello you hello you hello x'],
    ['{{.pointer.IsNil}} {{.nil.IsNil}}', 'false true'],
    ['{{range .seq}}{{.}},{{end}}', '1,2,3,'],
    ['{{if .nil}}set{{else}}nil{{end}} {{if .pod}}set{{end}}', 'nil set'],
    ['{{with .pod.Meta}}{{printf "%v %+v" . .}}{{end}}', '{web} {Name:web}'],
  ])('%s', (template, output) => expect(answer(template)).toBe(output));

  it.each([
    ['{{.pod.None}}', failing('.pod.None', 6, "can't evaluate field None in type interface {}")],
    ['{{.pod.hidden}}', failing('.pod.hidden', 6, 'hidden is an unexported field of struct type interface {}')],
    ['{{.nil.Name}}', failing('.nil.Name', 6, 'nil pointer evaluating interface {}.Name')],
    ['{{.pod.Port 1}}', failing('.pod.Port', 6, 'Port has arguments but cannot be invoked as function')],
    ['{{.pod.Hello}}', failing('.pod.Hello', 6, 'wrong number of args for Hello: want 1 got 0')],
    ['{{.pointer.Fail}}', failing('.pointer.Fail', 10, 'error calling Fail: no luck')],
    ['{{list .pod.Protocol}}', failing('.pod.Protocol', 11, 'wrong type for value; expected string; got v1.Protocol')],
  ])('%s is refused', (template, error) => expect(answer(template)).toBe(error));
});
