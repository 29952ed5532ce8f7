// SPDX-License-Identifier: Apache-2.0
// A table of records that the server pages and searches, good for any number of them.
import {Button, Group, Loader, Text, TextInput} from '@mantine/core';
import {useDebouncedValue} from '@mantine/hooks';
import {useState} from 'react';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {Icon} from '../../shared/icons';
import {placeOf, useRecords} from './data';
import type {Query} from './data';
import type {Kind, Stored} from './fields';
import {useProblemText} from '../../shared/reasons';

export interface Column {
  name: string; // in the languages, below the kind
  show: (record: Stored) => ReactNode;
  sort?: string; // the server's name for the order by this column
}

interface RecordListProps {
  kind: Kind;
  path?: Record<string, string>;
  query?: Query; // further choices
  columns: Column[];
  isSearched?: boolean;
  isCounted?: boolean; // what the query chooses is; the server counts not by all that it has
  tools?: ReactNode | ((found: Query) => ReactNode); // beside the search; what it finds, in order
  keyOf: (record: Stored) => string;
  picked?: Set<string>; // with it, rows can be picked
  onPick?: (picked: Set<string>, records: Stored[]) => void;
  onOpen?: (record: Stored) => void;
}

// The head of a column; where the server can sort by it, a button that does so.
function Head({column, label, sort, onSort}:
  {column: Column; label: string; sort: string; onSort: (sort: string) => void}) {
  const isUp = sort === column.sort;
  const isDown = sort === `-${column.sort}`;
  if (!column.sort) return <th scope="col">{label}</th>;
  return (
    <th scope="col" aria-sort={isUp ? 'ascending' : isDown ? 'descending' : 'none'}>
      <button type="button" className="la-sort"
        onClick={() => onSort(isUp ? `-${column.sort}` : column.sort!)}>
        {label}<span aria-hidden="true">{isUp ? '▲' : isDown ? '▼' : '↕'}</span>
      </button>
    </th>
  );
}

export function RecordList({kind, path = {}, query = {}, columns, isSearched = true,
  isCounted = true, tools, keyOf, picked, onPick, onOpen}: RecordListProps) {
  const {t, i18n} = useTranslation('admin');
  const sayProblem = useProblemText();
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 250);
  const [sort, setSort] = useState(columns[0].sort ?? '');
  const choice = JSON.stringify([search, path, query, sort]);
  const [places, setPlaces] = useState<{of: string; at: string[]}>({of: choice, at: []});
  const at = places.of === choice ? places.at : []; // another choice begins at its first page
  const isPaged = !path.extension && isSearched;
  const found = {...query, ...(isPaged && {q: search || undefined, sort: sort || undefined})};
  const list = useRecords(kind, path, {
    ...found,
    ...(isPaged && {limit: '50', after: at.at(-1), count: isCounted ? 'true' : undefined}),
  });
  const items = list.data?.items ?? [];
  // What is shown stays until what is wanted is there.
  const isBusy = list.isPending || list.isPlaceholderData || search !== typed.trim();
  const next = placeOf(list.data?.next);
  const isAll = items.length > 0 && items.every((item) => picked?.has(keyOf(item)));

  const labelOf = ({name}: Column) => t(`${kind.name}.${name}`,
    {defaultValue: t(`rule.${name}`, {defaultValue: name})});

  function pick(records: Stored[], isOn: boolean) {
    const now = new Set(picked);
    records.forEach((record) => (isOn ? now.add(keyOf(record)) : now.delete(keyOf(record))));
    onPick?.(now, items);
  }

  return (
    <section className="lw-card la-list" aria-busy={isBusy}>
      <div className="la-tools">
        {isSearched && (
          <TextInput type="search" aria-label={t('search')} placeholder={t('search')} value={typed}
            leftSection={<Icon name="search" size={16}/>} className="la-search"
            rightSection={isBusy && <Loader size="xs" aria-hidden="true"/>}
            onChange={(event) => setTyped(event.currentTarget.value)}/>
        )}
        {typeof tools === 'function' ? tools(found) : tools}
        {list.data?.count !== undefined && (
          <Text c="dimmed" size="sm" role="status">
            {t('count', {count: list.data.count,
              number: list.data.count.toLocaleString(i18n.language)})}
          </Text>
        )}
      </div>
      <div className="la-scroll" tabIndex={0} role="region" aria-label={t(`${kind.name}.many`)}>
        <table className="la-table la-records">
          <thead>
            <tr>
              {picked && (
                <th className="la-pick"><input type="checkbox" checked={isAll}
                  aria-label={t('pickAll')}
                  onChange={(event) => pick(items, event.currentTarget.checked)}/></th>
              )}
              {columns.map((column) => (
                <Head key={column.name} column={column} sort={sort} onSort={setSort}
                  label={labelOf(column)}/>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.map((record) => (
              <tr key={keyOf(record)}>
                {picked && (
                  <td className="la-pick"><input type="checkbox" checked={picked.has(keyOf(record))}
                    aria-label={t('pick', {name: keyOf(record)})}
                    onChange={(event) => pick([record], event.currentTarget.checked)}/></td>
                )}
                {columns.map((column, index) => (
                  <td key={column.name} data-label={labelOf(column)}>
                    {index === 0 && onOpen
                      ? <button type="button" className="la-open" onClick={() => onOpen(record)}>
                          {column.show(record)}</button>
                      : column.show(record)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {list.isSuccess && items.length === 0 && (
        <p className="la-empty">
          {search || !isCounted ? t('nothingFound') : t(`${kind.name}.none`)}</p>
      )}
      {list.isError && <p className="la-empty" role="alert">{sayProblem(list.error)}</p>}
      {(at.length > 0 || next) && (
        <Group justify="flex-end" gap="xs" mt="sm">
          <Button variant="default" size="xs" disabled={at.length === 0}
            onClick={() => setPlaces({of: choice, at: at.slice(0, -1)})}>{t('pageBefore')}</Button>
          <Button variant="default" size="xs" disabled={!next}
            onClick={() => setPlaces({of: choice, at: [...at, next!]})}>{t('pageNext')}</Button>
        </Group>
      )}
    </section>
  );
}
