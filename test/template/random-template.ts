import { VOCABULARIES, type Vocabulary } from './vocabulary.ts';

/** A template with data to execute it on; the same seed makes the same case. */
export interface TemplateCase {
  readonly template: string;
  readonly data: unknown;
  readonly missingKey: 'default' | 'zero' | 'error';
}

interface Random {
  /** An integer below the bound. */
  readonly below: (bound: number) => number;
  readonly pick: <T>(choices: readonly T[]) => T;
  readonly chance: (percent: number) => boolean;
}

/** Marsaglia's xorshift, enough to draw cases that can be drawn again. */
const createRandom = (seed: number): Random => {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x85ebca6b) | 1;
  const below = (bound: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  return {
    below,
    pick: (choices) => {
      const choice = choices[below(choices.length)];
      if (choice === undefined) throw new Error('nothing to choose from');
      return choice;
    },
    chance: (percent) => below(100) < percent,
  };
};

/** Draws cases by the grammar of templates; a few are damaged afterwards, so that the parser's refusals are met too. */
export const randomCase = (seed: number, functions: 'core' | 'sprig'): TemplateCase => {
  const random = createRandom(seed);
  const words = VOCABULARIES[functions];
  const scope: Scope = { random, words, variables: ['$'], inRange: false, called: false, budget: 24 };
  const template = defines(random, words) + list(scope, random.below(4));
  return {
    template: random.chance(12) ? damage(random, template) : template,
    data: dataOf(random),
    missingKey: random.chance(10) ? 'error' : random.pick(['default', 'zero']),
  };
};

interface Scope {
  readonly random: Random;
  readonly words: Vocabulary;
  readonly variables: string[];
  readonly inRange: boolean;
  /** Whether this is the body of a template that others call. */
  readonly called: boolean;
  /** How many more expressions the template may have. */
  budget: number;
}

const STRINGS = [
  '',
  'a',
  'b',
  'hello',
  'héllo ☃',
  '<b>&"\'',
  'x\ny\t',
  '1',
  '-5',
  'x=y',
  '😀z',
  'a b',
  '%d',
  '\u0000\u007f',
] as const;
const NUMBERS = [0, 1, 2, -1, 3.5, 1e21, 1e-7, 123456789, 12345678.9, -0.5, 15020, 4294967296, 1e20, 0.1] as const;

const dataOf = (random: Random): unknown => ({
  a: value(random, 2),
  b: value(random, 2),
  n: null,
  s: random.pick(STRINGS),
  i: random.pick(NUMBERS),
  t: random.chance(50),
  l: Array.from({ length: random.below(4) }, () => value(random, 1)),
  m: { a: value(random, 1), b: value(random, 1), c: { a: value(random, 1), d: random.pick(STRINGS) } },
});

const value = (random: Random, depth: number): unknown => {
  switch (random.below(depth > 0 ? 7 : 5)) {
    case 0:
      return null;
    case 1:
      return random.chance(50);
    case 2:
      return random.pick(NUMBERS);
    case 3:
    case 4:
      return random.pick(STRINGS);
    case 5:
      return Array.from({ length: random.below(4) }, () => value(random, depth - 1));
    default:
      return Object.fromEntries(
        ['a', 'B', 'z😀', '10', '9', 'é'].filter(() => random.chance(40)).map((key) => [key, value(random, depth - 1)]),
      );
  }
};

const TEXTS = ['text', ' ', '\n', 'x\n  ', ' y ', '- ', '{', '}', 'ünï', ''] as const;

const defines = (random: Random, words: Vocabulary): string => {
  if (!random.chance(60)) return '';
  const scope: Scope = { random, words, variables: ['$'], inRange: false, called: true, budget: 6 };
  return `{{define "d"}}${list(scope, 1)}{{end}}${random.chance(20) ? '{{define "e"}} {{end}}' : ''}`;
};

const open = (random: Random): string => (random.chance(15) ? '{{- ' : random.pick(['{{', '{{ ']));
const close = (random: Random): string => (random.chance(15) ? ' -}}' : random.pick(['}}', ' }}']));
const tag = (random: Random, inner: string): string => open(random) + inner + close(random);

const list = (scope: Scope, depth: number): string => {
  const known = scope.variables.length;
  let text = '';
  for (let count = scope.random.below(3) + 1; count > 0; count--) text += statement(scope, depth);
  scope.variables.length = known;
  return text;
};

const statement = (scope: Scope, depth: number): string => {
  const { random } = scope;
  switch (random.below(depth > 0 ? 14 : 8)) {
    case 0:
    case 1:
      return random.pick(TEXTS);
    case 2:
      return declaration(scope);
    case 3:
      return random.chance(20) ? comment(random) : action(scope);
    case 8:
    case 9:
      return branch(scope, depth, 'if');
    case 10:
      return branch(scope, depth, 'with');
    case 11:
    case 12:
      return range(scope, depth);
    case 13:
      return call(scope, depth);
    default:
      return action(scope);
  }
};

const comment = (random: Random): string => random.pick(['{{/* c */}}', '{{- /* c\n */ -}}', '{{/* a */ -}}']);

const action = (scope: Scope): string => {
  if (scope.inRange && scope.random.chance(8)) return tag(scope.random, scope.random.pick(['break', 'continue']));
  return tag(scope.random, pipeline(scope));
};

const declaration = (scope: Scope): string => {
  const { random } = scope;
  const name = random.pick(['$x', '$y', '$long_1']);
  const known = scope.variables.includes(name);
  const text = tag(random, `${name} ${known && random.chance(50) ? '=' : ':='} ${pipeline(scope)}`);
  scope.variables.push(name);
  return text;
};

const branch = (scope: Scope, depth: number, kind: 'if' | 'with'): string => {
  const { random } = scope;
  const known = scope.variables.length;
  const head = random.chance(15) ? `$v := ${pipeline(scope)}` : pipeline(scope);
  if (head.startsWith('$v :=')) scope.variables.push('$v');
  let text = tag(random, `${kind} ${head}`) + list(scope, depth - 1);
  if (random.chance(25)) text += tag(random, `else ${kind} ${pipeline(scope)}`) + list(scope, depth - 1);
  if (random.chance(40)) text += tag(random, 'else') + list(scope, depth - 1);
  scope.variables.length = known;
  return text + tag(random, 'end');
};

const range = (scope: Scope, depth: number): string => {
  const { random } = scope;
  const known = scope.variables.length;
  const names = random.pick([[], [], ['$e'], ['$k', '$e']]);
  const target = random.chance(70)
    ? random.pick(['.l', '.m', '.a', '.b', '$.l', '3', '(list 1 "b" nil)', '$'])
    : pipeline(scope);
  const head = names.length === 0 ? target : `${names.join(', ')} := ${target}`;
  scope.variables.push(...names);
  const inner: Scope = { ...scope, inRange: true };
  let text = tag(random, `range ${head}`) + list(inner, depth - 1);
  scope.budget = inner.budget;
  scope.variables.length = known;
  if (random.chance(30)) text += tag(random, 'else') + list(scope, depth - 1);
  return text + tag(random, 'end');
};

const call = (scope: Scope, depth: number): string => {
  const { random } = scope;
  // Templates that others call call none: Go would fill the memory before it gives up.
  if (scope.called) return action(scope);
  if (random.chance(30)) {
    const outer: Scope = { ...scope, variables: ['$'], inRange: false, called: true, budget: 4 };
    return `${tag(random, `block "${random.pick(['p', 'q', 'd'])}" ${pipeline(scope)}`)}${list(outer, depth - 1)}{{end}}`;
  }
  return tag(
    random,
    `template "${random.chance(85) ? 'd' : random.pick(['e', 'none'])}"${random.chance(80) ? ` ${pipeline(scope)}` : ''}`,
  );
};

const pipeline = (scope: Scope): string => {
  const { random } = scope;
  let text = command(scope);
  while (random.chance(18)) text += ` ${random.chance(90) ? '|' : '| '} ${filter(scope)}`;
  return text;
};

const filter = ({ random, words }: Scope): string =>
  random.pick(random.chance(80) ? words.filters : words.pickyFilters);

const command = (scope: Scope): string => {
  const { random } = scope;
  scope.budget--;
  if (scope.budget < 0 || random.chance(45)) return operand(scope);
  return invocation(scope);
};

const operand = (scope: Scope): string => {
  const { random } = scope;
  switch (random.below(14)) {
    case 0:
      return '.';
    case 1:
      return random.pick(scope.variables);
    case 2:
      return `$${path(random)}`;
    case 3:
      return random.pick([
        '1',
        '0',
        '-3',
        '2.5',
        '1e3',
        '0x1F',
        '0b101',
        '0o17',
        '017',
        '1_000',
        "'a'",
        "'\\n'",
        '2i',
        '1.0',
        '1e1',
        '18446744073709551615',
        '0x1p4',
        '.5',
        '-9223372036854775808',
        '300',
        '089',
        '1+2i',
        '1e400',
      ]);
    case 4:
      return random.pick(['true', 'false', 'nil']);
    case 5:
    case 6:
      return random.pick(['"s"', '"a\\tb"', '`raw\\n`', '"\\u00e9\\x41"', '""', '"\\""', '"\\xff"', '"hello"', '"1"']);
    case 7:
      return scope.budget > 0 ? `(${pipeline(scope)})${random.chance(35) ? path(random) : ''}` : '.s';
    default:
      return path(random);
  }
};

const path = (random: Random): string => {
  if (random.chance(25)) return random.pick(['.m.a', '.m.c', '.m.c.a', '.m.c.d', '.m.b']);
  let text = `.${random.chance(95) ? random.pick(['a', 'b', 'n', 's', 'i', 't', 'l', 'm']) : 'missing'}`;
  while (random.chance(6)) text += `.${random.pick(['a', 'b', 'c', 'c', 'd', 'x', 'é'])}`;
  return text;
};

const FORMATS = [
  '%v',
  '%+v',
  '%#v',
  '%T',
  '%d',
  '%s',
  '%q',
  '%x',
  '%X',
  '%o',
  '%O',
  '%b',
  '%c',
  '%U',
  '%e',
  '%E',
  '%f',
  '%F',
  '%g',
  '%G',
  '%t',
  '%%',
  '%z',
  '%!',
  '%é',
  '%w',
] as const;

const format = (random: Random): string => {
  let text = random.pick(['', 'a', 'é ']);
  for (let count = random.below(3) + 1; count > 0; count--) {
    const flags = random.pick(['', '', '', '#', '+', '-', ' ', '0', '+#', '-0', '# ', '+0']);
    const size = random.pick([
      '',
      '',
      '',
      '5',
      '10',
      '.2',
      '.0',
      '8.3',
      '.',
      '*',
      '.*',
      '[2]',
      '[1]',
      '[9]',
      '6.',
      '[3]*.[2]*[1]',
    ]);
    const verb = random.pick(FORMATS);
    text += `%${flags}${size}${verb.slice(1)}${random.pick(['', '|', ' '])}`;
  }
  return random.chance(4) ? `${text}%` : text;
};

const invocation = (scope: Scope): string => {
  const { random } = scope;
  const args = (count: number): string => Array.from({ length: count }, () => ` ${argument(scope)}`).join('');
  if (random.chance(50)) return random.pick(scope.words.suitable);
  switch (random.below(13)) {
    case 0:
    case 1:
      return `${random.pick(['and', 'or'])}${args(random.below(3) + (random.chance(95) ? 1 : 0))}`;
    case 2:
      return `not${args(random.chance(95) ? 1 : 2)}`;
    case 3:
    case 4:
    case 5:
    case 6:
      return `printf ${JSON.stringify(format(random))}${args(random.below(4))}`;
    case 7:
    case 8:
      return `${random.pick(['print', 'println', 'html', 'js', 'urlquery'])}${args(random.below(3))}`;
    case 9:
      return `${random.pick(scope.words.variadic)}${args(random.below(4))}`;
    default:
      return unsuitable(scope, args);
  }
};

const unsuitable = ({ random, words }: Scope, args: (count: number) => string): string => {
  switch (random.below(7)) {
    case 0:
      return `${random.pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])}${args(random.chance(90) ? 2 : 3)}`;
    case 1:
      return `${random.pick(['index', 'len'])}${args(random.below(3) + 1)}`;
    case 2:
      return `slice "hello" ${random.pick(['0', '1', '3 1', '9', '(len .s)', '.i', '$', '-1', '1 2 3', '5', '2.0'])}`;
    case 3:
      return `slice (list 1 2 3) ${random.pick(['0', '1', '1 3', '3', '4', '0 1 2', 'nil'])}`;
    case 4:
      return random.pick(words.failing);
    default:
      return `${random.pick(words.unary)}${args(1)}`;
  }
};

const argument = (scope: Scope): string => (scope.random.chance(20) ? `(${pipeline(scope)})` : operand(scope));

const damage = (random: Random, text: string): string => {
  const at = random.below(text.length + 1);
  const inserted = random.pick([
    '',
    '{{',
    '}}',
    '"',
    '(',
    ')',
    '|',
    '$',
    '.',
    '=',
    ',',
    '{{end}}',
    '{{else}}',
    '`',
    '\n',
    '@',
    '/*',
    '-',
    'é',
    ':=',
    "'",
  ]);
  return text.slice(0, at) + inserted + text.slice(at + random.below(3));
};
