import { quote } from '../fmt/quote.ts';

/** A text that was parsed, for positions in errors. */
export interface Source {
  /** Of the template that was parsed; those it defines report this name too. */
  readonly name: string;
  readonly text: string;
}

interface Placed {
  readonly source: Source;
  /** Index into the source's text. */
  readonly at: number;
}

export interface NumberNode extends Placed {
  readonly kind: 'number';
  readonly text: string;
  /** The constant as each sort of number that can hold it. */
  readonly int: bigint | undefined;
  readonly uint: bigint | undefined;
  readonly float: number | undefined;
  readonly complex: { readonly real: number; readonly imaginary: number } | undefined;
}

export interface PipeNode extends Placed {
  readonly kind: 'pipe';
  /** Names with their dollar sign, declared or, with `assigns`, assigned. */
  readonly variables: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly CommandNode[];
}

export interface CommandNode extends Placed {
  readonly kind: 'command';
  readonly args: readonly [OperandNode, ...OperandNode[]];
}

export type OperandNode =
  | (Placed & { readonly kind: 'dot' | 'nil' })
  | (Placed & { readonly kind: 'bool'; readonly value: boolean })
  | (Placed & { readonly kind: 'string'; readonly literal: string; readonly value: string })
  | (Placed & { readonly kind: 'identifier'; readonly name: string })
  /** `.A.B`: the names without dots. */
  | (Placed & { readonly kind: 'field'; readonly names: readonly string[] })
  /** `$x.A.B`: the variable's name with its dollar sign, then fields. */
  | (Placed & { readonly kind: 'variable'; readonly names: readonly string[] })
  /** `(pipe).A` or `function.A`. */
  | (Placed & { readonly kind: 'chain'; readonly base: OperandNode; readonly names: readonly string[] })
  | NumberNode
  | PipeNode;

type ActionNode = Placed & { readonly kind: 'action'; readonly pipe: PipeNode };

export type BranchNode = Placed & {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipe: PipeNode;
  readonly body: readonly StatementNode[];
  readonly otherwise: readonly StatementNode[] | undefined;
};

export type TemplateNode = Placed & {
  readonly kind: 'template';
  readonly name: string;
  readonly pipe: PipeNode | undefined;
};

export type StatementNode =
  | (Placed & { readonly kind: 'text'; readonly text: string })
  | (Placed & { readonly kind: 'break' | 'continue' })
  | ActionNode
  | BranchNode
  | TemplateNode;

export type Node = StatementNode | OperandNode | CommandNode;

/** A parsed template. */
export interface Tree {
  readonly name: string;
  readonly body: readonly StatementNode[];
}

/** An expression or action as errors quote it: the source in one spacing. */
export const nodeText = (node: Node): string => {
  switch (node.kind) {
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'number':
    case 'text':
      return node.text;
    case 'string':
      return node.literal;
    case 'identifier':
      return node.name;
    case 'field':
      return `.${node.names.join('.')}`;
    case 'variable':
      return node.names.join('.');
    case 'chain':
      return `${operandText(node.base)}.${node.names.join('.')}`;
    case 'pipe':
      return pipeText(node);
    case 'command':
      return node.args.map(operandText).join(' ');
    case 'action':
      return `{{${pipeText(node.pipe)}}}`;
    case 'template':
      return `{{template ${quote(node.name)}${node.pipe === undefined ? '' : ` ${pipeText(node.pipe)}`}}}`;
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
    default:
      return branchText(node);
  }
};

const operandText = (node: OperandNode): string => (node.kind === 'pipe' ? `(${pipeText(node)})` : nodeText(node));

const pipeText = ({ variables, assigns, commands }: PipeNode): string => {
  const target = variables.length === 0 ? '' : `${variables.join(', ')} ${assigns ? '=' : ':='} `;
  return target + commands.map(nodeText).join(' | ');
};

const branchText = ({ kind, pipe, body, otherwise }: BranchNode): string => {
  const rest = otherwise === undefined ? '' : `{{else}}${otherwise.map(nodeText).join('')}`;
  return `{{${kind} ${pipeText(pipe)}}}${body.map(nodeText).join('')}${rest}{{end}}`;
};
