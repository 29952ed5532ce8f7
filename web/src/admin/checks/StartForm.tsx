// SPDX-License-Identifier: Apache-2.0
// Starting a check: among which lines, and whether a number outside is called, too. Nobody outside
// is called without consent.
import {Button, Checkbox, Group, Radio, Stack, TextInput} from '@mantine/core';
import {useQuery} from '@tanstack/react-query';
import {useDebouncedValue} from '@mantine/hooks';
import {useId, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import {useSubmit} from '../../shared/ask';
import {Field, Form, FormProblem} from '../../shared/Form';

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

function LineInput({group, role, value, field, onChange}: {group: string; role: string;
  value: string; field: string; onChange: (value: string) => void}) {
  const {t} = useTranslation('checks');
  const id = useId();
  return (
    <div>
      <Field name={field}>
        <TextInput label={t(`start.${role}`)} value={value} list={id} autoComplete="off" required
          withAsterisk={false} onChange={(event) => onChange(event.currentTarget.value)}/>
      </Field>
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

// The line that a reason for refusing them is about; where none is named, the first.
function lineAtFault(lines: string[], reason: string | undefined): number {
  const words = reason?.split(/\W+/) ?? [];
  return Math.max(0, lines.findIndex((line) => words.includes(line.trim())));
}

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
  const {submit, isBusy, problem} = useSubmit();
  const [wish, setWish] = useState(NO_WISH);

  const fault = lineAtFault(wish.lines, problem?.of('lines'));

  async function start() {
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
      <Form problem={problem} onSubmit={() => void start()} className="la-form">
        <Stack gap="md">
          <div data-fault={(!wish.isNamed && problem?.of('lines') !== undefined) || undefined}>
            <Field name={wish.isNamed ? 'choice' : 'lines'}>
              <Radio.Group label={t('start.lines')} value={wish.isNamed ? 'named' : 'any'}
                onChange={(value) => setWish({...wish, isNamed: value === 'named'})}>
                <Stack gap={6} mt={6}>
                  <Radio value="any" label={t('start.any')}/>
                  <Radio value="named" label={t('start.named')}/>
                </Stack>
              </Radio.Group>
            </Field>
          </div>
          {wish.isNamed && (
            <div className="lk-lines">
              {ROLES.map((role, index) => (
                <LineInput key={role} group={group} role={role} value={wish.lines[index]}
                  field={index === fault ? 'lines' : `lines.${index}`}
                  onChange={(value) => setWish({...wish,
                    lines: wish.lines.map((line, i) => (i === index ? value : line))})}/>
              ))}
            </div>
          )}
          <Field name="external">
            <TextInput label={t('start.external')} description={t('start.externalHelp')}
              value={wish.external} inputMode="tel" autoComplete="off"
              onChange={(event) => setWish({...wish, external: event.currentTarget.value})}/>
          </Field>
          {wish.external.trim() !== '' && (
            <Field name="consent">
              <Checkbox label={t('start.consent', {number: wish.external.trim()})}
                checked={wish.consent} error={problem?.of('consent') && t('start.consentNeeded')}
                onChange={(event) => setWish({...wish, consent: event.currentTarget.checked})}/>
            </Field>
          )}
          <Checkbox label={t('start.quick')} description={t('start.quickHelp')}
            checked={wish.quick}
            onChange={(event) => setWish({...wish, quick: event.currentTarget.checked})}/>
          <FormProblem/>
          <Group><Button type="submit" loading={isBusy}>{t('start.button')}</Button></Group>
        </Stack>
      </Form>
    </details>
  );
}
