// SPDX-License-Identifier: Apache-2.0
// "What would happen if ...": caller, time and state chosen, the server's decision shown as a path.
import {Button, Group, NativeSelect, TextInput} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../api/client';
import {PageFrame} from '../app/PageFrame';
import {Field, Form, FormProblem} from '../shared/Form';
import {fromLocalInput} from '../shared/time';
import {useExplain} from './data';
import type {LineKey, Question} from './data';
import {LineChoice, useChosenLine} from './LineChoice';
import {TracePath} from './TracePath';

const STATES = ['now', 'free', 'dnd', 'logged_off', 'busy', 'no_answer', 'unreachable'] as const;
type State = typeof STATES[number];

const ASSUMED: Record<State, Question['assume']> = {
  now: undefined,
  free: {dnd: false, logged_in: true, calls: 0},
  dnd: {dnd: true},
  logged_off: {dnd: false, logged_in: false},
  busy: {dnd: false, logged_in: true, busy: true},
  no_answer: {dnd: false, logged_in: true, calls: 0, no_answer: true},
  unreachable: {dnd: false, logged_in: true, calls: 0, unreachable: true},
};

interface Asked {
  caller: 'internal' | 'external' | 'anonymous' | 'number';
  number: string;
  at: string;
  state: State;
  presence: string;
}

const FIRST: Asked = {caller: 'external', number: '', at: '', state: 'now', presence: ''};

function questionOf(asked: Asked): Question {
  const question: Question = {};
  if (asked.caller === 'number') question.from = asked.number;
  else if (asked.caller === 'anonymous') question.from = '';
  else question.origin = asked.caller;
  if (asked.at) question.at = fromLocalInput(asked.at);
  const assume = {...ASSUMED[asked.state], ...(asked.presence ? {presence: asked.presence} : {})};
  if (Object.keys(assume).length > 0) question.assume = assume;
  return question;
}

function Result({answer}: {answer: ReturnType<typeof useExplain>}) {
  const {t} = useTranslation('user');
  if (answer.error) return null; // the form says it
  if (!answer.data) return <PageFrame.Loading/>;
  const {executed} = answer.data.verdict as {executed?: 'redirect' | 'bridge'};
  return (
    <section className="lw-card" aria-live="polite" aria-label={t('whatIf.result')}>
      <p className="lw-lead">{t(answer.data.internal ? 'whatIf.internal' : 'whatIf.external')}</p>
      <TracePath trace={answer.data.trace} text={answer.data.text}/>
      {executed && <p data-executed={executed}>{t(`whatIf.executed.${executed}`)}</p>}
    </section>
  );
}

function AskForm({asked, problem, onChange, onSubmit}: {asked: Asked; problem: Problem | null;
  onChange: (asked: Asked) => void; onSubmit: () => void}) {
  const {t} = useTranslation('user');
  const set = (fields: Partial<Asked>) => onChange({...asked, ...fields});
  return (
    <Form className="lw-card" problem={problem} onSubmit={onSubmit}
      aria-label={t('whatIf.name')}>
      <div className="lw-fields">
        <NativeSelect label={t('whatIf.caller')} value={asked.caller}
          onChange={(event) => set({caller: event.currentTarget.value as Asked['caller']})}
          data={(['external', 'internal', 'number', 'anonymous'] as const).map((value) => ({
            value, label: t(`whatIf.callers.${value}`),
          }))}/>
        {asked.caller === 'number' && (
          <Field name="from">
            <TextInput label={t('whatIf.number')} value={asked.number} autoFocus type="tel"
              required withAsterisk={false}
              onChange={(event) => set({number: event.currentTarget.value})}/>
          </Field>
        )}
        <Field name="at">
          <TextInput type="datetime-local" label={t('whatIf.at')} value={asked.at}
            onChange={(event) => set({at: event.currentTarget.value})}/>
        </Field>
        <NativeSelect label={t('whatIf.state')} value={asked.state}
          onChange={(event) => set({state: event.currentTarget.value as State})}
          data={STATES.map((value) => ({value, label: t(`whatIf.states.${value}`)}))}/>
        <Field name="presence">
          <TextInput label={t('whatIf.presence')} value={asked.presence} maxLength={31}
            placeholder={t('whatIf.presenceNow')}
            onChange={(event) => set({presence: event.currentTarget.value})}/>
        </Field>
      </div>
      <FormProblem/>
      <Group><Button type="submit">{t('whatIf.ask')}</Button></Group>
    </Form>
  );
}

// The form, and what the server says to what was asked last.
function Answered({asked, line, onChange}:
  {asked: Asked; line: LineKey; onChange: (asked: Asked) => void}) {
  const [question, setQuestion] = useState<Question>(questionOf(FIRST));
  const answer = useExplain(line, question);
  return (
    <>
      <AskForm asked={asked} problem={answer.error instanceof Problem ? answer.error : null}
        onChange={onChange} onSubmit={() => setQuestion(questionOf(asked))}/>
      <Result answer={answer}/>
    </>
  );
}

export default function WhatIf() {
  const {t} = useTranslation('user');
  const choice = useChosenLine();
  const [asked, setAsked] = useState<Asked>(FIRST);
  return (
    <PageFrame title={t('whatIf.name')} lead={t('whatIf.lead')}
      actions={<LineChoice {...choice}/>}>
      <div className="lw-stack">
        {choice.line && <Answered asked={asked} line={choice.line} onChange={setAsked}/>}
      </div>
    </PageFrame>
  );
}
