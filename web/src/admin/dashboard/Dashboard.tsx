// SPDX-License-Identifier: Apache-2.0
// How the system is doing: lines, calls, where they are forwarded to, and what needs attention.
import {NativeSelect} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {PageFrame} from '../../app/PageFrame';
import {clockOf} from '../../shared/time';
import '../admin.css';
import {useSamples, useStatistics, useStatus} from './data';
import type {Statistics, Status} from './data';
import {together, totalOf} from './plot';
import type {Point} from './plot';
import {Plot} from './Plot';
import {Warnings} from './Warnings';

const SPANS = {day: {hours: 24, bucket: 1}, week: {hours: 168, bucket: 6},
  month: {hours: 744, bucket: 24}};
type Span = keyof typeof SPANS;
const OUTCOMES = ['forwarded', 'missed', 'declined', 'answered', 'answered_elsewhere', 'failed'];
const OUTCOME_COLORS = [0, 2, 1, 3, 5, 4];
const STATES = ['registered', 'refused', 'unreachable'] as const;
const STATE_COLORS = [3, 4, 2];

// Of one line group, or of all ('').
function linesIn(status: Status, of: string, state: typeof STATES[number]): number {
  return status.groups.filter(({name}) => !of || name === of)
    .reduce((sum, group) => sum + group.lines[state], 0);
}

export default function Dashboard() {
  const {t} = useTranslation('admin');
  const [span, setSpan] = useState<Span>('day');
  const [chosen, setChosen] = useState('');
  const status = useStatus();
  const groups = status.data?.groups.map(({name}) => name) ?? [];
  const group = groups.includes(chosen) ? chosen : ''; // it may have been removed
  const {hours} = SPANS[span];
  const ofAll = useStatistics(hours, '');
  const statistics = useStatistics(hours, group);
  return (
    <PageFrame title={t('dashboard.title')} lead={t('dashboard.lead')} actions={
      <>
        {groups.length > 1 && (
          <NativeSelect aria-label={t('dashboard.group')} value={group}
            data={[{value: '', label: t('line.allGroups')}, ...groups]}
            onChange={(event) => setChosen(event.currentTarget.value)}/>
        )}
        <NativeSelect aria-label={t('dashboard.span')} value={span}
          data={Object.keys(SPANS).map((value) => ({value, label: t(`dashboard.spans.${value}`)}))}
          onChange={(event) => setSpan(event.currentTarget.value as Span)}/>
      </>}>
      {status.data && <Figures status={status.data} group={group} statistics={statistics.data}/>}
      {status.data && <Warnings status={status.data} statistics={ofAll.data}/>}
      {statistics.data && (
        <div className="la-two">
          <Calls of={statistics.data} span={span}/>
          <Lines group={group}/>
          <Targets of={statistics.data}/>
          {status.data && <Groups status={status.data}/>}
        </div>
      )}
    </PageFrame>
  );
}

function Figure({name, value, href}: {name: string; value: number; href?: string}) {
  const {i18n} = useTranslation();
  const number = <strong>{value.toLocaleString(i18n.language)}</strong>;
  return (
    <div className="lw-card la-figure">
      {number}
      {href ? <Link href={href} className="la-link">{name}</Link> : <span>{name}</span>}
    </div>
  );
}

function Figures({status, group, statistics}:
  {status: Status; group: string; statistics?: Statistics}) {
  const {t} = useTranslation('admin');
  const hours = statistics?.calls ?? [];
  const of = group && `&group=${encodeURIComponent(group)}`;
  const forwarded = hours.reduce((sum, hour) => sum + Number(hour.forwarded), 0);
  return (
    <div className="la-cards">
      {STATES.map((state) => (
        <Figure key={state} name={t(`dashboard.figures.${state}`)}
          value={linesIn(status, group, state)}
          href={`/admin/lines?state=${state}${of}`}/>
      ))}
      <Figure name={t('dashboard.figures.forwarded')} value={forwarded}/>
    </div>
  );
}

// A point in time as short as the span allows.
function useTimePrinter(span: Span) {
  const {i18n} = useTranslation();
  return (time: string) => new Date(time).toLocaleString(i18n.language,
    span === 'day' ? clockOf(i18n.language)
      : span === 'week' ? {weekday: 'short', hour: 'numeric'} : {day: 'numeric', month: 'short'});
}

function Calls({of, span}: {of: Statistics; span: Span}) {
  const {t} = useTranslation('admin');
  const printTime = useTimePrinter(span);
  const all: Point[] = of.calls.map((hour) =>
    ({time: String(hour.time), values: OUTCOMES.map((name) => Number(hour[name] ?? 0))}));
  const used = OUTCOMES.map((_, index) => index).filter((index) =>
    index === 0 || totalOf(all, index) > 0);
  const points = together(all.map(({time, values}) =>
    ({time, values: used.map((index) => values[index])})), SPANS[span].bucket);
  return (
    <section className="lw-card la-block">
      <h2>{t('dashboard.calls')}</h2>
      <Plot title={t('dashboard.calls')} isStacked points={points} printTime={printTime}
        series={used.map((index) => t(`outcomes.${OUTCOMES[index]}`))}
        colors={used.map((index) => OUTCOME_COLORS[index])}/>
    </section>
  );
}

function Lines({group}: {group: string}) {
  const {t} = useTranslation('admin');
  const printTime = useTimePrinter('day');
  const samples = useSamples(group);
  const points = (samples.data ?? []).map((sample) =>
    ({time: sample.time, values: STATES.map((state) => sample[state])}));
  return (
    <section className="lw-card la-block">
      <h2>{t('dashboard.lines')}</h2>
      <p className="la-note">{t(group ? 'dashboard.groupNote' : 'dashboard.linesNote')}</p>
      <Plot title={t('dashboard.lines')} points={points} printTime={printTime}
        series={STATES.map((state) => t(`states.${state}`))} colors={STATE_COLORS}/>
    </section>
  );
}

function Targets({of}: {of: Statistics}) {
  const {t, i18n} = useTranslation('admin');
  const shares = Object.entries(of.targets).filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...shares.map(([, count]) => count));
  return (
    <section className="lw-card la-block">
      <h2>{t('dashboard.targets')}</h2>
      {shares.length === 0 && <p className="la-empty">{t('dashboard.noTargets')}</p>}
      {shares.map(([name, count]) => (
        <div key={name} className="la-share">
          <span>{t(`number.classes.${name.replace(' ', '_')}`)}</span>
          <svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
            <rect className={`la-bar la-series-${name.includes('foreign') ? 2 : 0}`} height="12"
              width={(100 * count) / most}/>
          </svg>
          <span>{count.toLocaleString(i18n.language)}</span>
        </div>
      ))}
    </section>
  );
}

function Groups({status}: {status: Status}) {
  const {t, i18n} = useTranslation('admin');
  return (
    <section className="lw-card la-block">
      <h2>{t('group.many')}</h2>
      <div className="la-scroll" tabIndex={0} role="region" aria-label={t('group.many')}>
        <table className="la-table">
          <thead><tr><th scope="col">{t('group.name')}</th>{STATES.map((state) =>
            <th key={state} scope="col">{t(`states.${state}`)}</th>)}</tr></thead>
          <tbody>{status.groups.map((group) => (
            <tr key={group.name}><td>{group.name}</td>{STATES.map((state) =>
              <td key={state}>{group.lines[state].toLocaleString(i18n.language)}</td>)}</tr>
          ))}</tbody>
        </table>
      </div>
    </section>
  );
}
