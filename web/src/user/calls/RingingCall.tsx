// SPDX-License-Identifier: Apache-2.0
// A call that rings here or waits: who calls, and sending it elsewhere by hand. When the page is
// out of sight, the desktop tells, if it may.
import {Button, Group} from '@mantine/core';
import {useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import type {Problem} from '../../api/client';
import {useFocusLeaves} from '../../shared/focus';
import {Field, Form, FormProblem} from '../../shared/Form';
import {Icon} from '../../shared/icons';
import {useMyUser} from '../data';
import type {Line} from '../data';
import {useTargetName} from '../names';
import {TargetInput} from '../TargetInput';
import {useAct, useParty} from './data';
import type {Call} from './data';
import {useDesktopNotice} from './desktop';

function useActions(call: Call, line: Line) {
  const {t} = useTranslation('user');
  const nameOfTarget = useTargetName(line);
  const {act, problem, isBusy} = useAct();
  const path = {call: call.id};
  const deflect = (to: string) => act(
    () => ask('post', '/calls/{call}/deflect', {path, body: {to}}),
    t('calls.forwarded', {target: nameOfTarget(to)}));
  const decline = () => act(() => ask('post', '/calls/{call}/decline', {path, body: {}}),
    t('calls.declined'));
  return {deflect, decline, problem, isBusy};
}

function ForwardElsewhere({line, isBusy, problem, onForward}: {line: Line; isBusy: boolean;
  problem: Problem | null; onForward: (to: string) => void}) {
  const {t} = useTranslation('user');
  const [to, setTo] = useState('');
  return (
    <Form className="lw-call-elsewhere" problem={problem} onSubmit={() => onForward(to)}>
      <Field name="to">
        <TargetInput line={line} label={t('calls.elsewhere')} value={to} onChange={setTo}
          required/>
      </Field>
      <Button type="submit" variant="default" loading={isBusy}>{t('calls.forward')}</Button>
      <FormProblem/>
    </Form>
  );
}

export function RingingCall({call, line}: {call: Call; line: Line}) {
  const {t} = useTranslation('user');
  const user = useMyUser().data?.data;
  const {deflect, decline, problem, isBusy} = useActions(call, line);
  const {name, number} = useParty(call, line);
  const card = useRef<HTMLElement>(null);
  useFocusLeaves(card, ['.lw-ringing button', '.lw-ongoing button']);
  useDesktopNotice(call.id, t('calls.desktop', {who: name || number}), number);
  return (
    <section className="lw-ringing" aria-label={t('calls.ringing', {who: name || number})}
      ref={card} tabIndex={-1} data-call={call.id}>
      <span className="lw-ringing-icon"><Icon name="phone" size={24}/></span>
      <div className="lw-ringing-who" role="status">
        <strong>{name || number}</strong>
        <span>{[name && number, t('calls.on', {line: line.extension})].filter(Boolean)
          .join(' · ')}</span>
      </div>
      <Group gap="xs">
        {user?.mobile && (
          <Button aria-disabled={isBusy} onClick={() => void deflect('mobile')}>
            {t('calls.toMobile')}
          </Button>
        )}
        {user?.mailbox && (
          <Button aria-disabled={isBusy} onClick={() => void deflect('mailbox')}>
            {t('calls.toMailbox')}
          </Button>
        )}
        <Button variant="default" aria-disabled={isBusy} onClick={() => void decline()}>
          {t('calls.decline')}
        </Button>
      </Group>
      <ForwardElsewhere line={line} isBusy={isBusy} problem={problem}
        onForward={(to) => void deflect(to)}/>
    </section>
  );
}
