import { beforeAll, describe, expect, it } from 'vitest';
import { goStruct } from '../../src/inject/go-struct.ts';
import { behind } from '../../src/inject/json-behind.ts';
import type { GoStructs } from '../../src/model/typed/descriptor.ts';
import { decodeGo } from '../../src/model/typed/go-decode.ts';
import { printGoJson } from '../../src/model/typed/go-json.ts';
import { loadGoStructs } from '../../src/model/typed/load.ts';
import { toJsonValue } from '../../src/template/functions/sprig/json-value.ts';
import { GoInt, type GoValue } from '../../src/template/value.ts';
import { valueAt } from './value-at.ts';

let structs: GoStructs;
beforeAll(async () => {
  structs = await loadGoStructs();
});

describe('a Kubernetes object in a template', () => {
  const view = (): GoValue => {
    const ports = [{ containerPort: 80, name: 'a<b' }];
    const spec = { hostNetwork: true, containers: [{ name: 'app', ports }], volumes: [{ name: 'v', emptyDir: {} }] };
    return goStruct(structs, 'core/v1.PodSpec', decodeGo(structs, 'core/v1.PodSpec', spec, 'yaml').value);
  };

  it('has Go’s field names and types', () => {
    expect(valueAt(view(), 'HostNetwork')).toBe(true);
    const port = valueAt(view(), 'Containers', 0, 'Ports', 0, 'ContainerPort');
    expect(port).toBeInstanceOf(GoInt);
    expect(port).toMatchObject({ value: 80n, type: { name: 'int32' } });
    expect(valueAt(view(), 'Volumes', 0, 'VolumeSource', 'EmptyDir')).toMatchObject({
      type: { name: '*v1.EmptyDirVolumeSource' },
    });
  });

  it('has nil pointers, nil slices and zero values where nothing is set', () => {
    expect(valueAt(view(), 'SecurityContext')).toMatchObject({ target: undefined });
    expect(valueAt(view(), 'InitContainers')).toMatchObject({ items: undefined });
    expect(valueAt(view(), 'NodeName')).toBe('');
  });

  it('remembers its JSON in Go’s order', () => {
    expect(printGoJson(behind(valueAt(view(), 'Containers', 0, 'Ports', 0)))).toBe(
      '{"name":"a\\u003cb","containerPort":80}',
    );
  });

  it('is the same JSON to template functions, tags of fields obeyed', () => {
    const meta = goStruct(structs, 'meta/v1.ObjectMeta', { name: 'web', labels: { app: 'web' } });
    expect(toJsonValue(meta)).toEqual(
      new Map<string, unknown>([
        ['name', 'web'],
        ['labels', new Map([['app', 'web']])],
      ]),
    );
  });
});
