// SPDX-License-Identifier: Apache-2.0
// A profile's forwardings, read and written.
import {expect, test} from 'vitest';
import {readSlots, slotAtFault, writeSlots} from './slots';

const text = 'immediate/all=mobile; no_answer/external/15=sip:a=b@pbx';

test('what is read is written the same', () => {
  expect(readSlots(text)).toEqual([
    {condition: 'immediate', origin: 'all', delay: 0, target: 'mobile'},
    {condition: 'no_answer', origin: 'external', delay: 15, target: 'sip:a=b@pbx'},
  ]);
  expect(writeSlots(readSlots(text))).toBe(text);
  expect(readSlots('')).toEqual([]);
});

test('a row without a target is left out, a delay is for no answer only', () => {
  expect(writeSlots([
    {condition: 'busy', origin: 'all', delay: 15, target: '103'},
    {condition: 'dnd', origin: 'all', delay: 0, target: ''},
  ])).toBe('busy/all=103');
});

test('the server says which forwarding is wrong', () => {
  const slots = readSlots('busy/all=110; no_answer/external/15=103; busy/all=105');
  expect(slotAtFault(slots, 'no_answer/external: is the line itself'))
    .toEqual({index: 1, reason: 'is the line itself'});
  expect(slotAtFault(slots, 'no_answer/external/15: has a delay')).toMatchObject({index: 1});
  expect(slotAtFault(slots, 'busy/all: comes twice')).toMatchObject({index: 2});
  expect(slotAtFault(slots, 'dnd/all: comes twice')).toBeNull();
  expect(slotAtFault(slots, 'is too long')).toBeNull();
  expect(slotAtFault(slots, undefined)).toBeNull();
});
