import { expect, it } from 'vitest';
import { toTapEvent } from '../../src/local/tap-event.ts';
import { tcpRecord } from '../../src/proxy/tcp/tunnel.ts';
import { compileText } from '../traffic/compile-text.ts';

const POD = `
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {sidecar.istio.io/inject: 'true'}}
spec: {containers: [{name: app, image: app}]}
`;

it('tells a request without anybody’s credentials', async () => {
  const tables = (await compileText(POD)).proxies.get('default/client');
  if (tables === undefined) throw new Error('no sidecar');
  const place = { direction: 'outbound', address: '10.0.0.1', port: 80, remoteAddress: '', remotePort: 0 } as const;
  const request = new Map([
    ['authorization', 'Bearer abc'],
    ['cookie', 'session=abc'],
    ['accept', 'text/plain'],
  ]);
  const event = toTapEvent({
    ...tcpRecord(tables, { ...place, tls: undefined }, 0),
    requestProtocol: 'http',
    path: '/x?a=1&access_token=abc&TOKEN=abc#abc',
    headers: { request, response: new Map([['set-cookie', 'session=abc']]) },
  });
  expect(event.path).toBe('/x?a=1&access_token=<redacted>&TOKEN=<redacted>#abc');
  expect(event.requestHeaders).toEqual({
    authorization: '<redacted>',
    cookie: '<redacted>',
    accept: 'text/plain',
  });
  expect(event.responseHeaders).toEqual({ 'set-cookie': '<redacted>' });
  expect(event.proxy).toBe('client.default');
});
