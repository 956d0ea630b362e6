import { suggest } from '../../base/distance.ts';
import { Fault } from '../../base/fault.ts';
import { explainFlags, longFlags } from '../../telemetry/flags.ts';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printDocument } from '../output.ts';

/** What to look at first; flags that are absent explain themselves. */
const CHECKS: Readonly<Record<string, string>> = {
  UH: 'are pods of the service ready, does the subset select any, and did outlier detection eject them?',
  UF: 'does the application listen on the target port, and do both ends agree on mutual TLS?',
  UO: 'is connectionPool of the DestinationRule too small for the load?',
  NR: 'does a Gateway or VirtualService list the Host, and does a route match path, method and headers?',
  NC: 'do host, port and subset of the destination exist, and does the client see them (exportTo, Sidecar)?',
  URX: 'why does every attempt fail, and is the number of retries worth their load?',
  UT: 'is timeout of the route shorter than the backend is slow, retries included?',
  UC: 'is the server STRICT while the client speaks plaintext, or does the backend close idle connections first?',
  DC: 'does the caller give up sooner than the route does?',
  UAEX: 'what does the external authorizer log for this request?',
  RL: 'is the token bucket of the rate limit large enough?',
  DPE: 'is the request well formed, and are its headers within limits?',
  DF: 'does the name of the ServiceEntry resolve from the pod?',
};

/** Explains response flags as an access log prints them. */
export const explainFlag = async (context: Context, word: string): Promise<number> => {
  const flags = word
    .toUpperCase()
    .split(',')
    .filter((flag) => flag !== '');
  const unknown = flags.find((flag) => longFlags(flag) === flag);
  if (flags.length === 0 || unknown !== undefined) {
    const near = suggest(unknown ?? '', Object.keys(CHECKS));
    const hint = near === undefined ? 'write them as access logs do: UF,URX' : `did you mean ${near}?`;
    throw new Fault(`there is no response flag "${unknown ?? word}"`, { kind: 'usage', code: 'UNKNOWN_FLAG', hint });
  }
  const items = flags.map((flag) => ({
    flag,
    name: longFlags(flag),
    meaning: explainFlags(flag)[0] ?? '',
    ...(CHECKS[flag] === undefined ? {} : { check: CHECKS[flag] }),
  }));
  const { bold } = context.out.paint;
  await printDocument(context, { kind: 'FlagPage', items }, () =>
    items
      .map(
        ({ flag, name, meaning, check }) =>
          `${bold(flag)} ${name}\n  ${meaning}\n${check === undefined ? '' : `  check: ${check}\n`}`,
      )
      .join('\n'),
  );
  return EXIT.ok;
};
