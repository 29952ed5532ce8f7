// SPDX-License-Identifier: Apache-2.0
// Starting a check: among which lines, and whether a number outside is called, too. Nobody outside
// is called without consent.
import {Alert, Button, Checkbox, Group, Radio, Stack, TextInput} from '@mantine/core';
import {useQuery} from '@tanstack/react-query';
import {useDebouncedValue} from '@mantine/hooks';
import {useId, useState} from 'react';
import type {FormEvent} from 'react';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import {useSubmit} from '../../shared/ask';

const ROLES = ['caller', 'diverter', 'target'] as const;
const SUGGESTED_MAX = 20;

// Lines of the group that have what was typed in them.
function Suggestions({id, group, typed}: {id: string; group: string; typed: string}) {
  const [text] = useDebouncedValue(typed.trim(), 250);
  const found = useQuery({
    queryKey: ['lines', 'suggested', group, text],
    queryFn: async () => (await ask('get', '/groups/{group}/lines',
      {path: {group}, query: {q: text || undefined, limit: SUGGESTED_MAX}})).data.items ?? [],
    placeholderData: (before) => before,
  });
  return (
    <datalist id={id}>
      {(found.data ?? []).map((line) => (
        <option key={line.extension} value={line.extension}>{line.display_name}</option>
      ))}
    </datalist>
  );
}

function LineInput({group, role, value, onChange}:
  {group: string; role: string; value: string; onChange: (value: string) => void}) {
  const {t} = useTranslation('checks');
  const id = useId();
  return (
    <div>
      <TextInput label={t(`start.${role}`)} value={value} list={id} autoComplete="off" required
        withAsterisk={false} onChange={(event) => onChange(event.currentTarget.value)}/>
      <Suggestions id={id} group={group} typed={value}/>
    </div>
  );
}

interface Wish {
  isNamed: boolean;
  lines: string[];
  external: string;
  consent: boolean;
  quick: boolean;
}

const NO_WISH: Wish = {isNamed: false, lines: ['', '', ''], external: '', consent: false,
  quick: false};

// As the server takes it.
function bodyOf({isNamed, lines, external, consent, quick}: Wish): object {
  return {
    ...(isNamed && {lines: lines.map((line) => line.trim())}),
    ...(external.trim() !== '' && {external: external.trim(), consent}),
    quick,
  };
}

export function StartForm({group, isOpen, onStarted}:
  {group: string; isOpen: boolean; onStarted: (number: number) => void}) {
  const {t} = useTranslation('checks');
  const {submit, isBusy, errorOf, general} = useSubmit();
  const [wish, setWish] = useState(NO_WISH);

  async function onSubmit(event: FormEvent) {
    event.preventDefault();
    await submit(async () => {
      const {data} = await ask('post', '/groups/{group}/checks',
        {path: {group}, body: bodyOf(wish)});
      onStarted(data.number);
    });
  }

  return (
    <details className="lw-card la-block lk-start" open={isOpen}>
      <summary><h2>{t('start.title')}</h2></summary>
      <p className="la-note">{t('start.lead')}</p>
      <form onSubmit={(event) => void onSubmit(event)} noValidate className="la-form">
        <Stack gap="md">
          <Radio.Group label={t('start.lines')} value={wish.isNamed ? 'named' : 'any'}
            error={errorOf('lines')}
            onChange={(value) => setWish({...wish, isNamed: value === 'named'})}>
            <Stack gap={6} mt={6}>
              <Radio value="any" label={t('start.any')}/>
              <Radio value="named" label={t('start.named')}/>
            </Stack>
          </Radio.Group>
          {wish.isNamed && (
            <div className="lk-lines">
              {ROLES.map((role, index) => (
                <LineInput key={role} group={group} role={role} value={wish.lines[index]}
                  onChange={(value) => setWish({...wish,
                    lines: wish.lines.map((line, i) => (i === index ? value : line))})}/>
              ))}
            </div>
          )}
          <TextInput label={t('start.external')} description={t('start.externalHelp')}
            value={wish.external} inputMode="tel" autoComplete="off" error={errorOf('external')}
            onChange={(event) => setWish({...wish, external: event.currentTarget.value})}/>
          {wish.external.trim() !== '' && (
            <Checkbox label={t('start.consent', {number: wish.external.trim()})}
              checked={wish.consent} error={errorOf('consent') && t('start.consentNeeded')}
              onChange={(event) => setWish({...wish, consent: event.currentTarget.checked})}/>
          )}
          <Checkbox label={t('start.quick')} description={t('start.quickHelp')}
            checked={wish.quick}
            onChange={(event) => setWish({...wish, quick: event.currentTarget.checked})}/>
          {general && <Alert color="red" role="alert">{general}</Alert>}
          <Group><Button type="submit" loading={isBusy}>{t('start.button')}</Button></Group>
        </Stack>
      </form>
    </details>
  );
}
