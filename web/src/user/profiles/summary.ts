// SPDX-License-Identifier: Apache-2.0
// What a profile does, in a few words.
import {useTranslation} from 'react-i18next';
import {useMyLines} from '../data';
import {useTargetName} from '../names';
import type {ProfileFields} from './data';
import {readSlots} from './slots';

export function useSummary() {
  const {t} = useTranslation('user');
  const nameOfTarget = useTargetName(useMyLines().data?.[0]);
  return (profile: ProfileFields): string[] => [
    profile.presence ? `${t('state.presence')}: ${profile.presence}` : '',
    profile.dnd && profile.dnd !== 'unchanged'
      ? `${t('state.dnd')}: ${t(`profiles.dnd.${profile.dnd}`)}` : '',
    ...readSlots(profile.forwardings ?? '').map((slot) => `${t('forwardings.slot', {
      condition: t(`condition.${slot.condition}.name`), origin: t(`origin.${slot.origin}`),
    })} → ${nameOfTarget(slot.target)}`),
    profile.minutes ? t('profiles.forMinutes', {count: profile.minutes}) : '',
    profile.end_at ? t('profiles.untilClock', {clock: profile.end_at}) : '',
  ].filter(Boolean);
}
