// SPDX-License-Identifier: Apache-2.0
// The calls of the user's lines as they are now, who the other side is, and what can be done.
import {useQuery} from '@tanstack/react-query';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
import type {Schemas} from '../../api/client';
import {useTold} from '../../shared/undo';
import {useMyLines} from '../data';
import type {Line} from '../data';
import {nameOfCaller, useDirectory} from '../names';
import {groupDigits} from '../numbers';

export type Call = Schemas['Calls']['items'][number];

export interface LineCall {
  call: Call;
  line: Line;
}

// Whether the call rings here, so that it can still be sent elsewhere.
export function isWaiting(call: Call): boolean {
  return call.direction === 'in' && (call.state === 'held' || call.state === 'ringing');
}

export function useCalls(): LineCall[] {
  const lines = useMyLines().data ?? [];
  const calls = useQuery({
    queryKey: ['calls', 'mine'],
    queryFn: async () => (await ask('get', '/calls')).data.items,
    enabled: lines.length > 0,
  });
  return (calls.data ?? []).flatMap((call) => {
    const line = lines.find((one) => one.group === call.group && one.extension === call.line);
    return line ? [{call, line}] : [];
  });
}

// Whom the line talks to: the name, if one is known, and the number.
export function useParty(call: Call, line: Line): {name: string | undefined; number: string} {
  const {t} = useTranslation('user');
  const directory = useDirectory(line);
  return {
    name: nameOfCaller(call.party_name, call.party, directory.data),
    number: call.party === 'anonymous' ? t('journal.anonymous') : groupDigits(call.party),
  };
}

// Does something to a call and says so; a refusal is kept to be shown at the call.
export function useAct() {
  const {tell} = useTold();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  async function act(send: () => Promise<unknown>, done: string) {
    if (isBusy) return;
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
  return {act, problem, isBusy};
}
