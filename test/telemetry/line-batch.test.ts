import { expect, it } from 'vitest';
import { createLineBatch } from '../../src/telemetry/line-batch.ts';

it('a batch is written when it is full or when asked, never empty', () => {
  const written: string[] = [];
  const batch = createLineBatch({ write: (text) => written.push(text), maxBytes: 6 });
  batch.flush();
  batch.add('ab\n');
  expect(written).toEqual([]);
  batch.add('cd\n');
  batch.add('e\n');
  expect(written).toEqual(['ab\ncd\n']);
  batch.flush();
  batch.flush();
  expect(written).toEqual(['ab\ncd\n', 'e\n']);
});
