// SPDX-License-Identifier: Apache-2.0
// Changes the password; all other sessions end with it.
import {Button, Group, PasswordInput} from '@mantine/core';
import {useQueryClient} from '@tanstack/react-query';
import {useState} from 'react';
import type {FormEvent} from 'react';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import {useSession} from '../../app/session';
import {useSubmit} from '../../shared/ask';
import {useTold} from '../../shared/undo';

export function Password() {
  const {t} = useTranslation('user');
  const {user: name} = useSession();
  const client = useQueryClient();
  const {tell} = useTold();
  const {submit, isBusy, errorOf, general} = useSubmit();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  async function onSubmit(event: FormEvent) {
    event.preventDefault();
    const isDone = await submit(() => ask('put', '/users/{name}/password', {
      path: {name}, body: {current, password},
    }));
    if (!isDone) return;
    setCurrent('');
    setPassword('');
    tell(t('account.passwordChanged'));
    void client.invalidateQueries({queryKey: ['sessions']});
  }
  const toggle = {'aria-label': t('common:signIn.show'), tabIndex: 0};
  return (
    <section className="lw-card" aria-labelledby="password">
      <h2 id="password">{t('account.password')}</h2>
      <form onSubmit={(event) => void onSubmit(event)}>
        <PasswordInput label={t('account.current')} autoComplete="current-password" mb="sm"
          required withAsterisk={false} value={current} error={errorOf('current')}
          visibilityToggleButtonProps={toggle}
          onChange={(event) => setCurrent(event.currentTarget.value)}/>
        <PasswordInput label={t('account.new')} autoComplete="new-password" mb="sm" required
          withAsterisk={false} maxLength={127} value={password}
          description={t('account.passwordHelp')} error={errorOf('password')}
          visibilityToggleButtonProps={toggle}
          onChange={(event) => setPassword(event.currentTarget.value)}/>
        {general && <p className="lw-problem" role="alert">{general}</p>}
        <Group><Button type="submit" loading={isBusy}>{t('account.changePassword')}</Button></Group>
      </form>
    </section>
  );
}
