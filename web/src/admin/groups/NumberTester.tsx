// SPDX-License-Identifier: Apache-2.0
// What a group makes of a number: as a target of forwardings, and as a caller. Asked while it is
// typed, and computed by the server.
import {NativeSelect, TextInput} from '@mantine/core';
import {useDebouncedValue} from '@mantine/hooks';
import {useQuery} from '@tanstack/react-query';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import type {Schemas} from '../../api/client';
import {useNames} from '../records/data';
import {useReason} from '../../shared/reasons';

export function NumberTester() {
  const {t} = useTranslation('admin');
  const groups = useNames('/groups');
  const [chosen, setChosen] = useState('');
  const [typed, setTyped] = useState('');
  const [number] = useDebouncedValue(typed.trim(), 250);
  const group = groups.includes(chosen) ? chosen : groups[0] ?? '';
  const tested = useQuery({
    queryKey: ['groups', 'number', group, number],
    queryFn: async () =>
      (await ask('post', '/groups/{group}/number', {path: {group}, body: {number}})).data,
    enabled: group !== '' && number !== '',
    placeholderData: (before) => before,
  });
  if (groups.length === 0) return null;
  return (
    <section className="lw-card la-block" aria-labelledby="number-tester">
      <h2 id="number-tester">{t('number.title')}</h2>
      <p className="la-note">{t('number.lead')}</p>
      <div className="la-tools">
        <NativeSelect label={t('line.group')} data={groups} value={group}
          onChange={(event) => setChosen(event.currentTarget.value)}/>
        <TextInput label={t('number.number')} placeholder="030 1234-101" value={typed}
          className="la-search" onChange={(event) => setTyped(event.currentTarget.value)}/>
      </div>
      <div aria-live="polite">
        {tested.data && number !== '' && <Result of={tested.data}/>}
      </div>
    </section>
  );
}

function Result({of}: {of: Schemas['TestedNumber']}) {
  const {t} = useTranslation('admin');
  const reason = useReason();
  const kind = of.caller.internal ? t('number.isInternal') : t('number.isExternal');
  const rows: [string, string][] = [
    ['stored', of.stored || '–'],
    ['dialled', of.dialled || '–'],
    ['class', t(`number.classes.${of.class.replace(' ', '_')}`)],
    ['internal', of.internal ? t('yes') : t('no')],
    ['permitted', of.permitted ? t('yes') : `${t('no')}: ${reason(of.reason)}`],
    ['caller', of.caller.stored ? `${of.caller.stored} (${kind})` : '–'],
  ];
  return (
    <dl className="la-facts">
      {rows.map(([name, value]) => (
        <div key={name}><dt>{t(`number.${name}`)}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}
