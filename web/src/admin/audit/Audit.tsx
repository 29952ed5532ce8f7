// SPDX-License-Identifier: Apache-2.0
// Who changed what, with before and after, and taking it back.
import {Alert, Button, Group, NativeSelect, TextInput} from '@mantine/core';
import {useDebouncedValue} from '@mantine/hooks';
import {notifications} from '@mantine/notifications';
import {useInfiniteQuery} from '@tanstack/react-query';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
import type {Schemas} from '../../api/client';
import {PageFrame} from '../../app/PageFrame';
import {Icon} from '../../shared/icons';
import '../admin.css';
import {inert} from '../records/csv';
import type {Exported} from '../records/csv';
import {useRenewal} from '../records/data';
import {ExportButton} from '../records/ExportButton';
import type {Stored} from '../records/fields';
import {useProblemText} from '../../shared/reasons';

type Entry = Schemas['AuditEntry'];
const KINDS = ['', 'group', 'line', 'user', 'forwarding', 'exception', 'admin_forwarding',
  'calendar', 'profile', 'device', 'token', 'alarm'];

const textOf = (name: string) => (record: Stored) => inert(String(record[name] ?? ''));
const fieldsOf = (name: string) => (record: Stored) =>
  (record[name] ? JSON.stringify(record[name]) : '');
const EXPORTED: Exported = {id: 'id', time: 'time', actor: textOf('actor'),
  for_user: textOf('for_user'), action: 'action', kind: 'kind', key: textOf('key'),
  before: fieldsOf('before'), after: fieldsOf('after')};

// What another page wants to be looked for.
function textOfAddress(): string {
  return new URLSearchParams(window.location.search).get('text') ?? '';
}

function useAudit(kind: string, text: string) {
  return useInfiniteQuery({
    queryKey: ['audit', kind, text],
    queryFn: async ({pageParam}) => (await ask('get', '/audit',
      {query: {limit: 50, kind, text, before: pageParam || undefined}})).data,
    placeholderData: (before) => before, // what is shown stays until what is searched is there
    initialPageParam: '',
    getNextPageParam: (last) => (last.next
      ? new URL(last.next, 'http://x').searchParams.get('before') : null),
  });
}

export default function Audit() {
  const {t} = useTranslation('admin');
  const [kind, setKind] = useState('');
  const [typed, setTyped] = useState(textOfAddress);
  const [text] = useDebouncedValue(typed.trim(), 250);
  const audit = useAudit(kind, text);
  const entries = audit.data?.pages.flatMap((page) => (page.items ?? []) as Entry[]) ?? [];
  return (
    <PageFrame title={t('audit.title')} lead={t('audit.lead')}>
      <section className="lw-card la-list">
        <div className="la-tools">
          <TextInput type="search" aria-label={t('search')} placeholder={t('search')} value={typed}
            leftSection={<Icon name="search" size={16}/>} className="la-search"
            onChange={(event) => setTyped(event.currentTarget.value)}/>
          <NativeSelect aria-label={t('audit.kind')} value={kind}
            data={KINDS.map((value) => ({value, label: t(`audit.kinds.${value || 'any'}`)}))}
            onChange={(event) => setKind(event.currentTarget.value)}/>
          <ExportButton name="audit" list="/audit" columns={EXPORTED} by="before"
            found={{kind: kind || undefined, text: text || undefined}}/>
        </div>
        <div aria-busy={audit.isPlaceholderData || text !== typed.trim()}>
          {entries.map((entry) => <AuditEntry key={entry.id} entry={entry}/>)}
        </div>
        {audit.isSuccess && entries.length === 0 && <p className="la-empty">{t('nothingFound')}</p>}
        {audit.hasNextPage && (
          <Group justify="center" mt="md">
            <Button variant="default" loading={audit.isFetchingNextPage}
              onClick={() => void audit.fetchNextPage()}>{t('more')}</Button>
          </Group>
        )}
      </section>
    </PageFrame>
  );
}

function AuditEntry({entry}: {entry: Entry}) {
  const {t, i18n} = useTranslation('admin');
  const names = Object.keys({...entry.before, ...entry.after});
  return (
    <article className="la-entry">
      <div className="la-entry-head">
        <div>
          <strong>{t(`audit.kinds.${entry.kind}`, {defaultValue: entry.kind})} {entry.key}</strong>
          {' '}{t(`audit.actions.${entry.action}`)}
          <span className="la-reason">
            {new Date(entry.time).toLocaleString(i18n.language)} · {entry.actor}
            {entry.for_user && ` ${t('audit.for', {name: entry.for_user})}`}
          </span>
        </div>
        {entry.kind !== 'alarm' && <Revert entry={entry}/>}
      </div>
      {entry.action === 'changed'
        ? <Differences entry={entry} names={names}/>
        : (
          <details>
            <summary>{t('audit.fields', {count: names.length})}</summary>
            <Differences entry={entry} names={names}/>
          </details>
        )}
    </article>
  );
}

function shown(value: unknown): string {
  return value === '' ? '""' : JSON.stringify(value);
}

function Differences({entry, names}: {entry: Entry; names: string[]}) {
  const {t} = useTranslation('admin');
  const before = entry.before as Record<string, unknown> | null;
  const after = entry.after as Record<string, unknown> | null;
  return (
    <ul>
      {names.map((name) => (
        <li key={name}>
          {t(`${entry.kind}.${name.replace(/_set$/, '')}`,
            {defaultValue: t(`rule.${name}`, {defaultValue: name})})}:{' '}
          {before && <code><del aria-label={t('audit.before')}>{shown(before[name])}</del></code>}
          {before && after && ' → '}
          {after && <code><ins aria-label={t('audit.after')}>{shown(after[name])}</ins></code>}
        </li>
      ))}
    </ul>
  );
}

// Taken back at one touch; where somebody has changed it since, that is told, and asked for again.
function Revert({entry}: {entry: Entry}) {
  const {t} = useTranslation('admin');
  const sayProblem = useProblemText();
  const renew = useRenewal();
  const [problem, setProblem] = useState<Problem | null>(null);
  async function revert(force: boolean) {
    setProblem(null);
    try {
      const {data} = await ask('post', '/audit/{id}/revert', {path: {id: entry.id}, body: {force}});
      notifications.show({message: t('audit.reverted')});
      data.warnings.forEach((message) => notifications.show({color: 'orange', message}));
      await renew();
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setProblem(caught);
    }
  }
  return (
    <div>
      <Button size="compact-sm" variant="default" leftSection={<Icon name="undo" size={14}/>}
        aria-label={t('audit.revertOf', {key: entry.key})}
        onClick={() => void revert(false)}>{t('audit.revert')}</Button>
      {problem && (
        <Alert color="red" role="alert" mt="xs" title={t('audit.notReverted')}>
          {sayProblem(problem)}
          {problem.status === 409 && problem.errors.length > 0 && (
            <Group mt="xs"><Button size="compact-sm" onClick={() => void revert(true)}>
              {t('audit.force')}</Button></Group>
          )}
        </Alert>
      )}
    </div>
  );
}
