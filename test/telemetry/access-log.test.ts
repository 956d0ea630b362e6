import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAccessLog } from '../../src/telemetry/access-log.ts';
import { sampleRecord } from './sample-record.ts';

const text = (format: string) => compileAccessLog({ encoding: 'TEXT', format });
const json = (format: string) => compileAccessLog({ encoding: 'JSON', format });

describe('the text format', () => {
  it("prints Istio's default line", () => {
    const log = text('');
    expect(log.problems).toEqual([]);
    expect(log.format(sampleRecord)).toBe(
      '[2026-08-22T09:05:03.045Z] "GET /a?b=c HTTP/1.1" 200 - via_upstream - "-" 0 7 12 11 "-" "curl/8" "id-1" ' +
        '"reviews" "10.44.1.2:8080" outbound|80||reviews.default.svc.cluster.local 10.44.1.1:40000 10.0.0.9:80 ' +
        '10.44.1.1:39000 - default\n',
    );
  });

  it('serves alternatives, lengths, parts of addresses and escaped percent signs', () => {
    const log = text(
      '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH):2% 100%% %HOSTNAME% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_PORT%',
    );
    expect(log.format(sampleRecord)).toBe('/a 100% client-0 10.44.1.1 80\n');
    expect(log.problems).toEqual([]);
  });

  it('prints a dash for an operator it cannot serve and names it once', () => {
    const log = text('%REQ(X-FOO)% %DYNAMIC_METADATA(a:b)% %REQ(X-FOO)%');
    expect(log.format(sampleRecord)).toBe('- - -\n');
    expect(log.problems.map((problem) => problem.message)).toEqual([
      'access log operator %DYNAMIC_METADATA(a:b)% is not supported and prints "-"',
    ]);
  });

  it('reports a format that is no format and prints it as it stands', () => {
    const log = text('50% off %duration%');
    expect(log.format(sampleRecord)).toBe('50% off %duration%\n');
    expect(log.problems.map((problem) => [problem.severity, problem.code])).toEqual([
      ['error', 'ACCESS_LOG_FORMAT'],
      ['error', 'ACCESS_LOG_FORMAT'],
      ['error', 'ACCESS_LOG_FORMAT'],
    ]);
  });

  it.each([
    ['%START_TIME(%Y/%m/%dT%H:%M:%S%z %s)%', '2026/08/22T09:05:03+0000 1787389503'],
    ['%START_TIME(%b %e %I:%M %p.%3f)%', 'Aug 22 09:05 AM.045'],
    ['%START_TIME(%s%9f %3s)%', '1787389503045000000 1787389503045'],
  ])('formats %s', (format, line) => {
    expect(text(format).format(sampleRecord)).toBe(`${line}\n`);
  });

  it('is one line whatever a request contains', () => {
    const log = text('%REQ(USER-AGENT)% %REQ(:PATH)%');
    expect(log.format({ ...sampleRecord, userAgent: 'a\nb\r\u001b[31m', path: '/\u2028' })).toBe(
      'a\\nb\\r\\u001b[31m /\\u2028\n',
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const line = log.format({ ...sampleRecord, userAgent: value, path: value });
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      }),
    );
  });
});

describe('the JSON format', () => {
  it('keeps numbers as numbers and absent values as null by default', () => {
    const line = json('').format(sampleRecord);
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({
      start_time: '2026-08-22T09:05:03.045Z',
      response_code: 200,
      duration: 12,
      bytes_sent: 7,
      path: '/a?b=c',
      response_flags: '-',
      upstream_transport_failure_reason: null,
      requested_server_name: null,
    });
    expect(Object.keys(JSON.parse(line) as object)).toHaveLength(24);
  });

  it('serves nested objects, lists, mixed text and constants', () => {
    const log = json('{"a":{"b":["%DURATION%","%DURATION%ms","x"]},"__proto__":true,"n":1}');
    expect(log.format(sampleRecord)).toBe('{"a":{"b":[12,"12ms","x"]},"__proto__":true,"n":1}\n');
  });

  it('falls back to the default for text that is not an object', () => {
    const log = json('{"a":');
    expect(log.problems.map((problem) => problem.code)).toEqual(['ACCESS_LOG_FORMAT']);
    expect(JSON.parse(log.format(sampleRecord))).toMatchObject({ response_code: 200 });
  });

  it('round-trips any value through one line', () => {
    const log = json('{"agent":"%REQ(USER-AGENT)%","both":"%REQ(USER-AGENT)%!"}');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (value) => {
        const line = log.format({ ...sampleRecord, userAgent: value });
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(JSON.parse(line)).toEqual({ agent: value, both: `${value}!` });
      }),
    );
  });
});
