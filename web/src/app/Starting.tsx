// SPDX-License-Identifier: Apache-2.0
// What is seen before anything is known.
import {Loader, Text} from '@mantine/core';
import {useTranslation} from 'react-i18next';

export function Starting({isLate = false}: {isLate?: boolean}) {
  const {t} = useTranslation();
  return (
    <main className="lw-sign-in" aria-busy="true">
      <h1 className="lw-hidden">Lineward</h1>
      {isLate ? <Text c="dimmed" role="status">{t('live.unreachable')}</Text>
        : <Loader aria-label={t('loading')}/>}
    </main>
  );
}
