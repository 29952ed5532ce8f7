// SPDX-License-Identifier: Apache-2.0
// The exceptions of a line: read, and changed with the tag of what was seen.
import {useQueries, useQuery, useQueryClient} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
import {useTold} from '../../shared/undo';
import {keyOf} from '../data';
import type {Exception, LineKey} from '../data';

export type ExceptionFields = Omit<Exception, 'group' | 'extension' | 'position' | 'warnings'>;

export interface SeenException {
  position: number;
  fields: ExceptionFields;
  etag: string | null;
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

export async function readException(line: LineKey, position: number):
Promise<SeenException | null> {
  try {
    const {data, etag} = await ask('get', ONE, {path: {...keyOf(line), position}});
    return {position, fields: fieldsOf(data), etag};
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) return null;
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

  async function put(position: number, fields: ExceptionFields, etag: string | null) {
    const condition = etag ? {ifMatch: etag} : {ifNoneMatch: '*' as const};
    const {data} = await ask('put', ONE, {path: path(position), body: fields, ...condition});
    void refresh();
    return data.warnings ?? [];
  }

  async function drop(position: number, etag: string | null) {
    await ask('delete', ONE, {path: path(position), ifMatch: etag ?? undefined});
    void refresh();
  }

  return {
    async add(fields: ExceptionFields): Promise<string[]> {
      const {data} = await ask('post', ALL, {path: keyOf(line), body: fields});
      void refresh();
      const made = await readException(line, data.position!);
      tell(t('exceptions.added'), () => drop(data.position!, made?.etag ?? null));
      return data.warnings ?? [];
    },
    async change(seen: SeenException, fields: ExceptionFields): Promise<string[]> {
      const warnings = await put(seen.position, fields, seen.etag);
      const after = await readException(line, seen.position);
      tell(t('exceptions.saved'),
        () => put(seen.position, seen.fields, after?.etag ?? null));
      return warnings;
    },
    async remove(exception: Exception) {
      try {
        const seen = await readException(line, exception.position);
        await drop(exception.position, seen?.etag ?? null);
        tell(t('exceptions.removed'),
          () => put(exception.position, fieldsOf(exception), null));
      } catch (problem) {
        fail(problem);
      }
    },
    async move(from: number, to: number) {
      const patch = (position: number, body: object) =>
        ask('patch', ONE, {path: path(position), body}).then(() => void refresh());
      try {
        await patch(from, {position: to});
        tell(t('exceptions.moved'), () => patch(to, {position: from}));
      } catch (problem) {
        fail(problem);
      }
    },
  };
}
