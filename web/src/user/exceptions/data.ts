// SPDX-License-Identifier: Apache-2.0
// The exceptions of a line: read, and changed with the tag of what was seen.
import {useQueries, useQuery, useQueryClient} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
import {useTold} from '../../shared/undo';
import {keyOf} from '../data';
import type {Exception, LineKey} from '../data';

export type ExceptionFields = Omit<Exception, 'group' | 'extension' | 'position' | 'warnings'>;

// An exception as it was read; without fields: there is none in that place (any more).
export interface SeenException {
  position: number;
  fields: ExceptionFields | null;
  etag: string | null;
}

export function isSame(a: ExceptionFields | null, b: ExceptionFields | null): boolean {
  if (!a || !b) return a === b;
  return (Object.keys(NEW) as (keyof ExceptionFields)[])
    .every((field) => (a[field] ?? NEW[field]) === (b[field] ?? NEW[field]));
}

export const NEW: ExceptionFields = {
  condition: 'immediate', origin: 'all', caller: '', schedule: '', presence: '', ring: false,
  target: '', delay: 0, until: '', calls: 0, enabled: true,
};

const ALL = '/groups/{group}/lines/{extension}/exceptions';
const ONE = '/groups/{group}/lines/{extension}/exceptions/{position}';

export function fieldsOf(exception: Exception): ExceptionFields {
  const {group: _g, extension: _e, position: _p, warnings: _w, ...fields} = exception;
  return fields;
}

function exceptionsOf(line: LineKey) {
  return {
    queryKey: ['exceptions', line.group, line.extension],
    queryFn: async (): Promise<Exception[]> =>
      (await ask('get', ALL, {path: keyOf(line)})).data.items ?? [],
  };
}

export function useExceptions(line: LineKey) {
  return useQuery(exceptionsOf(line));
}

// The exceptions that are on and forward, of all these lines.
export function useExceptionsOn(lines: LineKey[]): Exception[] {
  return useQueries({queries: lines.map(exceptionsOf)})
    .flatMap((result) => result.data ?? [])
    .filter((exception) => exception.enabled && !exception.ring);
}

export async function readException(line: LineKey, position: number): Promise<SeenException> {
  try {
    const {data, etag} = await ask('get', ONE, {path: {...keyOf(line), position}});
    return {position, fields: fieldsOf(data), etag};
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) {
      return {position, fields: null, etag: null};
    }
    throw problem;
  }
}

export function useExceptionChanges(line: LineKey) {
  const {t} = useTranslation('user');
  const client = useQueryClient();
  const {tell, fail} = useTold();
  const path = (position: number) => ({...keyOf(line), position});

  async function refresh() {
    await Promise.all(['exceptions', 'explain'].map((subject) =>
      client.invalidateQueries({queryKey: [subject, line.group, line.extension]})));
  }

  // Does something, and has read anew what it has changed, or why it was refused.
  async function renewing<T>(action: Promise<T>): Promise<T> {
    try {
      return await action;
    } finally {
      void refresh();
    }
  }

  // Makes the exception what `fields` say, where it still has that ETag; null: where there is none.
  async function put(position: number, fields: ExceptionFields, etag: string | null) {
    const condition = etag ? {ifMatch: etag} : {ifNoneMatch: '*' as const};
    return renewing(ask('put', ONE, {path: path(position), body: fields, ...condition}));
  }

  async function drop(position: number, etag: string | null) {
    await renewing(ask('delete', ONE, {path: path(position), ifMatch: etag ?? '*'}));
  }

  async function moveTo(from: number, to: number, etag: string | null) {
    return (await renewing(ask('patch', ONE,
      {path: path(from), body: {position: to}, ifMatch: etag ?? '*'}))).etag;
  }

  // The exception, if it still is as the page shows it.
  async function readShown(exception: Exception): Promise<SeenException> {
    const seen = await readException(line, exception.position);
    if (isSame(seen.fields, fieldsOf(exception))) return seen;
    void refresh();
    throw new Problem(412, 'it has changed since it was seen');
  }

  async function change(seen: SeenException, fields: ExceptionFields): Promise<string[]> {
    const {data, etag} = await put(seen.position, fields, seen.etag);
    tell(t('exceptions.saved'), () => (seen.fields
      ? put(seen.position, seen.fields, etag) : drop(seen.position, etag)));
    return data.warnings ?? [];
  }

  async function orTell(action: () => Promise<unknown>) {
    await action().catch(fail);
  }

  return {
    change,
    async add(fields: ExceptionFields): Promise<string[]> {
      const {data, etag} = await renewing(ask('post', ALL, {path: keyOf(line), body: fields}));
      tell(t('exceptions.added'), () => drop(data.position!, etag));
      return data.warnings ?? [];
    },
    setEnabled: (exception: Exception, enabled: boolean) => orTell(async () => {
      const seen = await readShown(exception);
      await change(seen, {...fieldsOf(exception), enabled});
    }),
    remove: (exception: Exception) => orTell(async () => {
      const seen = await readShown(exception);
      await drop(exception.position, seen.etag);
      tell(t('exceptions.removed'), () => put(exception.position, fieldsOf(exception), null));
    }),
    move: (exception: Exception, to: number) => orTell(async () => {
      const from = exception.position;
      const after = await moveTo(from, to, (await readShown(exception)).etag);
      tell(t('exceptions.moved'), () => moveTo(to, from, after));
    }),
  };
}
