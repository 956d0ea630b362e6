import { canonicalJson } from '../../envoy/canonical-json.ts';
import { isObject } from '../../envoy/json.ts';
import { isSecret, redact } from '../../envoy/redact.ts';
import type { Context } from '../command.ts';

const INDENT = '    ';
/** Where the items of a dump's lists are: dump, configs, section, list. */
const ITEM_DEPTH = 4;
/** Characters gathered before they are written: a write a piece would cost more than making it. */
const WRITE_LENGTH = 1 << 16;

/**
 * The lines of a document as JSON.stringify indents them, without its secrets. In pieces, since a large dump, its copy
 * without secrets and its text would not fit into memory together.
 */
function* jsonPieces(value: unknown, field: string, margin: string, depth: number): Generator<string> {
  const isList = Array.isArray(value);
  const entries = isList ? value.map((item) => [field, item] as const) : isObject(value) ? Object.entries(value) : [];
  if (depth === 0 || entries.length === 0 || isSecret(value, field)) {
    yield JSON.stringify(redact(value, field), null, INDENT).replaceAll('\n', `\n${margin}`);
    return;
  }
  let before = isList ? '[' : '{';
  for (const [key, item] of entries) {
    yield `${before}\n${margin}${INDENT}${isList ? '' : `${JSON.stringify(key)}: `}`;
    yield* jsonPieces(item, key, margin + INDENT, depth - 1);
    before = ',';
  }
  yield `\n${margin}${isList ? ']' : '}'}`;
}

/** Prints a document of Envoy's as JSON or YAML, without secrets and under Envoy's own field names. */
export const printRaw = async (context: Context, document: unknown): Promise<void> => {
  if (context.format === 'yaml') {
    const { printGoYaml } = await import('../../yaml/emit/go-yaml.ts');
    context.out.write(printGoYaml(redact(document)));
    return;
  }
  let pending = '';
  for (const piece of jsonPieces(document, '', '', ITEM_DEPTH)) {
    pending += piece;
    if (pending.length < WRITE_LENGTH) continue;
    context.out.write(pending);
    pending = '';
  }
  context.out.line(pending);
};

/** Prints a document of Envoy's as istioctl does: the field names of protobuf's JSON, no envelope, no secrets. */
export const printEnvoyDocument = (context: Context, document: unknown): Promise<void> =>
  printRaw(context, canonicalJson(document));
