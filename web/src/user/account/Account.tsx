// SPDX-License-Identifier: Apache-2.0
// The user's own settings: numbers, a second call, notices, password, where they are signed in.
import {PageFrame} from '../../app/PageFrame';
import {useTranslation} from 'react-i18next';
import {LineSettings} from './LineSettings';
import {Notices} from './Notices';
import {Numbers} from './Numbers';
import {Password} from './Password';
import {Sessions} from './Sessions';

export default function Account() {
  const {t} = useTranslation('user');
  return (
    <PageFrame title={t('account.name')} lead={t('account.lead')}>
      <div className="lw-columns">
        <Numbers/>
        <LineSettings/>
        <Password/>
        <Sessions/>
        <Notices/>
      </div>
    </PageFrame>
  );
}
