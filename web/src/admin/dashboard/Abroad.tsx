// SPDX-License-Identifier: Apache-2.0
// Forwardings that are set to targets abroad, before a call takes that way: how many lines have
// one, the first of them, and the way to all.
import {useQuery} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {ask} from '../../api/client';
import type {Schemas} from '../../api/client';
import type {Status} from './data';

const SHOWN_MAX = 5;

type Line = Schemas['Line'];

export function countAbroad(status: Status): number {
  return status.groups.reduce((sum, group) => sum + group.abroad.lines, 0);
}

export function useAbroadLines(isOn: boolean) {
  return useQuery({
    queryKey: ['abroad'],
    queryFn: async () =>
      (await ask('get', '/lines', {query: {abroad: true, limit: SHOWN_MAX}})).data.items ?? [],
    enabled: isOn,
  });
}

function nameOf(line: Line): string {
  return `${line.group}/${line.extension}`;
}

export function AbroadLines({count, lines}: {count: number; lines: Line[]}) {
  const {t, i18n} = useTranslation('admin');
  return (
    <div>
      {t('warnings.abroadSet', {count, number: count.toLocaleString(i18n.language)})}
      <span className="la-reason">
        {lines.map((line) => (
          <span key={nameOf(line)} className="la-abroad">
            <Link className="la-link" href={`/admin/audit?text=${
              encodeURIComponent(`${nameOf(line)}/`)}`}
              aria-label={t('warnings.abroadWho', {line: nameOf(line)})}>{nameOf(line)}</Link>
            {` → ${line.abroad}`}
          </span>
        ))}
        <Link className="la-link" href="/admin/lines?state=abroad">
          {t('warnings.abroadAll', {count})}</Link>
      </span>
    </div>
  );
}

export function AbroadForAll({group, names}: {group: string; names: string[]}) {
  const {t} = useTranslation('admin');
  return (
    <Link className="la-link" href="/admin/forwardings">
      {t('warnings.abroadForAll', {group, count: names.length, names: names.join(', ')})}</Link>
  );
}
