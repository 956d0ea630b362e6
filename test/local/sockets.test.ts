import { describe, expect, it } from 'vitest';
import { loopbackSockets, portTableSockets } from '../../src/local/sockets.ts';

describe('sockets on Linux', () => {
  const plan = loopbackSockets(44);

  it('puts a mesh address at the same loopback address and port', () => {
    expect(plan.socketOf('10.44.1.2', 8080)).toEqual({ host: '127.44.1.2', port: 8080 });
    expect(plan.bindAddress('10.44.1.2', 8080)).toEqual({ host: '127.44.1.2', port: 8080 });
    expect(plan.sourceOf('10.44.1.2')).toBe('127.44.1.2');
  });

  it('leaves private addresses of other networks alone', () => {
    expect(plan.socketOf('10.0.0.5', 80)).toBeUndefined();
    expect(plan.socketOf('192.168.1.5', 80)).toBeUndefined();
  });

  it('knows a caller of the mesh by its loopback address, and nobody else', () => {
    expect(plan.meshAddressOf('127.44.1.2')).toBe('10.44.1.2');
    expect(plan.meshAddressOf('::ffff:127.44.1.2')).toBe('10.44.1.2');
    expect(plan.meshAddressOf('127.0.0.1')).toBe('127.0.0.1');
    expect(plan.meshAddressOf('127.45.1.2')).toBe('127.45.1.2');
  });

  it('keeps the application of a pod with sidecar at an address of its own', () => {
    expect(plan.applicationAddress('10.44.1.2')).toBe('10.44.129.2');
  });
});

describe('sockets where only 127.0.0.1 exists', () => {
  it('finds what was bound through its table until the pod is gone', () => {
    const plan = portTableSockets();
    expect(plan.bindAddress('10.44.1.2', 8080)).toEqual({ host: '127.0.0.1', port: 0 });
    plan.bound('10.44.1.2', 8080, { host: '127.0.0.1', port: 50123 });
    plan.bound('10.44.129.2', 8080, { host: '127.0.0.1', port: 50124 });
    expect(plan.socketOf('10.44.1.2', 8080)).toEqual({ host: '127.0.0.1', port: 50123 });
    expect(plan.socketOf('10.44.129.2', 8080)).toEqual({ host: '127.0.0.1', port: 50124 });
    plan.released('10.44.1.2');
    expect(plan.socketOf('10.44.1.2', 8080)).toBeUndefined();
    expect(plan.socketOf('10.44.129.2', 8080)).toBeUndefined();
  });
});
