// SPDX-License-Identifier: Apache-2.0
// Tables of lines.
import {expect, test} from 'vitest';
import {csvOf} from './csv';

test('texts that would break a table are quoted', () => {
  const line = {group: 'main', extension: '101', display_name: 'A "B", C\nD', enabled: true};
  expect(csvOf([line]).split('\r\n').slice(1).join('|'))
    .toBe('main,101,"A ""B"", C\nD",,true,,,,,|');
});

test('a table without lines has its heading', () => {
  expect(csvOf([])).toMatch(/^group,extension,.*\r\n$/);
});
