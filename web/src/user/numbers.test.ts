// SPDX-License-Identifier: Apache-2.0
// Numbers that can be read, and the user's own.
import {expect, test} from 'vitest';
import {groupDigits, groupDigitsIn, nameOf, ownNumbers} from './numbers';

test('a number gets gaps', () => {
  expect(groupDigits('+491701234567')).toBe('+49 170 1234567');
  expect(groupDigits('+43153454')).toBe('+43 153454');
  expect(groupDigits('+14155550123')).toBe('+1 4155550123');
  expect(groupDigits('+4930555123')).toBe('+49 30555123');
  expect(groupDigits('+420123')).toBe('+420 123');
  expect(groupDigits('103')).toBe('103');
  expect(groupDigits('sip:door@pbx')).toBe('sip:door@pbx');
});

test('so do the numbers in a sentence', () => {
  expect(groupDigitsIn('forwarded to +491701234567 (busy)'))
    .toBe('forwarded to +49 170 1234567 (busy)');
  expect(groupDigitsIn('declined with 486 after 20 s, +49')).toBe(
    'declined with 486 after 20 s, +49');
});

test('colleagues have names', () => {
  expect(nameOf('103', [{extension: '103', name: 'Support'}])).toBe('Support');
  expect(nameOf('104', undefined)).toBe('');
});

test('own numbers are those that are set', () => {
  const user = {mobile: '+491701', mailbox: '', home: '', business: '101'} as never;
  expect(ownNumbers(user).map(({target}) => target)).toEqual(['mobile', '101']);
  expect(ownNumbers(undefined)).toEqual([]);
});
