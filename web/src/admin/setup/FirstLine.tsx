// SPDX-License-Identifier: Apache-2.0
// One line, registered for real: whether the PBX takes it tells better than any probe whether
// address, transport, domain and password are right; and what it says tells which of them is not.
import {Alert, Button, Group, Loader, Stack} from '@mantine/core';
import {useQuery} from '@tanstack/react-query';
import {useEffect, useState} from 'react';
import type {FormEvent} from 'react';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
import {LINE} from '../kinds';
import {askAny, useRenewal} from '../records/data';
import {fieldsOf} from '../records/fields';
import type {Value} from '../records/fields';
import {FieldInput} from '../records/FieldInput';
import {adviceOf} from './advice';
import type {Registration} from './advice';

const FIELDS = ['extension', 'auth_user', 'password'].map((name) =>
  fieldsOf(LINE).find((field) => field.name === name)!);

const SLOW_MS = 5000; // by UDP it takes half a minute until it is sure that nobody answers

// How the line stands; read anew whenever an event tells of lines.
function useRegistration(group: string, extension: string) {
  return useQuery({
    queryKey: ['lines', 'first', group, extension],
    queryFn: async () => (await ask('get', '/groups/{group}/lines/{extension}',
      {path: {group, extension}})).data.registration as Registration,
    enabled: extension !== '',
    staleTime: 0,
    // Until something is known: the first event may have come before the page listened.
    refetchInterval: ({state}) => (state.data?.state === 'waiting' ? 1000 : false),
  });
}

export function FirstLine({group, onBack, onDone}:
  {group: string; onBack: () => void; onDone: () => void}) {
  const {t} = useTranslation('admin');
  const renew = useRenewal();
  const [values, setValues] = useState<Record<string, Value>>({extension: '', auth_user: '',
    password: ''});
  const [tried, setTried] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const registration = useRegistration(group, tried);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setProblem(null);
    const {extension, ...body} = values;
    try {
      await askAny('put', '/groups/{group}/lines/{extension}',
        {path: {group, extension: String(extension) || ' '}, body});
      setTried(String(extension).trim());
      await renew();
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setProblem(caught);
    }
  }

  const isGood = registration.data?.state === 'registered';
  return (
    <form className="lw-card la-form" onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="sm">
        {FIELDS.map((field) => (
          <FieldInput key={field.name} kind="line" field={field} value={values[field.name]}
            error={problem?.of(field.name)}
            onChange={(value) => setValues({...values, [field.name]: value})}/>
        ))}
        {problem && problem.errors.length === 0 && (
          <Alert color="red" role="alert">{problem.message}</Alert>
        )}
        <div aria-live="polite">
          {tried && <Outcome of={registration.data ?? {state: 'waiting'}}/>}
        </div>
        <Group gap="xs">
          <Button type="submit" variant={isGood ? 'default' : 'filled'}>{t('setup.try')}</Button>
          <Button variant={isGood ? 'filled' : 'default'} onClick={onDone}>
            {t(isGood ? 'setup.next' : 'setup.skip')}</Button>
          <Button variant="subtle" onClick={onBack}>{t('setup.back')}</Button>
        </Group>
      </Stack>
    </form>
  );
}

// Whether it has taken long already.
function useLateness(isWaiting: boolean): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setTimeout(() => setLate(true), SLOW_MS);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [isWaiting]);
  return isLate;
}

function Outcome({of}: {of: Registration}) {
  const {t} = useTranslation('admin');
  const isSlow = useLateness(of.state === 'waiting');
  const advice = isSlow ? 'slow' : adviceOf(of);
  const said = [of.status, of.reason].filter(Boolean).join(' ');
  const color = advice === 'registered' ? 'green' : of.state === 'waiting' ? 'gray' : 'red';
  return (
    <Alert color={color} title={t(`states.${of.state}`)} data-outcome={of.state}>
      {of.state === 'waiting' && <Loader size="sm" aria-hidden="true"/>}
      <p>{t(`setup.advice.${advice}`)}</p>
      {said && advice !== 'registered' && <p>{t('setup.said', {said})}</p>}
    </Alert>
  );
}
