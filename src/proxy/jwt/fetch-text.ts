import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { SocketAddress } from '../proxy.ts';

/** More than any key set needs. */
const MAX_BYTES = 1024 * 1024;

/**
 * The body of a 200 answer; rejects for any other, for one that takes too long and for one that is too big. `at` is the
 * socket to ask instead of the URL's own host.
 */
export const fetchText = (url: string, timeoutMs: number, at: SocketAddress | undefined): Promise<string> =>
  new Promise((resolve, reject) => {
    const target = new URL(url);
    const send = target.protocol === 'https:' ? requestHttps : requestHttp;
    const asked = send(
      target,
      {
        ...(at === undefined ? {} : { host: at.host, port: at.port }),
        headers: { host: target.host, accept: 'application/json' },
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on('data', (piece: Buffer) => {
          bytes += piece.length;
          pieces.push(piece);
          if (bytes > MAX_BYTES) asked.destroy(new Error('the answer is too big'));
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(pieces).toString('utf8'));
          else reject(new Error(`the answer is ${response.statusCode}`));
        });
      },
    );
    asked.on('error', reject);
    asked.end();
  });
