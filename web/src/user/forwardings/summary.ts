// SPDX-License-Identifier: Apache-2.0
// A forwarding in a few words.
import {useTranslation} from 'react-i18next';
import {sayWhen} from '../../shared/time';
import type {LineKey} from '../data';
import {useTargetName} from '../names';
import type {SlotFields} from './slots';

export function useSummary(line: LineKey) {
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
