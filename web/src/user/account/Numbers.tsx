// SPDX-License-Identifier: Apache-2.0
// The user's own telephone numbers, to which "mobile" and "mailbox" lead.
import {Button, Group, TextInput} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {useSubmit} from '../../shared/ask';
import {Field, Form, FormProblem} from '../../shared/Form';
import {Overtaken} from '../../shared/patch';
import {Conflict} from '../Conflict';
import {useMyUser} from '../data';
import type {User} from '../data';
import {useUserChange} from '../home/useUserChange';
import {groupDigits} from '../numbers';

const FIELDS = ['mobile', 'home', 'business'] as const;
type Fields = Partial<Record<typeof FIELDS[number], string>>;

// "Mobile: +49 170 1234567 · Home: –", of the numbers that `draft` has.
function useSummary(draft: Fields) {
  const {t} = useTranslation('user');
  return (numbers: Fields): string => FIELDS.filter((field) => draft[field] !== undefined)
    .map((field) => `${t(`target.${field}`)}: ${groupDigits(numbers[field] ?? '') || '–'}`)
    .join(' · ');
}

// `seen` is how the numbers were when somebody began to type.
function useDraft(user: User) {
  const {t} = useTranslation('user');
  const change = useUserChange();
  const submitting = useSubmit();
  const [draft, setDraft] = useState<Fields>({});
  const [seen, setSeen] = useState<User | null>(null);
  const [theirs, setTheirs] = useState<User | null>(null);
  const leave = () => {
    setDraft({});
    setSeen(null);
    setTheirs(null);
  };
  async function save(over: User) {
    const isDone = await submitting.submit(() =>
      change(over, draft, {message: t('account.numbersSaved'), isThrown: true})
        .catch((problem) => {
          if (!(problem instanceof Overtaken)) throw problem;
          setTheirs(problem.now as User);
          throw problem;
        }));
    if (isDone) leave();
  }
  function set(field: typeof FIELDS[number], text: string) {
    setSeen(seen ?? user);
    setDraft({...draft, [field]: text});
  }
  return {...submitting, draft, set, seen: seen ?? user, setSeen, theirs, setTheirs, save, leave};
}

function NumbersForm({user}: {user: User}) {
  const {t} = useTranslation('user');
  const {draft, set, seen, setSeen, theirs, setTheirs, save, leave, isBusy, problem} =
    useDraft(user);
  const summary = useSummary(draft);
  const isChanged = FIELDS.some((field) =>
    draft[field] !== undefined && draft[field] !== seen[field]);
  if (theirs) {
    return <Conflict mine={summary(draft)} theirs={summary(theirs)} isBusy={isBusy}
      onTheirs={leave} onMine={() => void save(theirs)}
      onBack={() => {
        setSeen(theirs);
        setTheirs(null);
      }}/>;
  }
  return (
    <Form problem={problem} onSubmit={() => void save(seen)}>
      {FIELDS.map((field) => (
        <Field key={field} name={field}>
          <TextInput type="tel" label={t(`target.${field}`)} mb="sm" maxLength={39}
            value={draft[field] ?? user[field]}
            onChange={(event) => set(field, event.currentTarget.value)}/>
        </Field>
      ))}
      <TextInput label={t('target.mailbox')} value={user.mailbox || '–'} readOnly mb="sm"
        description={t('account.mailboxHelp')}/>
      <FormProblem/>
      <Group><Button type="submit" loading={isBusy} disabled={!isChanged}>
        {t('forwardings.save')}
      </Button></Group>
    </Form>
  );
}

export function Numbers() {
  const {t} = useTranslation('user');
  const user = useMyUser().data?.data;
  return (
    <section className="lw-card" aria-labelledby="numbers">
      <h2 id="numbers">{t('account.numbers')}</h2>
      <p className="lw-lead">{t('account.numbersHelp')}</p>
      {user && <NumbersForm user={user}/>}
    </section>
  );
}
