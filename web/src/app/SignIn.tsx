// SPDX-License-Identifier: Apache-2.0
// The page to sign in.
import {Button, PasswordInput, Stack, Text, TextInput} from '@mantine/core';
import {useQueryClient} from '@tanstack/react-query';
import {useEffect, useState} from 'react';
import type {ReactNode} from 'react';
import type {TFunction} from 'i18next';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../api/client';
import {Field, Form, FormProblem} from '../shared/Form';
import {useProblemText} from '../shared/reasons';
import {SESSION} from './session';

function useSignIn(onRefused: (why: Problem) => void) {
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  async function signIn(name: string, password: string) {
    setBusy(true);
    try {
      const answer = await ask('post', '/session', {body: {name, password}});
      client.setQueryData(SESSION, answer.data);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      // Whether it is the name or the password is not told.
      onRefused(new Problem(problem.status, problem.message, [], problem.retryAfterS));
      setBusy(false);
    }
  }
  return {isBusy, signIn};
}

// `more` stands below the form.
export function SignIn({more}: {more?: ReactNode}) {
  const {t} = useTranslation();
  const sayProblem = useProblemText();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const {isBusy, signIn} = useSignIn(setProblem);
  useEffect(() => {
    document.title = `${t('signIn.title')} – Lineward`;
  }, [t]);
  function submit() {
    setProblem(null);
    void signIn(name, password);
  }
  return (
    <main className="lw-sign-in">
      <Form className="lw-card" problem={problem} onSubmit={submit}>
        <Stack gap="md">
          <div className="lw-brand"><img src="./icon.svg" alt=""/>Lineward</div>
          <div>
            <h1>{t('signIn.title')}</h1>
            <Text c="dimmed" size="sm" mt={4}>{t('signIn.lead')}</Text>
          </div>
          <FormProblem say={(refused) => explain(refused, t, sayProblem)}/>
          <Field name="name">
            <TextInput label={t('signIn.name')} autoComplete="username" required autoFocus
              withAsterisk={false}
              value={name} onChange={(event) => setName(event.currentTarget.value)}/>
          </Field>
          <Field name="password">
            <PasswordInput label={t('signIn.password')} autoComplete="current-password" required
              withAsterisk={false}
              visibilityToggleButtonProps={{'aria-label': t('signIn.show'), tabIndex: 0}}
              value={password} onChange={(event) => setPassword(event.currentTarget.value)}/>
          </Field>
          <Button type="submit" loading={isBusy} mt={4}>{t('signIn.button')}</Button>
          {more}
        </Stack>
      </Form>
    </main>
  );
}

function explain(problem: Problem, t: TFunction, say: (problem: Problem) => string): string {
  if (problem.status === 401 || problem.status === 422) return t('signIn.refused');
  if (problem.status === 429) return t('signIn.wait', {seconds: problem.retryAfterS});
  if (problem.status === 0) return t('live.unreachable');
  return say(problem);
}
