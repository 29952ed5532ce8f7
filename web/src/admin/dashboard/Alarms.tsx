// SPDX-License-Identifier: Apache-2.0
// What a line's limits have kept from being forwarded, and redirects that did not arrive, each
// until somebody lifts it (docs/toll-fraud.md).
import {Button} from '@mantine/core';
import {useQueryClient} from '@tanstack/react-query';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {ask} from '../../api/client';
import {sayWhen} from '../../shared/time';
import {useTold} from '../../shared/undo';
import {useAlarms} from './data';
import type {Alarm} from './data';

const SHOWN_MAX = 5; // before somebody wants to see all

function lineOf(alarm: Alarm): string {
  return `${alarm.group}/${alarm.line}`;
}

// The alarms to be shown, those with the latest calls first, and how many there are besides.
export function useShownAlarms() {
  const [isAll, setAll] = useState(false);
  const alarms = [...(useAlarms().data ?? [])].sort((a, b) => b.last.localeCompare(a.last));
  const shown = isAll ? alarms : alarms.slice(0, SHOWN_MAX);
  return {shown, moreCount: alarms.length - shown.length, showAll: () => setAll(true)};
}

export function MoreAlarms({count, onOpen}: {count: number; onOpen: () => void}) {
  const {t} = useTranslation('admin');
  return (
    <button type="button" className="la-open" onClick={onOpen}>{t('alarm.more', {count})}</button>
  );
}

export function AlarmWarning({alarm}: {alarm: Alarm}) {
  const {t, i18n} = useTranslation('admin');
  const {kind, count, target, group} = alarm;
  const [since, last] = [alarm.since, alarm.last].map((time) => sayWhen(time, i18n.language));
  return (
    <div className="la-alarm">
      <div>
        {t(`alarm.${kind}`, {count, line: lineOf(alarm), target})}
        <span className="la-reason">
          {since === last ? t('alarm.at', {since}) : t('alarm.since', {since, last})}{' · '}
          {kind === 'redirect_lost'
            ? <Link className="la-link" href={`/admin/groups/${encodeURIComponent(group)}/checks`}>
                {t('alarm.toCheck', {group})}</Link>
            : <Link className="la-link" href={`/admin/audit?text=${
                encodeURIComponent(`${lineOf(alarm)}/`)}`}>{t('alarm.toAudit')}</Link>}
        </span>
      </div>
      <Lift alarm={alarm}/>
    </div>
  );
}

// Asked for twice: calls are forwarded again. Where it fails, it may be that somebody was faster.
function Lift({alarm}: {alarm: Alarm}) {
  const {t} = useTranslation('admin');
  const client = useQueryClient();
  const {tell, fail} = useTold();
  const [isSure, setSure] = useState(false);
  const line = lineOf(alarm);
  async function lift() {
    setSure(false);
    try {
      await ask('post', '/alarms/{alarm}/lift', {path: {alarm: alarm.id}, body: {}});
      tell(t('alarm.lifted', {line}));
    } catch (problem) {
      fail(problem);
    }
    await client.invalidateQueries({queryKey: ['alarms']});
  }
  if (!isSure) {
    return <Button size="compact-sm" variant="default" flex="none"
      aria-label={`${t('alarm.lift')}: ${line}`} onClick={() => setSure(true)}>
      {t('alarm.lift')}</Button>;
  }
  return <Button size="compact-sm" flex="none" autoFocus onBlur={() => setSure(false)}
    onClick={() => void lift()}>
    {t(alarm.kind === 'redirect_lost' ? 'alarm.liftSure' : 'alarm.forwardAgain')}</Button>;
}
