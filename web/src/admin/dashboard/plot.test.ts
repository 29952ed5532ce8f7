// SPDX-License-Identifier: Apache-2.0
// Figures in a plot.
import {expect, test} from 'vitest';
import {niceTop, together, totalOf} from './plot';

const POINTS = [1, 2, 3, 4, 5].map((n) => ({time: `t${n}`, values: [n, 10 * n]}));

test('hours are added up from the newest on', () => {
  expect(together(POINTS, 2)).toEqual([{time: 't1', values: [1, 10]},
    {time: 't2', values: [5, 50]}, {time: 't4', values: [9, 90]}]);
  expect(together([], 24)).toEqual([]);
  expect(totalOf(POINTS, 1)).toBe(150);
});

test('an axis ends at a round number', () => {
  expect([0, 1, 3, 7, 11, 99, 100, 101].map(niceTop)).toEqual([1, 1, 5, 10, 20, 100, 100, 200]);
});
