// SPDX-License-Identifier: Apache-2.0
// Changes the password; all other sessions end with it.
import {Button, Group, PasswordInput} from '@mantine/core';
import {useQueryClient} from '@tanstack/react-query';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import {useSession} from '../../app/session';
import {useSubmit} from '../../shared/ask';
import {Field, Form, FormProblem} from '../../shared/Form';
import {useTold} from '../../shared/undo';

export function Password() {
  const {t} = useTranslation('user');
  const {user: name} = useSession();
  const client = useQueryClient();
  const {tell} = useTold();
  const {submit, isBusy, problem} = useSubmit();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  async function save() {
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
      <Form problem={problem} onSubmit={() => void save()}>
        <Field name="current">
          <PasswordInput label={t('account.current')} autoComplete="current-password" mb="sm"
            required withAsterisk={false} value={current} visibilityToggleButtonProps={toggle}
            onChange={(event) => setCurrent(event.currentTarget.value)}/>
        </Field>
        <Field name="password">
          <PasswordInput label={t('account.new')} autoComplete="new-password" mb="sm" required
            withAsterisk={false} maxLength={127} value={password}
            description={t('account.passwordHelp')} visibilityToggleButtonProps={toggle}
            onChange={(event) => setPassword(event.currentTarget.value)}/>
        </Field>
        <FormProblem/>
        <Group><Button type="submit" loading={isBusy}>{t('account.changePassword')}</Button></Group>
      </Form>
    </section>
  );
}
