// SPDX-License-Identifier: Apache-2.0
// What the user says of themselves: do not disturb, presence, signed off.
import {Autocomplete, SegmentedControl, Switch} from '@mantine/core';
import {useEffect, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import {useReason} from '../../shared/reasons';
import {useMyUser} from '../data';
import type {User} from '../data';
import {useUserChange} from './useUserChange';

const PRESENCES = ['available', 'meeting', 'break', 'out-of-office', 'vacation'];

function Presence({user, onSet}: {user: User; onSet: (presence: string) => Promise<void>}) {
  const {t} = useTranslation('user');
  const reason = useReason();
  const [text, setText] = useState(user.presence);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => setText(user.presence), [user.presence]);
  async function save(presence: string) {
    if (presence === user.presence) return;
    setProblem(null);
    await onSet(presence).catch((error) => setProblem(error));
  }
  return (
    <Autocomplete label={t('state.presence')} description={t('state.presenceHelp')} value={text}
      data={PRESENCES.filter((word) => word !== user.presence)} onChange={setText} maxLength={31}
      error={reason(problem?.of('presence') ?? problem?.message)} comboboxProps={{zIndex: 90}}
      onOptionSubmit={(presence) => void save(presence)}
      onBlur={() => void save(text.trim())}
      onKeyDown={(event) => {
        if (event.key === 'Enter') void save(text.trim());
      }}/>
  );
}

export function MyState() {
  const {t} = useTranslation('user');
  const user = useMyUser().data?.data;
  const change = useUserChange();
  if (!user) return null;
  return (
    <section className="lw-card lw-state" aria-label={t('state.title')}>
      <Switch size="md" label={t('state.dnd')} description={t('state.dndHelp')}
        checked={user.dnd} color="orange.8"
        onChange={(event) => {
          const dnd = event.currentTarget.checked;
          void change({dnd}, t(dnd ? 'state.dndOn' : 'state.dndOff'));
        }}/>
      <Presence user={user} onSet={(presence) =>
        change({presence}, t('state.presenceSet', {presence: presence || '–'}), true)}/>
      <div>
        <span className="lw-label" id="login">{t('state.login')}</span>
        <SegmentedControl fullWidth aria-labelledby="login" value={user.login}
          onChange={(login) => void change({login: login as User['login']},
            t(`state.loginSet.${login}`))}
          data={(['auto', 'on', 'off'] as const).map((value) => ({
            value, label: t(`state.loginAs.${value}`),
          }))}/>
      </div>
    </section>
  );
}
