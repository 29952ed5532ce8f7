// SPDX-License-Identifier: Apache-2.0
// The forwardings of a whole group: night service, holidays, the fallback.
import {NativeSelect} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {PageFrame} from '../app/PageFrame';
import {ADMIN_FORWARDING} from './kinds';
import {useNames} from './records/data';
import {RecordPage} from './RecordPage';

export default function Forwardings() {
  const {t} = useTranslation('admin');
  const groups = useNames('/groups');
  const [chosen, setChosen] = useState('');
  const group = groups.includes(chosen) ? chosen : groups[0];
  if (!group) {
    return <PageFrame title={t('admin_forwarding.many')} lead={t('admin_forwarding.noGroup')}/>;
  }
  return (
    <RecordPage kind={ADMIN_FORWARDING} path={{group}} isSearched={false} key={group}
      tools={<NativeSelect aria-label={t('line.group')} data={groups} value={group}
        onChange={(event) => setChosen(event.currentTarget.value)}/>}
      columns={[
        {name: 'name', show: (rule) => String(rule.name)},
        {name: 'condition', show: (rule) => t(`rule.condition_options.${String(rule.condition)}`)},
        {name: 'origin', show: (rule) => t(`rule.origin_options.${String(rule.origin)}`)},
        {name: 'target', show: (rule) => String(rule.target)},
        {name: 'schedule', show: (rule) => String(rule.schedule)},
        {name: 'mandatory', show: (rule) => (rule.mandatory ? t('yes') : '–')},
        {name: 'enabled', show: (rule) => (rule.enabled ? t('on') : t('off'))}]}/>
  );
}
