/** Envoy's command operators in configured header values: `%PROTOCOL%`, `%REQ(x-name?:path)%`, `%%`. */
export interface OperatorSource {
  /** Value of a plain operator; undefined when it is not known here. */
  plain(name: string): string | undefined;
  /** First value of a request header or pseudo header (lower case), '' when absent. */
  request(name: string): string;
  /** Likewise of the response. */
  response(name: string): string;
}

const OPERATOR = /%(?:%|([A-Z_0-9]+)(?:\(([^)]*)\))?(?::\d+)?%)/g;

/** Expands a template; an operator that is not known stays as it is written, an absent value becomes empty. */
export const expandOperators = (template: string, source: OperatorSource): string =>
  template.replace(OPERATOR, (whole: string, name: string | undefined, argument: string | undefined) => {
    if (name === undefined) return '%';
    if (argument === undefined) return source.plain(name) ?? whole;
    if (name !== 'REQ' && name !== 'RESP') return whole;
    for (const header of argument.toLowerCase().split('?')) {
      const value = name === 'REQ' ? source.request(header) : source.response(header);
      if (value !== '') return value;
    }
    return '';
  });
