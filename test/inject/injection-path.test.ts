import { describe, expect, it } from 'vitest';
import { pathEnv } from '../../src/inject/injection-path.ts';

const [CLUSTER, NETWORK] = ['ISTIO_META_CLUSTER_ID', 'ISTIO_META_NETWORK'];

describe('pathEnv', () => {
  // Paths and answers of Istio's own unit test.
  it.each([
    ['/', {}],
    ['/inject', {}],
    ['/inject/', {}],
    ['/inject/cluster/cluster1', { [CLUSTER]: 'cluster1' }],
    ['/inject/cluster/cluster1/net/network1/', { [CLUSTER]: 'cluster1', [NETWORK]: 'network1' }],
    ['/inject/cluster/cluster--slash--1/net/network--slash--1', { [CLUSTER]: 'cluster/1', [NETWORK]: 'network/1' }],
    ['/inject/cluster/cluster1/custom_env/foo', { [CLUSTER]: 'cluster1', CUSTOM_ENV: 'foo' }],
    ['/inject/cluster', {}],
    ['/inject/cluster/cluster1/network', { [CLUSTER]: 'cluster1' }],
    ['/inject/:ENV:cluster=cluster2:ENV:rootpage=/foo/bar', { [CLUSTER]: 'cluster2', ROOTPAGE: '/foo/bar' }],
    ['/inject/rootpage1/value1/rootpage2/:ENV:abcd=efgh', { ROOTPAGE1: 'value1', ROOTPAGE2: ':ENV:abcd=efgh' }],
    ['/inject/:ENV:rootpage1=efgh:ENV:=abb:ENV:=', { ROOTPAGE1: 'efgh' }],
    ['%2Finject%2Frootpage1%2Ffoo%2Frootpage2%2Fbar', { ROOTPAGE1: 'foo', ROOTPAGE2: 'bar' }],
    [
      '%2Finject%2F%3AENV%3Arootpage1%3D%2Ffoo%2Fbar%3AENV%3Arootpage2%3D%2Fbar%2Ftoe',
      { ROOTPAGE1: '/foo/bar', ROOTPAGE2: '/bar/toe' },
    ],
  ])('reads %s', (path, env) => expect(pathEnv(path)).toEqual(env));

  it.each([
    ['/inject/:ENV:a=:ENV:b', { A: '' }],
    ['/inject/cluster/%', { [CLUSTER]: '%' }],
    ['', {}],
  ])('reads %j', (path, env) => expect(pathEnv(path)).toEqual(env));
});
