// SPDX-License-Identifier: Apache-2.0
// The user's own telephone numbers, to which "mobile" and "mailbox" lead.
import {Button, Group, TextInput} from '@mantine/core';
import {useState} from 'react';
import type {FormEvent} from 'react';
import {useTranslation} from 'react-i18next';
import {useSubmit} from '../../shared/ask';
import {useMyUser} from '../data';
import type {User} from '../data';
import {useUserChange} from '../home/useUserChange';

const FIELDS = ['mobile', 'home', 'business'] as const;
type Fields = Partial<Record<typeof FIELDS[number], string>>;

function Form({user}: {user: User}) {
  const {t} = useTranslation('user');
  const change = useUserChange();
  const {submit, isBusy, errorOf, general} = useSubmit();
  const [draft, setDraft] = useState<Fields>({});
  const isChanged = FIELDS.some((field) =>
    draft[field] !== undefined && draft[field] !== user[field]);
  async function onSubmit(event: FormEvent) {
    event.preventDefault();
    const isDone = await submit(() => change(draft, t('account.numbersSaved'), true));
    if (isDone) setDraft({});
  }
  return (
    <form onSubmit={(event) => void onSubmit(event)}>
      {FIELDS.map((field) => (
        <TextInput key={field} type="tel" label={t(`target.${field}`)} mb="sm" maxLength={39}
          value={draft[field] ?? user[field]} error={errorOf(field)}
          onChange={(event) => setDraft({...draft, [field]: event.currentTarget.value})}/>
      ))}
      <TextInput label={t('target.mailbox')} value={user.mailbox || '–'} readOnly mb="sm"
        description={t('account.mailboxHelp')}/>
      {general && <p className="lw-problem" role="alert">{general}</p>}
      <Group><Button type="submit" loading={isBusy} disabled={!isChanged}>
        {t('forwardings.save')}
      </Button></Group>
    </form>
  );
}

export function Numbers() {
  const {t} = useTranslation('user');
  const user = useMyUser().data?.data;
  return (
    <section className="lw-card" aria-labelledby="numbers">
      <h2 id="numbers">{t('account.numbers')}</h2>
      <p className="lw-lead">{t('account.numbersHelp')}</p>
      {user && <Form user={user}/>}
    </section>
  );
}
