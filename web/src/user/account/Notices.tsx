// SPDX-License-Identifier: Apache-2.0
// Whether the desktop tells of calls.
import {Button} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {canNotify} from '../calls/desktop';

export function Notices() {
  const {t} = useTranslation('user');
  const [state, setState] = useState(canNotify() ? Notification.permission : 'denied');
  return (
    <section className="lw-card" aria-labelledby="notices">
      <h2 id="notices">{t('account.notices')}</h2>
      <p className="lw-lead">{t(`account.noticesAre.${state}`)}</p>
      {state === 'default' && (
        <Button variant="default"
          onClick={() => void Notification.requestPermission().then(setState)}>
          {t('account.allowNotices')}
        </Button>
      )}
    </section>
  );
}
