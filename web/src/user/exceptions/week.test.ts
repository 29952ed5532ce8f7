// SPDX-License-Identifier: Apache-2.0
// Schedules, read, drawn and written.
import {expect, test} from 'vitest';
import {DAYS, emptyWeek, paint, readSaidWeek, readWeek, sayWeek, writeWeek} from './week';

const count = (text: string) => readWeek(text)!.flat().filter(Boolean).length;

test('what is read is written the same', () => {
  for (const text of ['mo-fr 08:00-12:00,13:00-17:00; sa 09:00-13:00', 'sa-su', 'mo 00:00-00:30',
    'mo,we,fr 23:30-24:00', 'mo-su', '']) {
    expect(writeWeek(readWeek(text)!)).toBe(text);
  }
});

test('times alone hold every day', () => {
  expect(writeWeek(readWeek('08:00-09:00')!)).toBe('mo-su 08:00-09:00');
});

test('days are counted over the week end, times over midnight', () => {
  expect(writeWeek(readWeek('fr-mo 10:00-11:00')!)).toBe('mo,fr-su 10:00-11:00');
  expect(writeWeek(readWeek('su 22:00-06:00')!)).toBe('mo 00:00-06:00; su 22:00-24:00');
  expect(count('mo-fr 18:00-08:00')).toBe(5 * 28);
  expect(count('mo 08:00-08:00')).toBe(48);
});

test('what half hours cannot show is not drawn', () => {
  for (const text of ['mo 08:15-12:00', 'xx', 'mo 8-12', 'mo 08:00', 'mo 24:00-25:00',
    'mo 08:00-12:00 tu']) {
    expect(readWeek(text), text).toBeNull();
  }
});

test('days have the names of the language', () => {
  const german = ['mo', 'di', 'mi', 'do', 'fr', 'sa', 'so'];
  const text = 'mo-tu,th 08:00-17:00; sa,su';
  expect(sayWeek(text, german)).toBe('mo-di,do 08:00-17:00; sa,so');
  expect(readSaidWeek('Mo-Di,DO 08:00-17:00; sa,so', german)).toBe(text);
  expect(readSaidWeek(text, german)).toBe(text);
  expect(readSaidWeek(sayWeek('d 8', german), german)).toBe('d 8');
  expect(sayWeek(text, DAYS)).toBe(text);
});

test('a rectangle is painted from any corner', () => {
  const week = paint(emptyWeek(), {day: 4, slot: 33}, {day: 0, slot: 16}, true);
  expect(writeWeek(week)).toBe('mo-fr 08:00-17:00');
  expect(writeWeek(paint(week, {day: 2, slot: 0}, {day: 2, slot: 47}, false)))
    .toBe('mo-tu,th-fr 08:00-17:00');
});
