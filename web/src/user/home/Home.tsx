// SPDX-License-Identifier: Apache-2.0
// The first page: am I reachable, and what happens now to those who call.
import {Alert, Anchor, Skeleton, Stack} from '@mantine/core';
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {PageFrame} from '../../app/PageFrame';
import {useSession} from '../../app/session';
import {useMyLines, useMyUser} from '../data';
import {LineNow} from './LineNow';
import {MyState} from './MyState';
import {QuickProfiles} from './QuickProfiles';

export default function Home() {
  const {t} = useTranslation('user');
  const {user: name, role} = useSession();
  const lines = useMyLines();
  const user = useMyUser();
  const greeting = user.data?.data.display_name || name;
  const isEmpty = lines.data?.length === 0 || name === '';
  return (
    <PageFrame title={t('home.name')} lead={t('home.lead', {name: greeting})}>
      <Stack gap="lg">
        {isEmpty && (
          <Alert color="gray" title={t('home.noLine')}>
            {role === 'administrator' ? t('home.noLineAdministrator') : t('home.noLineUser')}
          </Alert>
        )}
        {lines.isPending && name !== '' && <Skeleton height={180} radius="lg"/>}
        {(lines.data ?? []).map((line) => (
          <LineNow key={`${line.group}/${line.extension}`} line={line}
            isOnly={lines.data?.length === 1}/>
        ))}
        {!isEmpty && <MyState/>}
        {!isEmpty && <QuickProfiles/>}
        {!isEmpty && (
          <p className="lw-lead">
            <Anchor component={Link} href="/what-if">{t('home.whatIf')}</Anchor>
          </p>
        )}
      </Stack>
    </PageFrame>
  );
}
