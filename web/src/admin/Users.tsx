// SPDX-License-Identifier: Apache-2.0
// The people who own lines, and who may administrate.
import {Button} from '@mantine/core';
import {notifications} from '@mantine/notifications';
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {askAny} from './records/data';
import type {Stored} from './records/fields';
import {USER} from './kinds';
import type {Many} from './records/ManyTools';
import {RecordPage} from './RecordPage';
import {useTold} from '../shared/undo';

const NUMBERS_AND_STATE = ['display_name', 'role', 'business', 'mobile', 'home', 'mailbox', 'dnd',
  'login', 'presence', 'time_zone'];
const MANY: Many = {
  bulk: {list: 'users', fields: ['dnd', 'login', 'time_zone'], partsOf: (name) => ({name})},
  // As the import has the users of a table.
  exported: {user: 'name',
    ...Object.fromEntries(NUMBERS_AND_STATE.map((name) => [`user.${name}`, name]))},
};

function SignOutEverywhere({user}: {user: Stored}) {
  const {t} = useTranslation('admin');
  const {fail} = useTold();
  const name = String(user.name);
  return (
    <Button variant="default" onClick={() => {
      askAny('delete', '/users/{name}/sessions', {path: {name}})
        .then(() => notifications.show({message: t('user.signedOut', {name})}), fail);
    }}>{t('user.signOutEverywhere')}</Button>
  );
}

export default function Users() {
  const {t} = useTranslation('admin');
  return (
    <RecordPage kind={USER} many={MANY} columns={[
      {name: 'name', show: (user) => String(user.name), sort: 'name'},
      {name: 'display_name', show: (user) => String(user.display_name), sort: 'display_name'},
      {name: 'role', show: (user) => t(`user.role_options.${String(user.role)}`)},
      {name: 'dnd', show: (user) => (user.dnd ? t('on') : '–')},
      {name: 'mobile', show: (user) => String(user.mobile)},
      {name: 'mailbox', show: (user) => String(user.mailbox)},
      {name: 'devices', show: (user) => (
        <Link className="la-link" aria-label={t('user.devicesOf', {name: user.name})}
          href={`/admin/devices?user=${encodeURIComponent(String(user.name))}`}>
          {t('user.toDevices')}</Link>)}]}
    tools={<Link href="/setup?table" className="la-link">{t('import.open')}</Link>}
    inForm={(user) => (user?.password_set ? <SignOutEverywhere user={user}/> : null)}/>
  );
}
