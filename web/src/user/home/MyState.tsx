// SPDX-License-Identifier: Apache-2.0
// What the user says of themselves: do not disturb, presence, signed off.
import {Autocomplete, SegmentedControl, Switch} from '@mantine/core';
import {useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import {Overtaken} from '../../shared/patch';
import {useReason} from '../../shared/reasons';
import {useMyUser} from '../data';
import type {User} from '../data';
import {useUserChange} from './useUserChange';

const PRESENCES = ['available', 'meeting', 'break', 'out-of-office', 'vacation'];

// What is being typed stays, whatever somebody else sets meanwhile; that is said, and asked for
// once more, before it is overwritten.
function Presence({user}: {user: User}) {
  const {t} = useTranslation('user');
  const reason = useReason();
  const change = useUserChange();
  const [draft, setDraft] = useState<{text: string; seen: User} | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const isSaving = useRef(false);
  async function save(typed: string, seen: User) {
    const presence = typed.trim();
    if (presence === seen.presence) setDraft(null);
    if (presence === seen.presence || isSaving.current) return;
    isSaving.current = true;
    setProblem(null);
    try {
      const message = t('state.presenceSet', {presence: presence || '–'});
      await change(seen, {presence}, {message, isThrown: true});
      setDraft(null);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      if (error instanceof Overtaken) setDraft({text: typed, seen: error.now as User});
    } finally {
      isSaving.current = false;
    }
  }
  const begun = draft?.seen ?? user;
  const error = problem instanceof Overtaken
    ? t('conflict.presence', {presence: (problem.now as User).presence || '–'})
    : reason(problem?.of('presence') ?? problem?.message);
  return (
    <Autocomplete label={t('state.presence')} description={t('state.presenceHelp')}
      value={draft?.text ?? user.presence} maxLength={31} error={error}
      data={PRESENCES.filter((word) => word !== user.presence)} comboboxProps={{zIndex: 90}}
      onChange={(text) => setDraft({text, seen: begun})}
      onOptionSubmit={(presence) => void save(presence, begun)}
      onBlur={() => {
        if (draft && !(problem instanceof Overtaken)) void save(draft.text, draft.seen);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && draft) void save(draft.text, draft.seen);
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
          void change(user, {dnd}, {message: t(dnd ? 'state.dndOn' : 'state.dndOff')});
        }}/>
      <Presence user={user}/>
      <div>
        <span className="lw-label" id="login">{t('state.login')}</span>
        <SegmentedControl fullWidth aria-labelledby="login" value={user.login}
          onChange={(login) => void change(user, {login: login as User['login']},
            {message: t(`state.loginSet.${login}`)})}
          data={(['auto', 'on', 'off'] as const).map((value) => ({
            value, label: t(`state.loginAs.${value}`),
          }))}/>
      </div>
    </section>
  );
}
