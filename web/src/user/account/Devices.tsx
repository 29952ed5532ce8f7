// SPDX-License-Identifier: Apache-2.0
// The user's telephones: credentials for a new one, where each is registered, revoking.
import {Alert, Button, Group, TextInput} from '@mantine/core';
import {useQuery, useQueryClient} from '@tanstack/react-query';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import type {Schemas} from '../../api/client';
import {PageFrame} from '../../app/PageFrame';
import {useSession} from '../../app/session';
import {useSubmit} from '../../shared/ask';
import {Field, Form, FormProblem} from '../../shared/Form';
import {sayWhen} from '../../shared/time';
import {useTold} from '../../shared/undo';

type Device = Schemas['Device'];
type Credentials = Schemas['NewDevice'];

function NewCredentials({device, onClose}: {device: Credentials; onClose: () => void}) {
  const {t} = useTranslation('user');
  const rows = [['sipUser', device.sip_user], ['password', device.password],
    ['realm', device.realm]];
  return (
    <Alert color="indigo" title={t('devices.credentials', {name: device.name})}>
      <dl className="lw-pairs">
        {rows.map(([key, value]) => (
          <div key={key}><dt>{t(`devices.${key}`)}</dt><dd><code>{value}</code></dd></div>
        ))}
      </dl>
      <p>{t('devices.shownOnce')}</p>
      <Button variant="default" onClick={onClose}>{t('devices.noted')}</Button>
    </Alert>
  );
}

function NewDevice({onMade}: {onMade: (device: Credentials) => void}) {
  const {t} = useTranslation('user');
  const {user} = useSession();
  const {submit, isBusy, problem} = useSubmit();
  const [name, setName] = useState('');
  async function add() {
    await submit(async () => {
      const made = await ask('post', '/users/{user}/devices', {path: {user}, body: {name}});
      onMade(made.data);
      setName('');
    });
  }
  return (
    <Form className="lw-card" problem={problem} onSubmit={() => void add()}>
      <FormProblem/>
      <div className="lw-inline-form">
        <Field name="name">
          <TextInput label={t('devices.new')} placeholder={t('devices.example')} value={name}
            maxLength={63} required withAsterisk={false}
            onChange={(event) => setName(event.currentTarget.value)}/>
        </Field>
        <Button type="submit" loading={isBusy}>{t('devices.add')}</Button>
      </div>
    </Form>
  );
}

// Asked for twice: the telephone is not rung any more, and has to be set up anew.
function Revoke({name, onRevoke}: {name: string; onRevoke: () => void}) {
  const {t} = useTranslation('user');
  const [isSure, setSure] = useState(false);
  if (!isSure) {
    return <Button variant="subtle" color="red" onClick={() => setSure(true)}>
      {t('devices.revoke')}</Button>;
  }
  return <Button variant="default" autoFocus onBlur={() => setSure(false)} onClick={onRevoke}>
    {t('devices.revokeSure', {name})}</Button>;
}

function DeviceCard({device, onRenewed}:
  {device: Device; onRenewed: (device: Credentials) => void}) {
  const {t, i18n} = useTranslation('user');
  const {user} = useSession();
  const client = useQueryClient();
  const {tell, fail} = useTold();
  const path = {user, name: device.name};
  async function during(action: () => Promise<void>) {
    await action().catch(fail);
    await client.invalidateQueries({queryKey: ['devices']});
  }
  const revoke = () => during(async () => {
    await ask('delete', '/users/{user}/devices/{name}', {path});
    tell(t('devices.revoked', {name: device.name}));
  });
  const renew = () => during(async () => {
    const renewed = await ask('post', '/users/{user}/devices/{name}/password', {path, body: {}});
    onRenewed(renewed.data as Credentials);
  });
  const isHere = device.bindings.length > 0;
  return (
    <section className="lw-card" aria-label={device.name}>
      <div className="lw-card-head">
        <h2>{device.name} <span className="lw-number">{device.sip_user}</span></h2>
        <span className="lw-chip" data-state={isHere ? 'yes' : 'off'}>
          {t(isHere ? 'devices.registered' : 'devices.away')}
        </span>
      </div>
      <ul className="lw-sessions">
        {device.bindings.map((binding) => (
          <li key={binding.contact}>
            <span>{binding.user_agent || binding.source}</span>
            <span className="lw-number">
              {t('devices.until', {when: sayWhen(binding.expires, i18n.language)})}
            </span>
          </li>
        ))}
      </ul>
      <Group gap="xs">
        <Button variant="default" onClick={() => void renew()}>{t('devices.renew')}</Button>
        <Revoke name={device.name} onRevoke={() => void revoke()}/>
      </Group>
    </section>
  );
}

export default function Devices() {
  const {t} = useTranslation('user');
  const {user} = useSession();
  const client = useQueryClient();
  const [made, setMade] = useState<Credentials | null>(null);
  const devices = useQuery({
    queryKey: ['devices', user],
    queryFn: async (): Promise<Device[]> =>
      (await ask('get', '/users/{user}/devices', {path: {user}})).data.items ?? [],
    enabled: user !== '',
  });
  function show(device: Credentials) {
    setMade(device);
    void client.invalidateQueries({queryKey: ['devices']});
  }
  return (
    <PageFrame title={t('devices.name')} lead={t('devices.lead')}>
      <div className="lw-stack">
        <NewDevice onMade={show}/>
        {made && <NewCredentials device={made} onClose={() => setMade(null)}/>}
        {devices.data?.length === 0 && <p className="lw-card lw-empty">{t('devices.none')}</p>}
        {(devices.data ?? []).map((device) => (
          <DeviceCard key={device.name} device={device} onRenewed={show}/>
        ))}
      </div>
    </PageFrame>
  );
}
