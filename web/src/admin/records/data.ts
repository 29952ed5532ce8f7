// SPDX-License-Identifier: Apache-2.0
// Reading and saving records of any kind.
import {useQuery, useQueryClient} from '@tanstack/react-query';
import {ask} from '../../api/client';
import type {Answer, Asked} from '../../api/client';
import type {Kind, Stored} from './fields';
import type {Worker} from './work';

// The same operations for every kind: their paths are known at run time only.
export const askAny = ask as unknown as
  (method: string, path: string, asked?: Asked) => Promise<Answer<Stored>>;

export interface Page {
  items: Stored[];
  next?: string;
  count?: number;
}

export type Query = Record<string, string | undefined>;

export function useRecords(kind: Kind, path: Record<string, string>, query: Query, isOn = true) {
  return useQuery({
    queryKey: [`${kind.name}s`, 'page', path, query],
    queryFn: async () => (await askAny('get', kind.list, {path, query})).data as unknown as Page,
    placeholderData: (before) => before,
    enabled: isOn,
  });
}

// Records go on after their key; what has happened, and is listed the newest first, before its
// number, and is not counted.
export type PlacedBy = 'after' | 'before';
const PAGE_MAX = 1000; // that a list answers at once

// Not all that a list is asked for can be counted by the server.
function isCounted(query: Query): boolean {
  return !query.state && !query.abroad;
}

// All records that a query finds, read page by page: `by` the parameter that a page begins with.
export async function readAll(list: string, query: Query, {signal, tell}: Worker,
  by: PlacedBy = 'after'): Promise<Stored[]> {
  const records: Stored[] = [];
  let place: string | undefined;
  let all: number | undefined;
  do {
    const count = !place && by === 'after' && isCounted(query) ? true : undefined;
    const {data} = await askAny('get', list,
      {query: {...query, limit: PAGE_MAX, [by]: place, count}, signal});
    const page = data as unknown as Page;
    records.push(...page.items);
    all ??= page.count;
    tell({name: 'reading', done: records.length, all});
    place = placeOf(page.next, by);
  } while (place);
  return records;
}

export function useNames(list: string, isOn = true): string[] {
  const names = useQuery({
    queryKey: [list.slice(1), 'names'],
    queryFn: async () =>
      (await askAny('get', list, {query: {limit: PAGE_MAX}})).data as unknown as Page,
    enabled: isOn,
  });
  return (names.data?.items ?? []).map((item) => String(item.name));
}

// Has everything that may show the kind read anew.
export function useRenewal() {
  const client = useQueryClient();
  return () => client.invalidateQueries({predicate: ({queryKey}) => queryKey[0] !== 'session'});
}

// The place that a list's `next` begins behind.
export function placeOf(next: string | undefined, by: PlacedBy = 'after'): string | undefined {
  if (!next) return undefined;
  return new URL(next, 'http://x').searchParams.get(by) ?? undefined;
}
