// SPDX-License-Identifier: Apache-2.0
// What became of past calls: searched, and for each "why?".
import {Button, Group, Loader, NativeSelect, TextInput} from '@mantine/core';
import {useDebouncedValue} from '@mantine/hooks';
import {useInfiniteQuery} from '@tanstack/react-query';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import type {Schemas} from '../../api/client';
import {PageFrame} from '../../app/PageFrame';
import {Icon} from '../../shared/icons';
import {beforeOf, LineFigures} from '../../shared/LineFigures';
import {serverLanguage, useMyLines} from '../data';
import type {Line} from '../data';
import {Entry} from './Entry';

export type JournalEntry = Schemas['JournalEntry'];
type Outcome = JournalEntry['outcome'];
const OUTCOMES: Outcome[] = ['missed', 'answered', 'forwarded', 'answered_elsewhere', 'declined',
  'unanswered', 'failed'];
const PAGE = 50;

interface Search {
  text: string;
  outcome: Outcome | '';
  line: string;
}

function useJournal(search: Search) {
  const {i18n} = useTranslation();
  const language = serverLanguage(i18n.language);
  return useInfiniteQuery({
    queryKey: ['journal', search, language],
    queryFn: async ({pageParam}) => (await ask('get', '/journal', {query: {
      text: search.text, outcome: search.outcome, line: search.line, limit: PAGE, language,
      before: pageParam || undefined,
    }})).data,
    placeholderData: (before) => before, // what is shown stays until what is searched is there
    initialPageParam: 0,
    getNextPageParam: (page) => beforeOf(page.next),
  });
}

function Filters({search, lines, onChange}:
  {search: Search; lines: Line[]; onChange: (search: Search) => void}) {
  const {t} = useTranslation('user');
  return (
    <Group gap="sm" mb="md" align="flex-end">
      <TextInput className="lw-grow" type="search" label={t('journal.search')} value={search.text}
        leftSection={<Icon name="search" size={16}/>} maxLength={100}
        onChange={(event) => onChange({...search, text: event.currentTarget.value})}/>
      <NativeSelect label={t('journal.outcome')} value={search.outcome}
        onChange={(event) => onChange({...search, outcome: event.currentTarget.value as Outcome})}
        data={[{value: '', label: t('journal.any')},
          ...OUTCOMES.map((value) => ({value, label: t(`outcome.${value}`)}))]}/>
      {lines.length > 1 && (
        <NativeSelect label={t('lineChoice')} value={search.line}
          onChange={(event) => onChange({...search, line: event.currentTarget.value})}
          data={[{value: '', label: t('journal.any')}, ...lines.map((line) => line.extension)]}/>
      )}
    </Group>
  );
}

export default function Journal() {
  const {t} = useTranslation('user');
  const lines = useMyLines().data ?? [];
  const [search, setSearch] = useState<Search>({text: '', outcome: '', line: ''});
  const [settled] = useDebouncedValue(search, 250);
  const journal = useJournal(settled);
  const entries = journal.data?.pages.flatMap((page): JournalEntry[] => page.items ?? []) ?? [];
  return (
    <PageFrame title={t('journal.name')} lead={t('journal.lead')}>
      <Filters search={search} lines={lines} onChange={setSearch}/>
      {lines.filter((line) => !search.line || line.extension === search.line).map((line) => (
        <LineFigures key={`${line.group}/${line.extension}`} line={line}/>
      ))}
      {journal.isPending && <Loader aria-label={t('common:loading')}/>}
      {journal.isSuccess && entries.length === 0 && (
        <p className="lw-card lw-empty">{t('journal.none')}</p>
      )}
      {entries.length > 0 && (
        <ul className="lw-card lw-journal" aria-busy={journal.isPlaceholderData}>
          {entries.map((entry) => <Entry key={entry.id} entry={entry} line={lines.find((line) =>
            line.group === entry.group && line.extension === entry.line)}/>)}
        </ul>
      )}
      {journal.hasNextPage && (
        <Button variant="default" mt="md" loading={journal.isFetchingNextPage}
          onClick={() => void journal.fetchNextPage()}>{t('journal.more')}</Button>
      )}
    </PageFrame>
  );
}
