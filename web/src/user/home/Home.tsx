// SPDX-License-Identifier: Apache-2.0
// The first page: am I reachable, and what happens now to those who call.
import {Stack} from '@mantine/core';
import {useTranslation} from 'react-i18next';
import {PageFrame} from '../../app/PageFrame';
import {useMyLines} from '../data';

export default function Home() {
  const {t} = useTranslation('user');
  const lines = useMyLines();
  return (
    <PageFrame title={t('home.name')}>
      <Stack>
        {(lines.data ?? []).map((line) => (
          <section key={line.extension} className="lw-card">{line.extension}</section>
        ))}
      </Stack>
    </PageFrame>
  );
}
