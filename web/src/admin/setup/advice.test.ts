// SPDX-License-Identifier: Apache-2.0
// What is said of a connection.
import {expect, test} from 'vitest';
import {adviceOf} from './advice';

test('each outcome has its sentence', () => {
  expect(adviceOf({state: 'registered'})).toBe('registered');
  expect(adviceOf({state: 'waiting'})).toBe('waiting');
  expect(adviceOf({state: 'unreachable', reason: 'no answer'})).toBe('unreachable');
  expect(adviceOf({state: 'refused', status: 403})).toBe('password');
  expect(adviceOf({state: 'refused', status: 404})).toBe('unknown');
  expect(adviceOf({state: 'refused', status: 500})).toBe('refused');
});
