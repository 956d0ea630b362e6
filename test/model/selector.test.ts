import { expect, test } from 'vitest';
import { matchesSelector } from '../../src/model/selector.ts';

const labels = { app: 'web', tier: '' };

test('an empty selector matches everything', () => {
  expect(matchesSelector({}, labels)).toBe(true);
  expect(matchesSelector({ matchLabels: {} }, {})).toBe(true);
});

test.each([
  ['In', 'app', ['web', 'api'], true],
  ['In', 'app', ['api'], false],
  ['In', 'other', ['web'], false],
  ['NotIn', 'app', ['api'], true],
  ['NotIn', 'app', ['web'], false],
  ['NotIn', 'other', ['web'], true],
  ['Exists', 'tier', undefined, true],
  ['Exists', 'other', undefined, false],
  ['DoesNotExist', 'other', undefined, true],
  ['DoesNotExist', 'tier', undefined, false],
])('%s %s %j is %s', (operator, key, values, expected) => {
  const expression = values === undefined ? { key, operator } : { key, operator, values };
  expect(matchesSelector({ matchExpressions: [expression] }, labels)).toBe(expected);
});

test('labels and expressions must all hold', () => {
  const selector = { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] };
  expect(matchesSelector(selector, labels)).toBe(false);
  expect(matchesSelector(selector, { app: 'web' })).toBe(true);
});
