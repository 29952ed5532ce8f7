// SPDX-License-Identifier: Apache-2.0
// Tables of records.
import {expect, test} from 'vitest';
import {csvOf, inert} from './csv';

test('texts that would break a table are quoted', () => {
  const line = {extension: '101', display_name: 'A "B", C\nD', enabled: true, user: 'anna'};
  expect(csvOf({extension: 'extension', name: 'display_name', enabled: 'enabled', x: 'missing'},
    [line])).toBe('extension,name,enabled,x\r\n101,"A ""B"", C\nD",true,\r\n');
});

test('a table without records has its heads', () => {
  expect(csvOf({'user': 'name', 'user.mobile': 'mobile'}, [])).toBe('user,user.mobile\r\n');
});

test('what a column makes of a record is shown, and is no formula', () => {
  const columns = {agent: ({agent}: Record<string, unknown>) => inert(String(agent))};
  expect(csvOf(columns, [{agent: '=HYPERLINK("x")'}, {agent: 'a-1'}, {agent: '-1+x'},
    {agent: '+49 30'}])).toBe(`agent\r\n"'=HYPERLINK(""x"")"\r\na-1\r\n'-1+x\r\n+49 30\r\n`);
});
