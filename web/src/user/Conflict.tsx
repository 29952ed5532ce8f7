// SPDX-License-Identifier: Apache-2.0
// Two people, or two tabs, have changed the same: both versions side by side, and who decides is
// the user.
import {Alert, Button, Group} from '@mantine/core';
import {useEffect, useRef} from 'react';
import {useTranslation} from 'react-i18next';

interface Props {
  mine: string;
  theirs: string;
  isBusy: boolean;
  onMine(): void;
  onTheirs(): void;
  onBack(): void; // to what was typed, which is to be saved over theirs then
}

export function Conflict({mine, theirs, isBusy, onMine, onTheirs, onBack}: Props) {
  const {t} = useTranslation('user');
  const alert = useRef<HTMLDivElement>(null);
  useEffect(() => alert.current?.focus(), []);
  return (
    <Alert className="lw-conflict" color="orange" role="alert" title={t('conflict.title')}
      ref={alert} tabIndex={-1}>
      <dl>
        <dt>{t('conflict.theirs')}</dt><dd data-version="theirs">{theirs}</dd>
        <dt>{t('conflict.mine')}</dt><dd data-version="mine">{mine}</dd>
      </dl>
      <Group gap="xs">
        <Button onClick={onTheirs}>{t('conflict.keepTheirs')}</Button>
        <Button variant="default" loading={isBusy} onClick={onMine}>
          {t('conflict.takeMine')}
        </Button>
        <Button variant="subtle" onClick={onBack}>{t('conflict.back')}</Button>
      </Group>
    </Alert>
  );
}
