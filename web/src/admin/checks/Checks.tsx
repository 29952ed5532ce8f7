// SPDX-License-Identifier: Apache-2.0
// The check of a line group: started, watched row by row, ended, read, and compared with others.
import {useQueryClient} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {Link, useLocation, useParams} from 'wouter';
import {PageFrame} from '../../app/PageFrame';
import {useProblemText} from '../../shared/reasons';
import '../admin.css';
import './checks.css';
import {useChecks} from './data';
import type {Check} from './data';
import {ReportOf} from './Report';
import {StartForm} from './StartForm';

function addressOf(group: string, number: number): string {
  return `/admin/groups/${encodeURIComponent(group)}/checks/${number}`;
}

// Those that are kept. The one that is shown is marked.
function Kept({group, checks, shown}: {group: string; checks: Check[]; shown: number}) {
  const {t, i18n} = useTranslation('checks');
  return (
    <section className="lw-card la-block">
      <h2>{t('kept.title')}</h2>
      <div className="la-scroll" tabIndex={0} role="region" aria-label={t('kept.title')}>
        <table className="la-table">
          <thead><tr>
            {['check', 'started', 'state', 'found', 'pbx'].map((name) =>
              <th key={name} scope="col">{t(`kept.${name}`)}</th>)}
          </tr></thead>
          <tbody>{checks.map((check) => (
            <tr key={check.number} data-shown={check.number === shown || undefined}>
              <td><Link className="la-link" href={addressOf(group, check.number)}
                aria-current={check.number === shown ? 'true' : undefined}>
                {t('kept.number', {number: check.number})}</Link></td>
              <td>{new Date(check.started).toLocaleString(i18n.language)}</td>
              <td>{t(`states.${check.state}`)}</td>
              <td>{t('kept.counts', check.counts)}</td>
              <td>{check.server || t('kept.silent')}</td>
            </tr>
          ))}</tbody>
        </table>
      </div>
    </section>
  );
}

export default function Checks() {
  const {t} = useTranslation('checks');
  const sayProblem = useProblemText();
  const params = useParams<{group: string; number?: string}>();
  const group = decodeURIComponent(params.group);
  const client = useQueryClient();
  const [, goTo] = useLocation();
  const {data: checks, isPending, error} = useChecks(group);
  const running = checks?.find((check) => check.state === 'running');
  const shown = params.number ? Number(params.number) : checks?.[0]?.number;

  function show(number: number) {
    goTo(addressOf(group, number));
    void client.invalidateQueries({queryKey: ['checks']});
  }

  return (
    <PageFrame title={t('title', {group})} lead={t('lead')} actions={
      <Link href="/admin/groups" className="la-link">{t('toGroups')}</Link>}>
      <div aria-busy={isPending}>
        {error && <p className="lw-card la-block" role="alert">{sayProblem(error)}</p>}
        {checks && !running && (
          <StartForm key={group} group={group} isOpen={checks.length === 0} onStarted={show}/>
        )}
        {running && running.number !== shown && (
          <p className="lw-card la-block">
            <Link className="la-link" href={addressOf(group, running.number)}>
              {t('otherRuns', {number: running.number})}</Link>
          </p>
        )}
        {checks && shown !== undefined && (
          <ReportOf key={shown} group={group} number={shown}
            others={checks.filter((check) =>
              check.number !== shown && check.state !== 'running')}/>
        )}
        {checks && checks.length > 0 && <Kept group={group} checks={checks} shown={shown ?? 0}/>}
      </div>
    </PageFrame>
  );
}
