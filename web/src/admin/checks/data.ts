// SPDX-License-Identifier: Apache-2.0
// Checks of a line group as the server has them, and what they have found in the user's language.
import {useQuery} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import type {Schemas} from '../../api/client';

export type Check = Schemas['Check'];
export type Report = Schemas['CheckReport'];
export type Row = Schemas['CheckRow'];
export type Verdict = Schemas['CheckVerdict'];
type Told = Pick<Row, 'row' | 'finding' | 'status' | 'ms' | 'line' | 'other'>;

// The newest first. Events `check` have these, and the reports, read anew.
export function useChecks(group: string) {
  return useQuery({
    queryKey: ['checks', group],
    queryFn: async (): Promise<Check[]> =>
      (await ask('get', '/groups/{group}/checks', {path: {group}})).data.items,
    enabled: group !== '',
  });
}

// `other`: the number of the check that it is compared with; none: the one before.
export function useReport(group: string, number: number | undefined, other: number | undefined) {
  return useQuery({
    queryKey: ['checks', group, number, other],
    queryFn: async (): Promise<Report> =>
      (await ask('get', '/groups/{group}/checks/{number}',
        {path: {group, number: number!}, query: {with: other}})).data,
    enabled: number !== undefined,
    placeholderData: (before) => (before?.number === number ? before : undefined),
  });
}

// The keys of a sentence in the languages, the most particular first: what is special about the
// status in that row, then about the row, then what holds for the finding in any row.
function keysOf(of: 'seen' | 'advice', {row, finding, status}: Told): string[] {
  const last = status >= 300 ? status : 'unsettled';
  return [`${of}Of.${row}.${finding}_${last}`, `${of}Of.${row}.${finding}`, `${of}Of.${row}.any`,
    `${of}.${finding}_${last}`, `${of}.${finding}`];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function useWords() {
  const {t, i18n} = useTranslation('checks');

  function sayTime(ms: number): string {
    const digits = ms < 1000 ? 0 : 1;
    return new Intl.NumberFormat(i18n.language, {style: 'unit', unitDisplay: 'short',
      unit: ms < 1000 ? 'millisecond' : 'second', maximumFractionDigits: digits})
      .format(ms < 1000 ? ms : ms / 1000);
  }

  // The server says it in English; where the language has a sentence of its own, by that.
  function say(of: 'seen' | 'advice', row: Row): string {
    if (row[of] === '') return '';
    const values = {line: row.line, other: row.other, time: sayTime(row.ms),
      status: row.status === 0 ? t('noAnswer') : row.status};
    return capital(t(keysOf(of, row), {...values, defaultValue: row[of]}));
  }

  return {say, sayTime, title: (row: string) => t(`rows.${row}`)};
}
