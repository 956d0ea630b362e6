import { defineCommand, enabled, flag } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';
import { clientVersion } from '../package.ts';

export const version = defineCommand({
  summary: 'Prints the version of this command line.',
  examples: [
    ['heddle version', 'client version and runtime'],
    ['heddle version --short', 'the number alone'],
    ['heddle version -o json', 'for scripts'],
  ],
  options: {
    short: flag('-s, --short', 'print the number alone'),
    remote: enabled('--remote', 'accepted for scripts written for istioctl; nothing remote is asked'),
  },
  formats: ['text', 'json', 'yaml'],
  run: async (context, _args, options) => {
    const number = clientVersion();
    const document = {
      kind: 'Version',
      clientVersion: { version: number, nodeVersion: context.io.nodeVersion, platform: context.io.platform },
    };
    await printDocument(context, document, () => (options.short ? `${number}\n` : `client version: ${number}\n`));
    return EXIT.ok;
  },
});
