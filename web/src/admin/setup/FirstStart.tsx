// SPDX-License-Identifier: Apache-2.0
// The first administrator, while there is none: with the code that the server has printed, which
// the address has behind its #.
import {Button, PasswordInput, Stack, Text, TextInput} from '@mantine/core';
import {useQueryClient} from '@tanstack/react-query';
import {useEffect, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {useLocation} from 'wouter';
import {ask, Problem} from '../../api/client';
import {SESSION} from '../../app/session';
import {Field, Form, FormProblem} from '../../shared/Form';

export function FirstStart() {
  const {t} = useTranslation('admin');
  const client = useQueryClient();
  const [, go] = useLocation();
  const [values, setValues] = useState({code: window.location.hash.slice(1), name: 'admin',
    password: ''});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const set = (name: string) => (event: {currentTarget: {value: string}}) =>
    setValues({...values, [name]: event.currentTarget.value});
  useEffect(() => {
    document.title = `${t('first.title')} – Lineward`;
  }, [t]);
  async function submit() {
    setBusy(true);
    setProblem(null);
    try {
      const {data} = await ask('post', '/setup', {body: values});
      go('/setup', {replace: true});
      client.setQueryData(SESSION, data);
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setProblem(caught);
      setBusy(false);
    }
  }
  return (
    <main className="lw-sign-in">
      <Form className="lw-card" problem={problem} onSubmit={() => void submit()}>
        <Stack gap="md">
          <div className="lw-brand"><img src="./icon.svg" alt=""/>Lineward</div>
          <div>
            <h1>{t('first.title')}</h1>
            <Text c="dimmed" size="sm" mt={4}>{t('first.lead')}</Text>
          </div>
          <FormProblem/>
          <Field name="code">
            <TextInput label={t('first.code')} description={t('first.code_help')} required
              withAsterisk={false} value={values.code} onChange={set('code')} autoComplete="off"/>
          </Field>
          <Field name="name">
            <TextInput label={t('first.name')} value={values.name} onChange={set('name')} required
              withAsterisk={false} autoComplete="username"/>
          </Field>
          <Field name="password">
            <PasswordInput label={t('first.password')} description={t('first.password_help')}
              required withAsterisk={false} value={values.password} onChange={set('password')}
              autoComplete="new-password"
              visibilityToggleButtonProps={{'aria-label': t('showPassword'), tabIndex: 0}}/>
          </Field>
          <Button type="submit" loading={isBusy}>{t('first.button')}</Button>
        </Stack>
      </Form>
    </main>
  );
}

export default FirstStart;
