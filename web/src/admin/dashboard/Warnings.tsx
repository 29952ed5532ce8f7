// SPDX-License-Identifier: Apache-2.0
// What needs attention: alarms, PBXs that cannot be reached, lines that they refuse, what is set to
// forward abroad, calls that went there, what was lost.
import {useQuery} from '@tanstack/react-query';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {ask} from '../../api/client';
import {Icon} from '../../shared/icons';
import {AbroadForAll, AbroadLines, countAbroad, useAbroadLines} from './Abroad';
import {AlarmWarning, MoreAlarms, useShownAlarms} from './Alarms';
import type {Statistics, Status} from './data';

const SHOWN_MAX = 5; // of the lines that are refused

function useRefused(isOn: boolean) {
  return useQuery({
    queryKey: ['lines', 'refused'],
    queryFn: async () =>
      (await ask('get', '/lines', {query: {state: 'refused', limit: SHOWN_MAX}})).data.items ?? [],
    enabled: isOn,
  });
}

export function Warnings({status, statistics}: {status: Status; statistics?: Statistics}) {
  const {t} = useTranslation('admin');
  const isRefused = status.groups.some((group) => group.lines.refused > 0);
  const refused = useRefused(isRefused);
  const alarms = useShownAlarms();
  const abroadCount = countAbroad(status);
  const abroadLines = useAbroadLines(abroadCount > 0);
  const warnings: [string, ReactNode][] = alarms.shown.map((alarm) =>
    [`alarm ${alarm.id}`, <AlarmWarning alarm={alarm}/>]);
  if (alarms.moreCount > 0) warnings.push(['alarms', <MoreAlarms count={alarms.moreCount}
    onOpen={alarms.showAll}/>]);
  const targets: Record<string, number> = statistics?.targets ?? {};
  const abroad = (targets.foreign ?? 0) + (targets['foreign premium'] ?? 0);
  for (const {name, lines, check, abroad: set} of status.groups) {
    if (set.admin_forwardings.length > 0) {
      warnings.push([`abroad ${name}`, <AbroadForAll group={name} names={set.admin_forwardings}/>]);
    }
    if (lines.unreachable > 0) {
      warnings.push([`unreachable ${name}`,
        t('warnings.unreachable', {group: name, count: lines.unreachable})]);
    }
    if (check && check.fails.length > 0) {
      const isSecond = check.fails.includes('second_call');
      warnings.push([`check ${name}`, (
        <Link className="la-link"
          href={`/admin/groups/${encodeURIComponent(name)}/checks/${check.number}`}>
          {t(isSecond ? 'warnings.noSecondCall' : 'warnings.check',
            {group: name, count: check.fails.length})}</Link>
      )]);
    }
  }
  for (const line of isRefused ? refused.data ?? [] : []) {
    const {status: code, reason} = line.registration ?? {};
    warnings.push([`refused ${line.group}/${line.extension}`, (
      <Link className="la-link" href="/admin/lines?state=refused">
        {t('warnings.refused', {line: `${line.group}/${line.extension}`,
          reason: [code, reason].filter(Boolean).join(' ')})}</Link>
    )]);
  }
  if (abroadCount > 0 && abroadLines.data) {
    warnings.push(['abroad lines',
      <AbroadLines count={abroadCount} lines={abroadLines.data}/>]);
  }
  if (abroad > 0) warnings.push(['abroad', t('warnings.abroad', {count: abroad})]);
  if (statistics && statistics.loops > 0) {
    warnings.push(['loops', t('warnings.loops', {count: statistics.loops})]);
  }
  if (status.journal_dropped > 0) {
    warnings.push(['journal', t('warnings.journal', {count: status.journal_dropped})]);
  }
  if (status.overloaded > 0) {
    warnings.push(['overload', t('warnings.overload', {count: status.overloaded})]);
  }
  if (status.groups.length === 0) {
    warnings.push(['none', <Link className="la-link" href="/setup">{t('warnings.noGroup')}</Link>]);
  }
  if (warnings.length === 0) return null;
  return (
    <section className="lw-card la-block" aria-labelledby="warnings">
      <h2 id="warnings">{t('warnings.title')}</h2>
      {warnings.map(([key, text]) => (
        <div key={key} className="la-warning">
          <Icon name="warning" size={18}/><div>{text}</div>
        </div>
      ))}
    </section>
  );
}
