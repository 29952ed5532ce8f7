// SPDX-License-Identifier: Apache-2.0
// The SIP devices of all users: where each is registered, until when, and revoking.
import {Button} from '@mantine/core';
import {useQueryClient} from '@tanstack/react-query';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Link, useSearch} from 'wouter';
import {ask} from '../../api/client';
import type {Schemas} from '../../api/client';
import {PageFrame} from '../../app/PageFrame';
import {sayWhen} from '../../shared/time';
import {useTold} from '../../shared/undo';
import '../admin.css';
import {inert} from '../records/csv';
import type {Exported} from '../records/csv';
import {ExportButton} from '../records/ExportButton';
import type {Kind, Stored} from '../records/fields';
import {RecordList} from '../records/RecordList';

type Device = Schemas['Device'];

const DEVICE: Kind = {
  name: 'device', list: '/devices', item: '/users/{user}/devices/{name}',
  parts: (device) => ({user: String(device.user), name: String(device.name)}), sections: [],
};

// Of each place where it is registered, one after the other.
function ofBindings(show: (binding: Device['bindings'][number]) => string) {
  return (record: Stored) =>
    inert((record as unknown as Device).bindings.map(show).join('; '));
}

const text = (name: string) => (record: Stored) => inert(String(record[name] ?? ''));
const EXPORTED: Exported = {
  ...Object.fromEntries(['user', 'name', 'sip_user', 'line'].map((name) => [name, text(name)])),
  registrations: (record) => (record as unknown as Device).bindings.length,
  until: ofBindings(({expires}) => expires),
  contact: ofBindings(({contact}) => contact),
  source: ofBindings(({source, transport}) => `${transport} ${source}`),
  user_agent: ofBindings(({user_agent: agent}) => agent),
};

function Bindings({device}: {device: Device}) {
  const {t, i18n} = useTranslation('admin');
  if (device.bindings.length === 0) {
    return <span className="la-state" data-state="waiting">{t('device.away')}</span>;
  }
  return device.bindings.map((binding) => (
    <div key={binding.contact}>
      <span className="la-state" data-state={binding.reachable ? 'registered' : 'unreachable'}>
        {binding.reachable
          ? t('device.until', {when: sayWhen(binding.expires, i18n.language)})
          : t('device.lost')}</span>
      <span className="la-reason">{t('device.by', {
        agent: binding.user_agent || t('device.silent'), source: binding.source,
        transport: binding.transport.toUpperCase()})}</span>
    </div>
  ));
}

// Asked for twice: the device is not rung any more, and has to be set up anew.
function Revoke({device}: {device: Device}) {
  const {t} = useTranslation(['admin', 'user']);
  const client = useQueryClient();
  const {tell, fail} = useTold();
  const [isSure, setSure] = useState(false);
  async function revoke() {
    try {
      await ask('delete', '/users/{user}/devices/{name}',
        {path: {user: device.user, name: device.name}});
      tell(t('user:devices.revoked', {name: device.name}));
    } catch (problem) {
      fail(problem);
    }
    await client.invalidateQueries({queryKey: ['devices']});
  }
  if (!isSure) {
    return <Button size="compact-sm" variant="subtle" className="la-danger"
      aria-label={`${t('token.revoke')}: ${device.user}/${device.name}`}
      onClick={() => setSure(true)}>{t('token.revoke')}</Button>;
  }
  return <Button size="compact-sm" className="la-danger-filled" autoFocus
    onBlur={() => setSure(false)} onClick={() => void revoke()}>
    {t('token.revokeSure', {name: device.name})}</Button>;
}

export default function Devices() {
  const {t} = useTranslation('admin');
  const user = new URLSearchParams(useSearch()).get('user') ?? '';
  const of = (record: Stored) => record as unknown as Device;
  return (
    <PageFrame title={t('device.many')} lead={t('device.lead')}>
      <RecordList kind={DEVICE} query={{user: user || undefined}}
        keyOf={(device) => `${String(device.user)}/${String(device.name)}`}
        tools={(found) => (
          <>
            <ExportButton name="devices" list={DEVICE.list} columns={EXPORTED} found={found}/>
            {user !== '' && (
              <>
                <strong>{t('device.of', {name: user})}</strong>
                <Link className="la-link" href="/admin/devices">{t('device.ofAll')}</Link>
              </>
            )}
          </>
        )}
        columns={[
          {name: 'user', show: (device) => of(device).user, sort: 'user'},
          {name: 'name', show: (device) => of(device).name, sort: 'name'},
          {name: 'sip_user', show: (device) => of(device).sip_user, sort: 'sip_user'},
          {name: 'line', show: (device) => of(device).line || t('device.own'), sort: 'line'},
          {name: 'bindings', show: (device) => <Bindings device={of(device)}/>},
          {name: 'actions', show: (device) => <Revoke device={of(device)}/>}]}/>
    </PageFrame>
  );
}
