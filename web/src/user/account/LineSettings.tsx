// SPDX-License-Identifier: Apache-2.0
// What a further call meets, and whether one's number is hidden from those one forwards to.
import {NativeSelect, Switch} from '@mantine/core';
import {useQueryClient} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import {patchSeen, pick} from '../../shared/patch';
import type {Patched} from '../../shared/patch';
import {useTold} from '../../shared/undo';
import {keyOf, useMyLines} from '../data';
import type {Line} from '../data';

const SECOND_CALLS = ['auto', 'ring', 'busy'] as const;

const PATH = '/groups/{group}/lines/{extension}';

function recordOf(line: Line): Patched<Line> {
  const path = keyOf(line);
  return {
    read: () => ask('get', PATH, {path}),
    patch: (body, etag) => ask('patch', PATH, {path, body, ifMatch: etag ?? undefined}),
  };
}

function useLineChange(line: Line) {
  const {t} = useTranslation('user');
  const client = useQueryClient();
  const {tell, fail} = useTold();
  async function set(seen: Partial<Line>, fields: Partial<Line>): Promise<Line> {
    try {
      return await patchSeen(recordOf(line), seen, fields);
    } finally {
      void client.invalidateQueries({queryKey: ['lines']});
      void client.invalidateQueries({queryKey: ['explain']});
    }
  }
  return async (fields: Partial<Line>) => {
    const names = Object.keys(fields) as (keyof Line)[];
    try {
      const after = await set(line, fields);
      tell(t('account.lineSaved', {line: line.extension}),
        () => set(pick(after, names), pick(line, names)));
    } catch (problem) {
      fail(problem);
    }
  };
}

function OneLine({line}: {line: Line}) {
  const {t} = useTranslation('user');
  const change = useLineChange(line);
  return (
    <div className="lw-line-settings">
      <NativeSelect label={t('account.secondCall', {line: line.extension})}
        value={line.second_call} description={t(`account.secondCallHelp.${line.second_call}`)}
        onChange={(event) => void change({
          second_call: event.currentTarget.value as Line['second_call'],
        })}
        data={SECOND_CALLS.map((value) => ({
          value, label: t(`account.secondCalls.${value}`),
        }))}/>
      <Switch mt="md" checked={line.number_withheld} label={t('account.withheld')}
        onChange={(event) => void change({number_withheld: event.currentTarget.checked})}/>
    </div>
  );
}

export function LineSettings() {
  const {t} = useTranslation('user');
  const lines = useMyLines().data ?? [];
  if (lines.length === 0) return null;
  return (
    <section className="lw-card" aria-labelledby="line-settings">
      <h2 id="line-settings">{t('account.line')}</h2>
      {lines.map((line) => <OneLine key={`${line.group}/${line.extension}`} line={line}/>)}
    </section>
  );
}
