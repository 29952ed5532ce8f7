// SPDX-License-Identifier: Apache-2.0
// An exception in a few words.
import {useTranslation} from 'react-i18next';
import {sayWhen} from '../../shared/time';
import type {LineKey} from '../data';
import {useTargetName} from '../names';
import {groupDigits} from '../numbers';
import type {ExceptionFields} from './data';

export function useSummary(line: LineKey) {
  const {t, i18n} = useTranslation('user');
  const nameOfTarget = useTargetName(line);

  function sayCaller({caller, origin}: ExceptionFields): string {
    if (!caller) return t(`origin.${origin ?? 'all'}`);
    if (caller === 'anonymous') return t('exceptions.anonymous');
    return caller.endsWith('*') ? t('exceptions.begins', {number: caller.slice(0, -1)})
      : groupDigits(caller);
  }

  return (fields: ExceptionFields): string[] => [
    sayCaller(fields),
    `${t(`condition.${fields.condition ?? 'immediate'}.name`)} ${
      fields.ring ? `– ${t('exceptions.rings')}` : `→ ${nameOfTarget(fields.target ?? '')}`}`,
    fields.schedule ?? '',
    fields.presence ? `${t('exceptions.presence')}: ${fields.presence}` : '',
    fields.calls ? t('exceptions.callsLeft', {count: fields.calls}) : '',
    fields.until ? t('happening.until', {when: sayWhen(fields.until, i18n.language)}).trim() : '',
  ].filter(Boolean);
}
