import { fixed, type TemplateFunction } from '../../functions.ts';
import { STRING } from '../../type.ts';

const REFERENCE = /\$(?:\{([^}]*)\}|([A-Za-z_]\w*|[*#$@!?0-9-]))/g;

/** sprig's functions on the environment: what is not set is empty. Helm takes them away. */
export const environmentFunctions = (env: (name: string) => string | undefined): readonly TemplateFunction[] => [
  fixed('env', [STRING], (name) => env(name) ?? ''),
  fixed('expandenv', [STRING], (text) =>
    text.replace(
      REFERENCE,
      (_match, braced: string | undefined, plain: string | undefined) => env(braced ?? plain ?? '') ?? '',
    ),
  ),
];
