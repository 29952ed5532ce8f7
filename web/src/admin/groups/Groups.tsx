// SPDX-License-Identifier: Apache-2.0
// The line groups: connections to a PBX, with a tester for their numbering.
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {GROUP} from '../kinds';
import {changesOf} from '../records/fields';
import type {Value} from '../records/fields';
import {RecordPage} from '../RecordPage';
import {Connection, NO_LINE} from '../setup/connection';
import {NumberTester} from './NumberTester';

// Whether the PBX takes a line with what stands in the form, saved or not.
function TryConnection({values}: {values: Record<string, Value>}) {
  const {t} = useTranslation('admin');
  const [line, setLine] = useState(NO_LINE);
  return (
    <details className="la-section">
      <summary>{t('setup.try')}</summary>
      <p className="la-note">{t('setup.tryLead')}</p>
      <Connection group={changesOf(GROUP, null, values)} line={line} onLine={setLine}/>
    </details>
  );
}

export default function Groups() {
  const {t} = useTranslation('admin');
  return (
    <RecordPage kind={GROUP} columns={[
      {name: 'name', show: (group) => String(group.name), sort: 'name'},
      {name: 'server', show: (group) => String(group.server)},
      {name: 'domain', show: (group) => String(group.domain)},
      {name: 'main_number', show: (group) => String(group.main_number)},
      {name: 'internal_ranges', show: (group) => String(group.internal_ranges)},
      {name: 'enabled', show: (group) => (group.enabled ? t('on') : t('off'))},
      {name: 'check', show: (group) => (
        <Link className="la-link" href={`/admin/groups/${encodeURIComponent(String(group.name))}` +
          '/checks'} aria-label={t('group.checkOf', {name: group.name})}>
          {t('group.toCheck')}</Link>)}]}
    inForm={(_, values) => <TryConnection values={values}/>}>
      <NumberTester/>
    </RecordPage>
  );
}
