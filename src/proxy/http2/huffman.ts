/**
 * The Huffman code of HPACK (RFC 7541 appendix B). It is canonical: the lengths alone determine all codes. Decoding
 * takes four bits at a time through a table of states; no code is shorter than five, so a step ends at most one symbol.
 */
// biome-ignore format: a table by symbol, sixteen a line
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const EOS = 256;
const STEP_BITS = 4;
const MAX_PADDING_BITS = 7;
/** In `steps`: no code continues like this. */
const INVALID = -1;
/** In `steps`: the symbol plus one, above the next state. */
const SYMBOL_SHIFT = 16;
const STATE_MASK = 0xffff;

interface Node {
  readonly state: number;
  readonly isPadding: boolean;
  readonly next: (Node | number | undefined)[];
}

const buildTree = (): readonly Node[] => {
  const root: Node = { state: 0, isPadding: true, next: [] };
  const nodes = [root];
  const order = LENGTHS.map((length, symbol) => ({ length, symbol })).sort(
    (a, b) => a.length - b.length || a.symbol - b.symbol,
  );
  let code = 0;
  let width = 0;
  for (const { length, symbol } of order) {
    code *= 2 ** (length - width);
    width = length;
    let node = root;
    for (let depth = 0; depth < length; depth += 1) {
      const bit = (code >>> (length - 1 - depth)) & 1;
      if (depth === length - 1) {
        node.next[bit] = symbol;
        break;
      }
      let child = node.next[bit];
      if (typeof child !== 'object') {
        child = { state: nodes.length, isPadding: node.isPadding && bit === 1 && depth < MAX_PADDING_BITS, next: [] };
        node.next[bit] = child;
        nodes.push(child);
      }
      node = child;
    }
    code += 1;
  }
  return nodes;
};

const step = (root: Node, from: Node, nibble: number): number => {
  let node = from;
  let symbol = 0;
  for (let bit = STEP_BITS - 1; bit >= 0; bit -= 1) {
    const next = node.next[(nibble >> bit) & 1];
    if (next === undefined || next === EOS) return INVALID;
    if (typeof next === 'number') {
      symbol = next + 1;
      node = root;
    } else node = next;
  }
  return (symbol << SYMBOL_SHIFT) | node.state;
};

const nodes = buildTree();
const [root] = nodes;
const steps = Int32Array.from(
  nodes.flatMap((node) => Array.from({ length: 16 }, (_, at) => step(root ?? node, node, at))),
);
const isPadding = Uint8Array.from(nodes, (node) => (node.isPadding ? 1 : 0));

/** The latin1 text of a coded string; undefined when it is not one, wrong padding included. */
export const decodeHuffman = (bytes: Uint8Array, start: number, end: number): string | undefined => {
  let text = '';
  let state = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    for (let shift = STEP_BITS; shift >= 0; shift -= STEP_BITS) {
      const taken = steps[state * 16 + ((byte >> shift) & 15)] ?? INVALID;
      if (taken === INVALID) return undefined;
      if (taken > STATE_MASK) text += String.fromCharCode((taken >> SYMBOL_SHIFT) - 1);
      state = taken & STATE_MASK;
    }
  }
  return isPadding[state] === 1 ? text : undefined;
};
