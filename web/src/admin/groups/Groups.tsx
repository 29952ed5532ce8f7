// SPDX-License-Identifier: Apache-2.0
// The line groups: connections to a PBX, with a tester for their numbering.
import {useTranslation} from 'react-i18next';
import {GROUP} from '../kinds';
import {RecordPage} from '../RecordPage';
import {NumberTester} from './NumberTester';

export default function Groups() {
  const {t} = useTranslation('admin');
  return (
    <RecordPage kind={GROUP} columns={[
      {name: 'name', show: (group) => String(group.name)},
      {name: 'server', show: (group) => String(group.server)},
      {name: 'domain', show: (group) => String(group.domain)},
      {name: 'main_number', show: (group) => String(group.main_number)},
      {name: 'internal_ranges', show: (group) => String(group.internal_ranges)},
      {name: 'enabled', show: (group) => (group.enabled ? t('on') : t('off'))}]}>
      <NumberTester/>
    </RecordPage>
  );
}
