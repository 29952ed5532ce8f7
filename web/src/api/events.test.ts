// SPDX-License-Identifier: Apache-2.0
// How long a lost connection waits before it is tried again.
import {expect, test} from 'vitest';

globalThis.document ??= {baseURI: 'http://x/'} as Document;
const {waitMs} = await import('./events');

test('waits twice as long each time, up to a limit', () => {
  expect([0, 1, 2, 3].map((attempt) => waitMs(attempt, 1))).toEqual([500, 1000, 2000, 4000]);
  expect(waitMs(50, 1)).toBe(15_000);
});

test('half of the time is left to chance', () => {
  expect(waitMs(2, 0)).toBe(1000);
  expect(waitMs(2, 0.5)).toBe(1500);
});
