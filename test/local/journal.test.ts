import { describe, expect, it } from 'vitest';
import { createJournal } from '../../src/local/journal.ts';
import type { AccessRecord } from '../../src/telemetry/access-record.ts';

// Only the id matters to a journal.
const record = (requestId: string): AccessRecord => ({ requestId }) as AccessRecord;

describe('the journal', () => {
  it('finds the records of one request in the order they finished', () => {
    const journal = createJournal();
    const [inner, other, outer] = [record('a'), record('b'), record('a')];
    for (const each of [inner, other, outer]) journal.add(each);
    expect(journal.ofRequest('a')).toEqual([inner, outer]);
    expect(journal.ofRequest('a')[0]).toBe(inner);
  });

  it('remembers the last few thousand, oldest first', () => {
    const journal = createJournal();
    for (let at = 0; at < 5000; at++) journal.add(record(String(at)));
    expect(journal.last(2).map((each) => each.requestId)).toEqual(['4998', '4999']);
    expect(journal.last(Number.POSITIVE_INFINITY)).toHaveLength(4096);
    expect(journal.last(0)).toEqual([]);
    expect(journal.ofRequest('1')).toEqual([]);
  });

  it('tells subscribers until they leave', () => {
    const journal = createJournal();
    const heard: string[] = [];
    const leave = journal.subscribe((each) => heard.push(each.requestId));
    journal.add(record('a'));
    leave();
    journal.add(record('b'));
    expect(heard).toEqual(['a']);
  });
});
