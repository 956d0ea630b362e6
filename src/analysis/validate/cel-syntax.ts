import { parse } from '@marcbachmann/cel-js';

/** Why a text is no CEL expression, in one line; undefined for one. Names and types are not looked into, as in Istio. */
export const refuseExpression = (expression: string): string | undefined => {
  if (expression.trim() === '') return 'it is empty';
  try {
    parse(expression);
    return undefined;
  } catch (error) {
    // The parser reports every text it cannot read by throwing; a frame of the text follows the first line.
    return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
  }
};
