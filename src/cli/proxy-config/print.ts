import { canonicalJson } from '../../envoy/canonical-json.ts';
import { redact } from '../../envoy/redact.ts';
import type { Context } from '../command.ts';

/** Prints a document of Envoy's as JSON or YAML, without secrets and under Envoy's own field names. */
export const printRaw = async (context: Context, document: unknown): Promise<void> => {
  const shown = redact(document);
  if (context.format === 'yaml') {
    const { printGoYaml } = await import('../../yaml/emit/go-yaml.ts');
    context.out.write(printGoYaml(shown));
  } else context.out.line(JSON.stringify(shown, null, 4));
};

/** Prints a document of Envoy's as istioctl does: the field names of protobuf's JSON, no envelope, no secrets. */
export const printEnvoyDocument = (context: Context, document: unknown): Promise<void> =>
  printRaw(context, canonicalJson(document));
