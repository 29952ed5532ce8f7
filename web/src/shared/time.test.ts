// SPDX-License-Identifier: Apache-2.0
// Points in time as people say them.
import {expect, test} from 'vitest';
import {fromLocalInput, nextTimes, sayDuration, sayWhen, toLocalInput} from './time';

const now = new Date(2026, 10, 23, 14, 30); // a Monday

test('says as much as is needed', () => {
  expect(sayWhen(new Date(2026, 10, 23, 17, 0), 'de', now)).toBe('17:00');
  expect(sayWhen(new Date(2026, 10, 24, 9, 0), 'de', now)).toBe('morgen 09:00');
  expect(sayWhen(new Date(2026, 10, 22, 9, 5), 'de', now)).toBe('gestern 09:05');
  expect(sayWhen(new Date(2026, 10, 23, 17, 5), 'en', now)).toMatch(/^5:05\sPM$/);
  expect(sayWhen(new Date(2026, 11, 24, 18, 0), 'de', now)).toBe('Do., 24. Dez., 18:00');
  expect(sayWhen(new Date(2027, 0, 4, 8, 0), 'de', now)).toContain('2027');
});

test('goes through the input and back', () => {
  const time = fromLocalInput('2026-12-24T18:00');
  expect(new Date(time).getHours()).toBe(18);
  expect(toLocalInput(time)).toBe('2026-12-24T18:00');
  expect(toLocalInput('')).toBe('');
  expect(fromLocalInput('')).toBe('');
});

test('offers only times to come', () => {
  expect(nextTimes(now).map(({name}) => name)).toEqual(['hour', 'evening', 'tomorrow', 'monday']);
  const late = new Date(2026, 10, 23, 22, 0);
  expect(nextTimes(late).map(({name}) => name)).toEqual(['hour', 'tomorrow', 'monday']);
  expect(new Date(nextTimes(now)[3].time).getDay()).toBe(1);
});

test('says how long something lasts', () => {
  expect([0, 42.9, 725, 3723].map(sayDuration)).toEqual(['0:00', '0:42', '12:05', '1:02:03']);
});
