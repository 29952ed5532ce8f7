// SPDX-License-Identifier: Apache-2.0
// A call that is answered, or that a device of the user makes: with whom, how it stands, since
// when, by which device; and hanging up.
import {Button} from '@mantine/core';
import {useEffect, useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import {useFocusLeaves} from '../../shared/focus';
import {Icon} from '../../shared/icons';
import {useProblemText} from '../../shared/reasons';
import {sayDuration, sayWhen} from '../../shared/time';
import {useAct, useParty} from './data';
import type {Call, LineCall} from './data';

// A clock that goes on each second; nobody is read it aloud.
function Running({since}: {since: string}) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <span className="lw-ongoing-clock" aria-hidden="true">
    {sayDuration((now - Date.parse(since)) / 1000)}
  </span>;
}

function useDetails(call: Call, line: LineCall['line'], number: string | false) {
  const {t, i18n} = useTranslation('user');
  const since = sayWhen(call.answered ?? call.started, i18n.language);
  return [
    number,
    t(`calls.direction.${call.direction}`),
    call.device && t('calls.device', {device: call.device}),
    t('calls.on', {line: line.extension}),
    t('calls.since', {time: since}),
  ].filter(Boolean).join(' · ');
}

export function OngoingCall({call, line}: LineCall) {
  const {t} = useTranslation('user');
  const sayProblem = useProblemText();
  const {act, problem, isBusy} = useAct();
  const {name, number} = useParty(call, line);
  const who = name || number;
  const card = useRef<HTMLElement>(null);
  useFocusLeaves(card, ['.lw-ongoing button']);
  const details = useDetails(call, line, Boolean(name) && number);
  const hangUp = () => act(
    () => ask('post', '/calls/{call}/hang-up', {path: {call: call.id}, body: {}}),
    t('calls.hungUp', {who}));
  return (
    <section className="lw-ongoing" data-state={call.state}
      aria-label={t(`calls.with.${call.direction}`, {who})} ref={card}>
      <span className="lw-ongoing-icon"><Icon name="phone" size={22}/></span>
      <div className="lw-ringing-who">
        <strong>{who}</strong>
        <span>{details}</span>
        {problem && <p className="lw-problem" role="alert">{sayProblem(problem)}</p>}
      </div>
      <span className="lw-ongoing-state">
        <span className="lw-chip" data-state={call.state} role="status">
          {t(`calls.state.${call.state}`)}
        </span>
        <Running since={call.answered ?? call.started}/>
      </span>
      <Button color="red" variant="light" aria-disabled={isBusy} onClick={() => void hangUp()}
        aria-label={t('calls.hangUpOn', {who})}>
        {t('calls.hangUp')}
      </Button>
    </section>
  );
}
