// SPDX-License-Identifier: Apache-2.0
// Where one is signed in, and signing out everywhere.
import {Button} from '@mantine/core';
import {useQuery, useQueryClient} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import type {Schemas} from '../../api/client';
import {SESSION, useSession} from '../../app/session';
import {sayWhen} from '../../shared/time';
import {useTold} from '../../shared/undo';

type Session = Schemas['Session'];

export function Sessions() {
  const {t, i18n} = useTranslation('user');
  const {user: name} = useSession();
  const client = useQueryClient();
  const {fail} = useTold();
  const sessions = useQuery({
    queryKey: ['sessions', name],
    queryFn: async (): Promise<Session[]> =>
      (await ask('get', '/users/{name}/sessions', {path: {name}})).data.items ?? [],
  });
  async function signOutEverywhere() {
    try {
      await ask('delete', '/users/{name}/sessions', {path: {name}});
      client.setQueryData(SESSION, null);
    } catch (problem) {
      fail(problem);
    }
  }
  return (
    <section className="lw-card" aria-labelledby="sessions">
      <h2 id="sessions">{t('account.sessions')}</h2>
      <ul className="lw-sessions">
        {(sessions.data ?? []).map((session) => (
          <li key={`${session.started} ${session.address}`}>
            <span>
              {session.address}{session.current && <strong> – {t('account.here')}</strong>}
            </span>
            <span className="lw-number">
              {t('account.used', {when: sayWhen(session.used, i18n.language)})}
            </span>
          </li>
        ))}
      </ul>
      <Button variant="default" onClick={() => void signOutEverywhere()}>
        {t('account.signOutEverywhere')}
      </Button>
    </section>
  );
}
