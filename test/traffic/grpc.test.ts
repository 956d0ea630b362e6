import { describe, expect, it } from 'vitest';
import { grpcTimeoutMs, isGrpc, writeGrpcTimeout } from '../../src/traffic/grpc.ts';

describe('the time limit of a gRPC request', () => {
  it.each([
    ['2S', 0, 2_000],
    ['2S', 500, 500],
    ['200m', 500, 200],
    ['1H', 0, 3_600_000],
    ['1500u', 0, 2],
    ['1n', 0, 1],
    ['0S', 700, 700],
    ['', 700, 700],
    ['123456789m', 700, 700],
    ['5', 700, 700],
    ['-5S', 0, 0],
  ])('for %j on a route with %i ms is %i ms', (header, routeMs, expected) => {
    expect(grpcTimeoutMs(routeMs, header)).toBe(expected);
  });

  it('is told on in at most eight digits', () => {
    expect([writeGrpcTimeout(250), writeGrpcTimeout(360_000_000)]).toEqual(['250m', '360000S']);
  });
});

describe('a request is gRPC', () => {
  it.each([
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc-web', false],
    ['application/json', false],
    ['', false],
  ])('with content type %j: %s', (contentType, expected) => {
    expect(isGrpc(contentType)).toBe(expected);
  });
});
