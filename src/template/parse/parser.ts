import { quote } from '../fmt/quote.ts';
import { unquote } from '../fmt/unquote.ts';
import { lex, type NextToken } from './lexer.ts';
import {
  type BranchNode,
  type CommandNode,
  nodeText,
  type OperandNode,
  type PipeNode,
  type Source,
  type StatementNode,
  type TemplateNode,
  type Tree,
} from './node.ts';
import { readNumber } from './number.ts';
import { describeToken, KEYWORDS, type Token, type TokenKind } from './token.ts';

/** Go's `template: NAME:LINE: MESSAGE`. */
export class ParseError extends Error {}

/**
 * The templates of a text by name: itself, and those that `define` and `block` make. Throws a ParseError;
 * `hasFunction` says which names may be called.
 */
export const parse = (name: string, text: string, hasFunction: (name: string) => boolean): Map<string, Tree> => {
  const isKeyword = (word: string): boolean =>
    KEYWORDS.has(word) && !((word === 'break' || word === 'continue') && hasFunction(word));
  const shared: Shared = { source: { name, text }, lexer: lex(text, isKeyword), hasFunction, trees: new Map() };
  try {
    const parser = createParser(shared);
    const body = parseAll(parser);
    addTree(parser, { name, body });
  } catch (error) {
    if (error instanceof RangeError) throw new ParseError(`template: ${name}: the nesting is too deep`);
    throw error;
  }
  return shared.trees;
};

interface Shared {
  readonly source: Source;
  readonly lexer: NextToken;
  readonly hasFunction: (name: string) => boolean;
  readonly trees: Map<string, Tree>;
}

/** Parsing one template; those it defines have a parser of their own on the same tokens. */
interface Parser {
  readonly shared: Shared;
  /** Tokens read ahead, the next one last. */
  readonly ahead: Token[];
  /** The token read last from the lexer: errors name its line. */
  line: number;
  variables: string[];
  /** Where the action under way began; 0 outside. */
  actionLine: number;
  rangeDepth: number;
  parens: number;
}

const MAX_PARENS = 10_000;

const createParser = (shared: Shared): Parser => ({
  shared,
  ahead: [],
  line: 0,
  variables: ['$'],
  actionLine: 0,
  rangeDepth: 0,
  parens: 0,
});

type End = { readonly kind: 'end' | 'else'; readonly at: number };

const fail = (parser: Parser, message: string): never => {
  throw new ParseError(`template: ${parser.shared.source.name}:${parser.line}: ${message}`);
};

const next = (parser: Parser): Token => {
  const waiting = parser.ahead.pop();
  if (waiting !== undefined) return waiting;
  const token = parser.shared.lexer();
  parser.line = token.line;
  return token;
};

const backup = (parser: Parser, ...tokens: readonly Token[]): void => {
  parser.ahead.push(...tokens);
};

const peek = (parser: Parser): Token => {
  const token = next(parser);
  backup(parser, token);
  return token;
};

const nextNonSpace = (parser: Parser): Token => {
  let token = next(parser);
  while (token.kind === 'space') token = next(parser);
  return token;
};

const peekNonSpace = (parser: Parser): Token => {
  const token = nextNonSpace(parser);
  backup(parser, token);
  return token;
};

const unexpected = (parser: Parser, token: Token, context: string): never => {
  if (token.kind !== 'error') return fail(parser, `unexpected ${describeToken(token)} in ${context}`);
  if (parser.actionLine === 0 || parser.actionLine === token.line) return fail(parser, token.text);
  // Not "unclosed action in action".
  const start = `${token.text.endsWith(' action') ? '' : ' in action'} started at `;
  return fail(parser, `${token.text}${start}${parser.shared.source.name}:${parser.actionLine}`);
};

const expect = (parser: Parser, kinds: readonly TokenKind[], context: string): Token => {
  const token = nextNonSpace(parser);
  return kinds.includes(token.kind) ? token : unexpected(parser, token, context);
};

/** Whether nothing but white space stands in a template: such a one does not replace another. */
export const isEmptyBody = (body: readonly StatementNode[]): boolean =>
  body.every((node) => node.kind === 'text' && node.text.trim() === '');

const addTree = (parser: Parser, tree: Tree): void => {
  const { trees } = parser.shared;
  const existing = trees.get(tree.name);
  if (existing === undefined || isEmptyBody(existing.body)) trees.set(tree.name, tree);
  else if (!isEmptyBody(tree.body)) fail(parser, `template: multiple definition of template ${quote(tree.name)}`);
};

const parseAll = (parser: Parser): StatementNode[] => {
  const body: StatementNode[] = [];
  while (peek(parser).kind !== 'eof') {
    if (peek(parser).kind === 'leftDelim') {
      const delim = next(parser);
      const token = nextNonSpace(parser);
      if (token.kind === 'define') {
        parseDefinition(createParser(parser.shared));
        continue;
      }
      backup(parser, token, delim);
    }
    const node = textOrAction(parser);
    if (isEnd(node)) fail(parser, `unexpected {{${node.kind}}}`);
    else body.push(node);
  }
  return body;
};

const isEnd = (node: StatementNode | End): node is End => node.kind === 'end' || node.kind === 'else';

const parseDefinition = (parser: Parser): void => {
  const context = 'define clause';
  const name = stringValue(parser, expect(parser, ['string', 'rawString'], context));
  expect(parser, ['rightDelim'], context);
  addTree(parser, { name, body: bodyToEnd(parser, context) });
};

const bodyToEnd = (parser: Parser, context: string): StatementNode[] => {
  const [body, end] = itemList(parser);
  if (end.kind !== 'end') fail(parser, `unexpected {{else}} in ${context}`);
  return body;
};

const stringValue = (parser: Parser, token: Token): string => unquote(token.text) ?? fail(parser, 'invalid syntax');

const itemList = (parser: Parser): [StatementNode[], End] => {
  const body: StatementNode[] = [];
  while (peekNonSpace(parser).kind !== 'eof') {
    const node = textOrAction(parser);
    if (isEnd(node)) return [body, node];
    body.push(node);
  }
  return fail(parser, 'unexpected EOF');
};

const textOrAction = (parser: Parser): StatementNode | End => {
  const token = nextNonSpace(parser);
  if (token.kind === 'text') return { kind: 'text', source: parser.shared.source, at: token.at, text: token.text };
  if (token.kind !== 'leftDelim') return unexpected(parser, token, 'input');
  parser.actionLine = token.line;
  const node = action(parser);
  parser.actionLine = 0;
  return node;
};

const action = (parser: Parser): StatementNode | End => {
  const { source } = parser.shared;
  const token = nextNonSpace(parser);
  switch (token.kind) {
    case 'block':
      return blockControl(parser);
    case 'break':
    case 'continue':
      return jump(parser, token.kind, token.at);
    case 'else':
      return elseControl(parser);
    case 'end':
      return { kind: 'end', at: expect(parser, ['rightDelim'], 'end').at };
    case 'if':
    case 'range':
    case 'with':
      return control(parser, token.kind);
    case 'template':
      return templateControl(parser);
    default: {
      backup(parser, token);
      const { at } = peek(parser);
      return { kind: 'action', source, at, pipe: pipeline(parser, 'command', 'rightDelim') };
    }
  }
};

const jump = (parser: Parser, kind: 'break' | 'continue', at: number): StatementNode => {
  const token = nextNonSpace(parser);
  if (token.kind !== 'rightDelim') unexpected(parser, token, `{{${kind}}}`);
  if (parser.rangeDepth === 0) fail(parser, `{{${kind}}} outside {{range}}`);
  return { kind, source: parser.shared.source, at };
};

const elseControl = (parser: Parser): End => {
  const token = peekNonSpace(parser);
  // `else if` and `else with` leave their keyword to whoever opened the branch.
  if (token.kind === 'if' || token.kind === 'with') return { kind: 'else', at: token.at };
  return { kind: 'else', at: expect(parser, ['rightDelim'], 'else').at };
};

const control = (parser: Parser, kind: 'if' | 'range' | 'with'): BranchNode => {
  const { source } = parser.shared;
  const known = parser.variables.length;
  const pipe = pipeline(parser, kind, 'rightDelim');
  if (kind === 'range') parser.rangeDepth++;
  const [body, end] = itemList(parser);
  if (kind === 'range') parser.rangeDepth--;
  const otherwise = end.kind === 'else' ? elseBody(parser, kind) : undefined;
  parser.variables.length = known;
  return { kind, source, at: pipe.at, pipe, body, otherwise };
};

const elseBody = (parser: Parser, kind: 'if' | 'range' | 'with'): StatementNode[] => {
  const token = peek(parser);
  if (kind !== 'range' && token.kind === kind) {
    next(parser);
    return [control(parser, kind)];
  }
  const [body, end] = itemList(parser);
  if (end.kind !== 'end') fail(parser, 'expected end; found {{else}}');
  return body;
};

const blockControl = (parser: Parser): TemplateNode => {
  const context = 'block clause';
  const token = nextNonSpace(parser);
  const name = templateName(parser, token, context);
  const pipe = pipeline(parser, context, 'rightDelim');
  const inner = createParser(parser.shared);
  // What an error within the block's list says is said by the block's own parser; what ends it wrongly, by this one.
  const [body, end] = itemList(inner);
  if (end.kind !== 'end') fail(parser, `unexpected {{else}} in ${context}`);
  addTree(inner, { name, body });
  return { kind: 'template', source: parser.shared.source, at: token.at, name, pipe };
};

const templateControl = (parser: Parser): TemplateNode => {
  const context = 'template clause';
  const token = nextNonSpace(parser);
  const name = templateName(parser, token, context);
  const after = nextNonSpace(parser);
  let pipe: PipeNode | undefined;
  if (after.kind !== 'rightDelim') {
    backup(parser, after);
    pipe = pipeline(parser, context, 'rightDelim');
  }
  return { kind: 'template', source: parser.shared.source, at: token.at, name, pipe };
};

const templateName = (parser: Parser, token: Token, context: string): string =>
  token.kind === 'string' || token.kind === 'rawString'
    ? stringValue(parser, token)
    : unexpected(parser, token, context);

const OPERANDS: ReadonlySet<TokenKind> = new Set([
  'bool',
  'charConstant',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  'leftParen',
]);

const pipeline = (parser: Parser, context: string, end: 'rightDelim' | 'rightParen'): PipeNode => {
  const { at } = peekNonSpace(parser);
  const { variables, assigns } = declarations(parser, context);
  const commands: CommandNode[] = [];
  for (let token = nextNonSpace(parser); token.kind !== end; token = nextNonSpace(parser)) {
    if (!OPERANDS.has(token.kind)) unexpected(parser, token, context);
    backup(parser, token);
    commands.push(command(parser));
  }
  if (commands.length === 0) fail(parser, `missing value for ${context}`);
  const stage = commands.findIndex(({ args }, index) => index > 0 && LITERALS.has(args[0].kind));
  if (stage > 0) fail(parser, `non executable command in pipeline stage ${stage + 1}`);
  return { kind: 'pipe', source: parser.shared.source, at, variables, assigns, commands };
};

const LITERALS: ReadonlySet<OperandNode['kind']> = new Set(['bool', 'dot', 'nil', 'number', 'string']);

const declarations = (parser: Parser, context: string): Pick<PipeNode, 'variables' | 'assigns'> => {
  const variables: string[] = [];
  while (peekNonSpace(parser).kind === 'variable') {
    const variable = next(parser);
    const adjacent = peek(parser);
    const token = peekNonSpace(parser);
    const isComma = token.kind === 'char' && token.text === ',';
    if (token.kind !== 'assign' && token.kind !== 'declare' && !isComma) {
      // An argument: the space behind it separates it from the next one.
      if (adjacent.kind === 'space') backup(parser, adjacent);
      backup(parser, variable);
      break;
    }
    nextNonSpace(parser);
    variables.push(variable.text);
    parser.variables.push(variable.text);
    if (!isComma) return { variables, assigns: token.kind === 'assign' };
    if (context !== 'range' || variables.length >= 2) fail(parser, `too many declarations in ${context}`);
    const after = peekNonSpace(parser).kind;
    if (after !== 'variable' && after !== 'rightDelim' && after !== 'rightParen') {
      fail(parser, 'range can only initialize variables');
    }
  }
  return { variables, assigns: false };
};

const command = (parser: Parser): CommandNode => {
  const { at } = peekNonSpace(parser);
  const args: OperandNode[] = [];
  for (;;) {
    peekNonSpace(parser);
    const node = operand(parser);
    if (node !== undefined) args.push(node);
    const token = next(parser);
    if (token.kind === 'space') continue;
    if (token.kind === 'rightDelim' || token.kind === 'rightParen') backup(parser, token);
    else if (token.kind !== 'pipe') unexpected(parser, token, 'operand');
    break;
  }
  const [first, ...rest] = args;
  if (first === undefined) return fail(parser, 'empty command');
  return { kind: 'command', source: parser.shared.source, at, args: [first, ...rest] };
};

const operand = (parser: Parser): OperandNode | undefined => {
  const { source } = parser.shared;
  const base = term(parser);
  if (base === undefined) return undefined;
  const { kind, at } = peek(parser);
  if (kind !== 'field') return base;
  const names: string[] = [];
  while (peek(parser).kind === 'field') names.push(next(parser).text.slice(1));
  if (base.kind === 'field' || base.kind === 'variable') {
    return { kind: base.kind, source, at, names: [...base.names, ...names] };
  }
  if (LITERALS.has(base.kind)) fail(parser, `unexpected . after term ${quote(nodeText(base))}`);
  return { kind: 'chain', source, at, base, names };
};

const term = (parser: Parser): OperandNode | undefined => {
  const { source, hasFunction } = parser.shared;
  const token = nextNonSpace(parser);
  const { at, text } = token;
  switch (token.kind) {
    case 'identifier':
      if (!hasFunction(text)) fail(parser, `function ${quote(text)} not defined`);
      return { kind: 'identifier', source, at, name: text };
    case 'dot':
    case 'nil':
      return { kind: token.kind, source, at };
    case 'variable':
      if (!parser.variables.includes(text)) fail(parser, `undefined variable ${quote(text)}`);
      return { kind: 'variable', source, at, names: [text] };
    case 'field':
      return { kind: 'field', source, at, names: [text.slice(1)] };
    case 'bool':
      return { kind: 'bool', source, at, value: text === 'true' };
    case 'charConstant':
    case 'complex':
    case 'number': {
      const constant = readNumber(text, token.kind);
      return 'wrong' in constant ? fail(parser, constant.wrong) : { kind: 'number', source, at, text, ...constant };
    }
    case 'leftParen':
      return parenthesized(parser);
    case 'string':
    case 'rawString':
      return { kind: 'string', source, at, literal: text, value: stringValue(parser, token) };
    default:
      backup(parser, token);
      return undefined;
  }
};

const parenthesized = (parser: Parser): PipeNode => {
  if (parser.parens >= MAX_PARENS) fail(parser, 'max expression depth exceeded');
  parser.parens++;
  const pipe = pipeline(parser, 'parenthesized pipeline', 'rightParen');
  parser.parens--;
  return pipe;
};
