// SPDX-License-Identifier: Apache-2.0
// Two people, or two tabs, have changed the same: both versions side by side, and who decides is
// the user.
import {Alert, Button, Group} from '@mantine/core';
import {useTranslation} from 'react-i18next';
import {sayWhen} from '../../shared/time';
import type {LineKey} from '../data';
import {useTargetName} from '../names';
import type {SlotFields} from './slots';

interface Props {
  line: LineKey;
  mine: SlotFields;
  theirs: SlotFields | null;
  isBusy: boolean;
  onMine(): void;
  onTheirs(): void;
  onBack(): void;
}

function useSay(line: LineKey) {
  const {t, i18n} = useTranslation('user');
  const nameOfTarget = useTargetName(line);
  return (fields: SlotFields | null): string => {
    if (!fields) return t('conflict.none');
    const parts = [t('conflict.to', {target: nameOfTarget(fields.target) || '–'})];
    if (fields.delay) parts.push(t('conflict.after', {seconds: fields.delay}));
    if (fields.until) {
      parts.push(t('happening.until', {when: sayWhen(fields.until, i18n.language)}).trim());
    }
    if (!fields.enabled) parts.push(t('conflict.off'));
    return parts.join(', ');
  };
}

export function Conflict({line, mine, theirs, isBusy, onMine, onTheirs, onBack}: Props) {
  const {t} = useTranslation('user');
  const say = useSay(line);
  return (
    <Alert className="lw-conflict" color="orange" role="alert" title={t('conflict.title')}>
      <dl>
        <dt>{t('conflict.theirs')}</dt><dd data-version="theirs">{say(theirs)}</dd>
        <dt>{t('conflict.mine')}</dt>
        <dd data-version="mine">{say({...mine, enabled: true})}</dd>
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
