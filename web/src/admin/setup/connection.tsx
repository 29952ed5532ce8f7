// SPDX-License-Identifier: Apache-2.0
// The connection test: whether a PBX takes a line, tried for real before anything is stored, and
// what is wrong in plain words.
import {Alert, Button, Group, Loader, Stack} from '@mantine/core';
import {useQuery} from '@tanstack/react-query';
import {useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
import type {Schemas} from '../../api/client';
import {Field, useFocusOnFault} from '../../shared/Form';
import {useProblemText, useReason} from '../../shared/reasons';
import {LINE} from '../kinds';
import {askAny} from '../records/data';
import {fieldsOf} from '../records/fields';
import type {Stored, Value} from '../records/fields';
import {FieldInput} from '../records/FieldInput';

type Test = Schemas['ConnectionTest'];

const FIELDS = ['extension', 'auth_user', 'password'].map((name) =>
  fieldsOf(LINE).find((field) => field.name === name)!);
const LOOK_MS = 400; // a test is no event: who waits for it looks at it, and it is over soon

export const NO_LINE: Record<string, Value> = {extension: '', auth_user: '', password: ''};

// How a test stands, until it is over.
function useTest(id: string) {
  return useQuery({
    queryKey: ['connection-test', id],
    queryFn: async () =>
      (await ask('get', '/connection-tests/{number}', {path: {number: id}})).data,
    enabled: id !== '',
    staleTime: Infinity,
    refetchInterval: ({state}) => (state.data?.state === 'running' ? LOOK_MS : false),
  });
}

interface ConnectionProps {
  group: Stored; // as it is to be stored
  line: Record<string, Value>;
  onLine: (line: Record<string, Value>) => void;
  onOutcome?: (state: string) => void;
}

// The line's fields, a button, and what came of it. It is no form: it may stand in one.
export function Connection({group, line, onLine}: ConnectionProps) {
  const {t} = useTranslation('admin');
  const sayProblem = useProblemText();
  const reason = useReason();
  const [id, setId] = useState('');
  const [isBegun, setBegun] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const test = useTest(id);
  const isRunning = isBegun || test.data?.state === 'running';

  async function begin() {
    setBegun(true);
    setProblem(null);
    setId('');
    try {
      const {data} = await askAny('post', '/connection-tests', {body: {group, line}});
      setId(String(data.id));
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setProblem(caught);
    }
    setBegun(false);
  }

  const frame = useRef<HTMLDivElement>(null);
  useFocusOnFault(frame, problem);
  const ofLine = FIELDS.map(({name}) => `line.${name}`);
  const others = (problem?.errors ?? []).filter(({field}) => !ofLine.includes(field));
  return (
    <Stack gap="sm" ref={frame}>
      {FIELDS.map((field) => (
        <Field key={field.name} name={field.name}>
          <FieldInput kind="line" field={{...field, isRequired: false}} value={line[field.name]}
            error={reason(problem?.of(`line.${field.name}`))}
            onChange={(value) => onLine({...line, [field.name]: value})}/>
        </Field>
      ))}
      {problem && (problem.errors.length === 0 || others.length > 0) && (
        <Alert color="red" role="alert">{others.length === 0 ? sayProblem(problem)
          : others.map(({field, reason: why}) => (
            <p key={field}>{t(field.replace(/^line\./, 'line.'), {defaultValue: field})}
              {': '}{reason(why)}</p>
          ))}</Alert>
      )}
      <div aria-live="polite">
        {isRunning && <Outcome of={{id, state: 'running'}}/>}
        {!isRunning && test.data && <Outcome of={test.data}/>}
      </div>
      <Group gap="xs">
        <Button variant="default" loading={isRunning} onClick={() => void begin()}>
          {t('setup.try')}</Button>
      </Group>
    </Stack>
  );
}

function Outcome({of}: {of: Test}) {
  const {t} = useTranslation('admin');
  const reason = useReason();
  const isGood = of.state === 'registered';
  const color = isGood ? 'green' : of.state === 'running' ? 'gray' : 'red';
  const said = [of.status || '', reason(of.reason)].filter(Boolean).join(' ');
  const advice = of.state === 'running' ? 'running' : of.cause ?? 'refused';
  return (
    <Alert color={color} title={t(`setup.outcomes.${of.state}`)} data-outcome={of.state}
      data-cause={of.cause}>
      {of.state === 'running' && <Loader size="sm" aria-hidden="true"/>}
      <p>{t(`setup.advice.${advice}`)}</p>
      {said && !isGood && <p>{t('setup.said', {said})}</p>}
    </Alert>
  );
}
