// SPDX-License-Identifier: Apache-2.0
// Having read anew what events are about.
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {Renewal} from './renewal';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

function begin() {
  const asked: string[] = [];
  const ends: (() => void)[] = [];
  const renewal = new Renewal((subject) => {
    asked.push(subject);
    return new Promise<void>((resolve) => { ends.push(resolve); });
  });
  return {renewal, asked, ends};
}

test('what comes close together is read once', async () => {
  const {renewal, asked} = begin();
  for (const subject of ['lines', 'calls', 'lines']) renewal.add(subject);
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toEqual(['lines', 'calls']);
});

test('a slow answer is waited for, however many events come meanwhile', async () => {
  const {renewal, asked, ends} = begin();
  for (let i = 0; i < 50; i++) {
    renewal.add('lines');
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(asked).toEqual(['lines']);
  ends[0]();
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toEqual(['lines', 'lines']);
  ends[1]();
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked.length).toBe(2);
});

test('a slow subject keeps no other one waiting', async () => {
  const {renewal, asked} = begin();
  renewal.add('statistics');
  await vi.advanceTimersByTimeAsync(1000);
  renewal.add('calls');
  await vi.advanceTimersByTimeAsync(200);
  expect(asked).toEqual(['statistics', 'calls']);
});

test('after its end nothing is read', async () => {
  const {renewal, asked} = begin();
  renewal.add('lines');
  renewal.stop();
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toEqual([]);
});
