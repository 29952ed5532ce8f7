// SPDX-License-Identifier: Apache-2.0
// Calls that ring now, on every page: who calls, and forwarding this call by hand. When the page is
// out of sight, the desktop tells, if it may.
import {Button, Group} from '@mantine/core';
import {useQuery} from '@tanstack/react-query';
import {useEffect, useState} from 'react';
import type {FormEvent} from 'react';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
import type {Schemas} from '../../api/client';
import {Icon} from '../../shared/icons';
import {useReason} from '../../shared/reasons';
import {useTold} from '../../shared/undo';
import {useMyLines, useMyUser} from '../data';
import type {Line} from '../data';
import {nameOfCaller, useDirectory, useTargetName} from '../names';
import {groupDigits} from '../numbers';
import {TargetInput} from '../TargetInput';
import {useDesktopNotice} from './desktop';

type Call = Schemas['Calls']['items'][number];

function useCalls() {
  const {i18n} = useTranslation();
  const lines = useMyLines().data ?? [];
  const calls = useQuery({
    queryKey: ['calls', 'mine', i18n.language],
    queryFn: async () => (await ask('get', '/calls')).data.items,
    enabled: lines.length > 0,
  });
  const lineOf = (call: Call) => lines.find((line) =>
    line.group === call.group && line.extension === call.line);
  return (calls.data ?? []).flatMap((call) => {
    const line = call.direction === 'in' && call.answered === undefined ? lineOf(call) : undefined;
    return line ? [{call, line}] : [];
  });
}

// Sends a call somewhere else, or ends it; problems belong to the field.
function useActions(call: Call, line: Line) {
  const {t} = useTranslation('user');
  const {tell} = useTold();
  const nameOfTarget = useTargetName(line);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  async function act(send: () => Promise<unknown>, done: string) {
    setBusy(true);
    setProblem(null);
    try {
      await send();
      tell(done);
    } catch (error) {
      setBusy(false);
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    }
  }
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
  const reason = useReason();
  const [to, setTo] = useState('');
  function submit(event: FormEvent) {
    event.preventDefault();
    if (to) onForward(to);
  }
  return (
    <form className="lw-call-elsewhere" onSubmit={submit}>
      <TargetInput line={line} label={t('calls.elsewhere')} value={to} onChange={setTo}
        error={reason(problem?.errors[0]?.reason ?? problem?.message)}/>
      <Button type="submit" variant="default" loading={isBusy} disabled={!to}>
        {t('calls.forward')}
      </Button>
    </form>
  );
}

function RingingCall({call, line}: {call: Call; line: Line}) {
  const {t} = useTranslation('user');
  const user = useMyUser().data?.data;
  const {deflect, decline, problem, isBusy} = useActions(call, line);
  const directory = useDirectory(line);
  const number = call.caller === 'anonymous' ? t('journal.anonymous') : groupDigits(call.caller);
  const name = nameOfCaller(call.caller_name, call.caller, directory.data);
  useDesktopNotice(call.id, t('calls.desktop', {who: name || number}), number);
  return (
    <section className="lw-ringing" aria-label={t('calls.ringing', {who: name || number})}>
      <span className="lw-ringing-icon"><Icon name="phone" size={24}/></span>
      <div className="lw-ringing-who" role="status">
        <strong>{name || number}</strong>
        <span>{[name && number, t('calls.on', {line: line.extension})].filter(Boolean)
          .join(' · ')}</span>
      </div>
      <Group gap="xs">
        {user?.mobile && (
          <Button disabled={isBusy} onClick={() => void deflect('mobile')}>
            {t('calls.toMobile')}
          </Button>
        )}
        {user?.mailbox && (
          <Button disabled={isBusy} onClick={() => void deflect('mailbox')}>
            {t('calls.toMailbox')}
          </Button>
        )}
        <Button variant="default" disabled={isBusy} onClick={() => void decline()}>
          {t('calls.decline')}
        </Button>
      </Group>
      <ForwardElsewhere line={line} isBusy={isBusy} problem={problem}
        onForward={(to) => void deflect(to)}/>
    </section>
  );
}

export function RingingCalls() {
  const calls = useCalls();
  const {t} = useTranslation('user');
  useEffect(() => {
    document.documentElement.toggleAttribute('data-ringing', calls.length > 0);
  }, [calls.length]);
  if (calls.length === 0) return null;
  return (
    <div className="lw-ringings" aria-label={t('calls.name')} role="region">
      {calls.map(({call, line}) => <RingingCall key={call.id} call={call} line={line}/>)}
    </div>
  );
}
