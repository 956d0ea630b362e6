import { type ExplanationDocument, headline } from './pretty.ts';

/** Text that cannot end its label. */
const label = (text: string): string => `"${text.replaceAll('"', '#quot;').replaceAll(/[\r\n]+/g, ' ')}"`;

/** The trace as a flow chart: a node for every step, and one for what comes of it. */
export const mermaid = ({ request, result, steps }: ExplanationDocument): string => {
  const nodes = steps.map(({ stage, decision, source }, at) => {
    const where = source === undefined ? '' : `<br/>${source}`;
    return `  s${at}[${label(`${stage}: ${decision}${where}`)}]`;
  });
  const edges = [
    `  request --> ${steps.length === 0 ? 'result' : 's0'}`,
    ...steps.map((_, at) => `  s${at} --> ${at + 1 < steps.length ? `s${at + 1}` : 'result'}`),
  ];
  return [
    'flowchart TD',
    `  request([${label(`${request.method} ${request.authority}${request.path}`)}])`,
    ...nodes,
    `  result([${label(headline(result))}])`,
    ...edges,
    '',
  ].join('\n');
};
