// SPDX-License-Identifier: Apache-2.0
// What programs show to use the API. A new one is shown once.
import {Alert, Button, Code, Group, NativeSelect, Stack, TextInput} from '@mantine/core';
import {notifications} from '@mantine/notifications';
import {useQuery} from '@tanstack/react-query';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
import type {Schemas} from '../../api/client';
import {PageFrame} from '../../app/PageFrame';
import {Icon} from '../../shared/icons';
import '../admin.css';
import {useNames, useRenewal} from '../records/data';
import {SidePanel} from '../records/SidePanel';
import {Field, Form, FormProblem} from '../../shared/Form';

type Token = Schemas['Token'];
const COLUMNS = ['name', 'user', 'scope', 'group', 'used', 'expires', 'revoke'];

function useTokens() {
  return useQuery({
    queryKey: ['tokens'],
    queryFn: async () => (await ask('get', '/tokens', {query: {limit: 1000}})).data.items ?? [],
  });
}

export default function Tokens() {
  const {t} = useTranslation('admin');
  const tokens = useTokens();
  const [isAdding, setAdding] = useState(false);
  return (
    <PageFrame title={t('token.many')} lead={t('token.lead')} actions={
      <Button leftSection={<Icon name="plus" size={16}/>} onClick={() => setAdding(true)}>
        {t('token.add')}</Button>}>
      <section className="lw-card la-list">
        <div className="la-scroll" tabIndex={0} role="region" aria-label={t('token.many')}>
          <table className="la-table la-records">
            <thead><tr>{COLUMNS.map((name) =>
              <th key={name} scope="col">{t(`token.${name}`)}</th>)}</tr></thead>
            <tbody>{(tokens.data ?? []).map((token) =>
              <TokenRow key={token.serial} token={token}/>)}</tbody>
          </table>
        </div>
        {tokens.data?.length === 0 && <p className="la-empty">{t('token.none')}</p>}
      </section>
      <SidePanel isOpen={isAdding} onClose={() => setAdding(false)} title={t('token.add')}>
        {isAdding && <AddToken onClose={() => setAdding(false)}/>}
      </SidePanel>
    </PageFrame>
  );
}

function TokenRow({token}: {token: Token}) {
  const {t, i18n} = useTranslation('admin');
  const renew = useRenewal();
  const [isSure, setSure] = useState(false);
  const day = (time?: string | null) =>
    (time ? new Date(time).toLocaleDateString(i18n.language) : t('token.never'));
  async function revoke() {
    await ask('delete', '/tokens/{serial}', {path: {serial: token.serial}});
    await renew();
    notifications.show({message: t('token.revoked', {name: token.name})});
  }
  return (
    <tr>
      <td data-label={t('token.name')}>{token.name}</td>
      <td data-label={t('token.user')}>{token.user || t('token.administrator')}</td>
      <td data-label={t('token.scope')}>{t(`token.scopes.${token.scope}`)}</td>
      <td data-label={t('token.group')}>{token.group || t('line.allGroups')}</td>
      <td data-label={t('token.used')}>{day(token.used)}</td>
      <td data-label={t('token.expires')}>{day(token.expires)}</td>
      <td>
        <Button size="compact-sm" variant={isSure ? 'filled' : 'subtle'}
          className={isSure ? 'la-danger-filled' : 'la-danger'} onBlur={() => setSure(false)}
          onClick={() => (isSure ? void revoke() : setSure(true))}>
          {isSure ? t('token.revokeSure', {name: token.name}) : t('token.revoke')}</Button>
      </td>
    </tr>
  );
}

function AddToken({onClose}: {onClose: () => void}) {
  const {t} = useTranslation('admin');
  const renew = useRenewal();
  const groups = useNames('/groups');
  const [values, setValues] = useState({name: '', scope: 'read', group: '', days: '365'});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [made, setMade] = useState('');
  const set = (name: string) => (event: {currentTarget: {value: string}}) =>
    setValues({...values, [name]: event.currentTarget.value});
  async function submit() {
    setProblem(null);
    const {name, scope, group, days} = values;
    try {
      const body = {name, scope, ...(group ? {group} : {}), ...(days ? {days: Number(days)} : {})};
      const {data} = await ask('post', '/tokens', {body});
      setMade(data.token);
      await renew();
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setProblem(caught);
    }
  }
  if (made) {
    return (
      <Stack>
        <Alert color="orange" title={t('token.once')}>{t('token.onceText')}</Alert>
        <Code block tabIndex={0}>{made}</Code>
        <Button onClick={onClose}>{t('token.kept')}</Button>
      </Stack>
    );
  }
  return (
    <Form problem={problem} onSubmit={() => void submit()}>
      <Stack gap="sm">
        <Field name="name">
          <TextInput label={t('token.name')} description={t('token.name_help')} value={values.name}
            required onChange={set('name')}/>
        </Field>
        <NativeSelect label={t('token.scope')} value={values.scope} onChange={set('scope')}
          data={['read', 'write', 'admin'].map((value) =>
            ({value, label: t(`token.scopes.${value}`)}))}/>
        <NativeSelect label={t('token.group')} value={values.group} onChange={set('group')}
          data={[{value: '', label: t('line.allGroups')}, ...groups]}/>
        <Field name="days">
          <TextInput label={t('token.days')} description={t('token.days_help')} inputMode="numeric"
            value={values.days} onChange={set('days')}/>
        </Field>
        <FormProblem/>
        <Group gap="xs">
          <Button type="submit">{t('token.make')}</Button>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
        </Group>
      </Stack>
    </Form>
  );
}
