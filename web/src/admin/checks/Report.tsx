// SPDX-License-Identifier: Apache-2.0
// What a check has found, row by row, as it is found: what was seen, and what to do about it.
import {Button, NativeSelect} from '@mantine/core';
import {useState} from 'react';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import {Icon} from '../../shared/icons';
import type {IconName} from '../../shared/icons';
import {useProblemText} from '../../shared/reasons';
import {useTold} from '../../shared/undo';
import {useReport, useWords} from './data';
import type {Check, Report, Row, Verdict} from './data';

const VERDICTS: Verdict[] = ['ok', 'limited', 'fails', 'not_tested'];
const ICONS: Record<Verdict, IconName> = {ok: 'check', limited: 'warning', fails: 'close',
  not_tested: 'chevron'};

function VerdictMark({verdict}: {verdict: Verdict}) {
  const {t} = useTranslation('checks');
  return (
    <span className="lk-verdict" data-verdict={verdict}>
      <Icon name={ICONS[verdict]} size={14}/>{t(`verdicts.${verdict}`)}
    </span>
  );
}

// Of a check that runs, what has not been looked at yet.
function isOpen(report: Report, row: Row): boolean {
  return report.state === 'running' && row.verdict === 'not_tested' && row.finding === 'nothing';
}

function Facts({report}: {report: Report}) {
  const {t, i18n} = useTranslation('checks');
  const {sayTime} = useWords();
  const {caller, diverter, target} = report.lines;
  const ms = report.ended ? Date.parse(report.ended) - Date.parse(report.started) : 0;
  const facts: [string, ReactNode][] = [
    ['started', new Date(report.started).toLocaleString(i18n.language)],
    ...(report.ended ? [['took', sayTime(Math.max(ms, 1000))] as [string, ReactNode]] : []),
    ['pbx', report.server || t('facts.silent')],
    ['lines', t('facts.roles', {caller, diverter, target})],
    ...(report.external ? [['external', report.external] as [string, ReactNode]] : []),
  ];
  return (
    <dl className="la-facts">
      {facts.map(([name, value]) => (
        <div key={name}><dt>{t(`facts.${name}`)}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

function Progress({report, onCancel}: {report: Report; onCancel: () => void}) {
  const {t} = useTranslation('checks');
  const known = report.rows.filter((row) => !isOpen(report, row)).length;
  const values = {known, all: report.rows.length};
  return (
    <div className="lk-progress">
      <progress max={values.all} value={known} aria-label={t('progress.label')}/>
      <span>{t('progress.text', values)}</span>
      <Button variant="default" size="compact-sm" onClick={onCancel}>{t('progress.cancel')}</Button>
    </div>
  );
}

function Counts({report}: {report: Report}) {
  const {t} = useTranslation('checks');
  return (
    <ul className="lk-counts" aria-label={t('counts')}>
      {VERDICTS.filter((verdict) => report.counts[verdict] > 0).map((verdict) => (
        <li key={verdict}><strong>{report.counts[verdict]}</strong>
          <VerdictMark verdict={verdict}/></li>
      ))}
    </ul>
  );
}

function RowOf({report, row}: {report: Report; row: Row}) {
  const {t} = useTranslation('checks');
  const {say, title} = useWords();
  const advice = say('advice', row);
  if (isOpen(report, row)) {
    return <li className="lk-row" data-row={row.row} data-open>
      <h3>{title(row.row)}</h3><p className="la-note">{t('notYet')}</p></li>;
  }
  return (
    <li className="lk-row" data-row={row.row}>
      <h3>{title(row.row)}</h3>
      <VerdictMark verdict={row.verdict}/>
      <p>{say('seen', row)}.</p>
      {advice && <p className="lk-advice"><strong>{t('toDo')}</strong> {advice}.</p>}
    </li>
  );
}

// What has changed since another one.
function Comparison({report, others, onChoose}:
  {report: Report; others: Check[]; onChoose: (number: number) => void}) {
  const {t, i18n} = useTranslation('checks');
  const {title} = useWords();
  if (others.length === 0 || report.state === 'running') return null;
  const days = (check: Check) => new Date(check.started).toLocaleString(i18n.language,
    {dateStyle: 'medium', timeStyle: 'short'});
  return (
    <div className="lk-compare">
      <NativeSelect label={t('compare.with')} value={String(report.previous ?? '')}
        data={[...(report.previous ? [] : [{value: '', label: t('compare.none')}]),
          ...others.map((check) => ({value: String(check.number),
            label: t('compare.choice', {number: check.number, when: days(check)})}))]}
        onChange={(event) => onChoose(Number(event.currentTarget.value))}/>
      {report.previous && report.changes.length === 0 && (
        <p className="la-note">{t('compare.same')}</p>
      )}
      {report.changes.length > 0 && (
        <ul className="lk-changes" aria-label={t('compare.changes')}>
          {report.changes.map((change) => (
            <li key={change.row}>
              <strong>{title(change.row)}</strong>
              <VerdictMark verdict={change.before}/>
              <span aria-hidden="true">→</span>
              <span className="lw-hidden">{t('compare.became')}</span>
              <VerdictMark verdict={change.after}/>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function ReportOf({group, number, others}:
  {group: string; number: number; others: Check[]}) {
  const {t} = useTranslation('checks');
  const sayProblem = useProblemText();
  const {fail} = useTold();
  const [other, setOther] = useState<number>();
  const {data: report, error} = useReport(group, number, other);
  if (error) return <p className="lw-card la-block" role="alert">{sayProblem(error)}</p>;
  if (!report) return null;

  async function cancel() {
    await ask('post', '/groups/{group}/checks/{number}/cancel',
      {path: {group, number}, body: {}}).catch(fail);
  }

  return (
    <section className="lw-card la-block" aria-labelledby="report" data-state={report.state}>
      <h2 id="report">{t('report', {number})}</h2>
      <p role="status" className="la-note">{t(`said.${report.state}`)}</p>
      {report.state === 'running' && <Progress report={report} onCancel={() => void cancel()}/>}
      <Facts report={report}/>
      {report.state !== 'running' && <Counts report={report}/>}
      <Comparison report={report} others={others} onChoose={setOther}/>
      <ul className="lk-rows" aria-label={t('rowsLabel')}>
        {report.rows.map((row) => <RowOf key={row.row} report={report} row={row}/>)}
      </ul>
    </section>
  );
}
