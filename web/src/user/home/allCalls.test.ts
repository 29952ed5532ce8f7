// SPDX-License-Identifier: Apache-2.0
// What it means that all calls go to one target.
import {expect, test} from 'vitest';
import {targetOfAll, withAll, withoutAll} from './allCalls';

const item = (origin: 'all' | 'internal' | 'external', target: string, enabled = true,
  condition: 'immediate' | 'busy' = 'immediate') =>
  ({condition, origin, target, enabled, delay: 0, until: ''});

test('all calls go to one target, or not', () => {
  expect(targetOfAll([])).toBeUndefined();
  expect(targetOfAll([item('all', '103')])).toBe('103');
  expect(targetOfAll([item('all', '103', false)])).toBeUndefined();
  expect(targetOfAll([item('internal', '103'), item('external', '103')])).toBe('103');
  expect(targetOfAll([item('external', '103')])).toBeUndefined();
  expect(targetOfAll([item('all', '103'), item('external', '104')])).toBeUndefined();
  expect(targetOfAll([item('all', '103'), item('external', '104', false)])).toBe('103');
  expect(targetOfAll([item('all', '103', true, 'busy')])).toBeUndefined();
});

test('what would go before it is switched off, and nothing is lost', () => {
  const before = [item('all', '103', false), item('external', '104'),
    item('all', '105', true, 'busy')];
  const after = withAll(before, '106');
  expect(targetOfAll(after)).toBe('106');
  expect(after).toEqual([item('all', '106'), item('external', '104', false), before[2]]);
  expect(withoutAll(after)).toEqual([item('all', '106', false), item('external', '104', false),
    before[2]]);
});
