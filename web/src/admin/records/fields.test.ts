// SPDX-License-Identifier: Apache-2.0
// What a form sends.
import {expect, test} from 'vitest';
import {changesOf, differing, valuesOf} from './fields';
import type {Kind} from './fields';

const KIND: Kind = {
  name: 'line', list: '/lines', item: '/lines/{name}', parts: () => ({}),
  sections: [{name: 'one', fields: [
    {name: 'extension', type: 'text', isKey: true},
    {name: 'max_calls', type: 'number', initial: 2},
    {name: 'enabled', type: 'switch', initial: true},
    {name: 'second_call', type: 'choice', options: ['auto', 'ring']},
    {name: 'password', type: 'password'}]}],
};
const STORED = {extension: '101', max_calls: 3, enabled: true, second_call: 'ring',
  password_set: true};

test('a new record begins with the defaults', () => {
  expect(valuesOf(KIND, null)).toEqual({extension: '', max_calls: 2, enabled: true,
    second_call: 'auto', password: ''});
});

test('of a record that is there only what differs is sent', () => {
  const values = {...valuesOf(KIND, STORED), max_calls: '4', extension: '102'};
  expect(changesOf(KIND, STORED, values)).toEqual({max_calls: 4});
  expect(changesOf(KIND, STORED, {...values, password: 'x'})).toEqual({max_calls: 4,
    password: 'x'});
});

test('what is no number is left for the server to refuse', () => {
  expect(changesOf(KIND, STORED, {...valuesOf(KIND, STORED), max_calls: 'many'}))
    .toEqual({max_calls: 'many'});
});

test('all of a new record is sent but an empty password', () => {
  expect(changesOf(KIND, null, {...valuesOf(KIND, null), extension: '7'}))
    .toEqual({extension: '7', max_calls: 2, enabled: true, second_call: 'auto'});
});

test('what two records differ in', () => {
  expect(differing(KIND, STORED, {...STORED, enabled: false, registration: {}}))
    .toEqual(['enabled']);
});
