// SPDX-License-Identifier: Apache-2.0
// Profiles: put on with one touch, over all settings, until they end.
import {Button, Group, Loader} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {PageFrame} from '../../app/PageFrame';
import {Icon} from '../../shared/icons';
import {sayWhen} from '../../shared/time';
import {useMyLines} from '../data';
import {useTargetName} from '../names';
import {fieldsOf, useProfileChanges, useProfiles} from './data';
import type {Profile, ProfileFields} from './data';
import {ProfileForm} from './ProfileForm';
import {readSlots} from './slots';

const EMPTY: ProfileFields =
  {presence: '', dnd: 'unchanged', forwardings: '', minutes: 0, end_at: ''};

// What the usual profiles are begun with.
const SUGGESTED: {key: string; fields: ProfileFields}[] = [
  {key: 'meeting', fields: {...EMPTY, presence: 'meeting', minutes: 60,
    forwardings: 'immediate/all=mailbox'}},
  {key: 'away', fields: {...EMPTY, presence: 'out-of-office',
    forwardings: 'immediate/external=mobile'}},
  {key: 'focus', fields: {...EMPTY, dnd: 'on', minutes: 120}},
];

function useSummary() {
  const {t} = useTranslation('user');
  const nameOfTarget = useTargetName(useMyLines().data?.[0]);
  return (profile: Profile): string[] => [
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

function ProfileCard({profile, onEdit}: {profile: Profile; onEdit: () => void}) {
  const {t, i18n} = useTranslation('user');
  const changes = useProfileChanges();
  const summary = useSummary();
  const [isBusy, setBusy] = useState(false);
  async function during(action: Promise<void>) {
    setBusy(true);
    await action;
    setBusy(false);
  }
  const when = profile.until ? sayWhen(profile.until, i18n.language) : '';
  return (
    <section className="lw-card lw-profile" data-applied={profile.applied || undefined}
      aria-label={profile.name}>
      <div className="lw-card-head">
        <h2>{profile.name}</h2>
        {profile.applied && (
          <span className="lw-chip" data-state="forwarded">
            {when ? t('profiles.appliedUntil', {when}) : t('profiles.applied')}
          </span>
        )}
      </div>
      <ul>{summary(profile).map((line) => <li key={line}>{line}</li>)}</ul>
      <Group gap="xs">
        {profile.applied
          ? <Button loading={isBusy} color="orange.9"
            onClick={() => void during(changes.end(profile))}>{t('profiles.end')}</Button>
          : <Button loading={isBusy} onClick={() => void during(changes.putOn(profile.name))}>
            {t('profiles.apply')}
          </Button>}
        <Button variant="default" onClick={onEdit}>{t('profiles.edit')}</Button>
        <Button variant="subtle" color="red" onClick={() => void changes.remove(profile)}>
          {t('forwardings.remove')}
        </Button>
      </Group>
    </section>
  );
}

function Suggestions({taken, onChoose}:
  {taken: string[]; onChoose: (name: string, fields: ProfileFields) => void}) {
  const {t} = useTranslation('user');
  const {add} = useProfileChanges();
  const left = SUGGESTED.filter(({key}) => !taken.includes(t(`profiles.suggested.${key}`)));
  if (left.length === 0) return null;
  return (
    <Group gap="xs">
      <span className="lw-label">{t('profiles.suggestions')}</span>
      {left.map(({key, fields}) => {
        const name = t(`profiles.suggested.${key}`);
        return (
          <Button key={key} variant="default" size="compact-sm"
            leftSection={<Icon name="plus" size={16}/>}
            onClick={() => void add(name, fields).catch(() => onChoose(name, fields))}>
            {name}
          </Button>
        );
      })}
    </Group>
  );
}

export default function Profiles() {
  const {t} = useTranslation('user');
  const profiles = useProfiles();
  const [edited, setEdited] = useState<{name: string; fields: ProfileFields} | null>(null);
  const list = profiles.data ?? [];
  return (
    <PageFrame title={t('profiles.name')} lead={t('profiles.lead')}
      actions={<Button leftSection={<Icon name="plus" size={18}/>}
        onClick={() => setEdited({name: '', fields: EMPTY})}>{t('profiles.new')}</Button>}>
      <div className="lw-stack">
        {profiles.isPending && <Loader aria-label={t('common:loading')}/>}
        {edited?.name === '' && (
          <ProfileForm key="new" name="" fields={edited.fields} onClose={() => setEdited(null)}/>
        )}
        {list.map((profile) => (edited?.name === profile.name
          ? <ProfileForm key={profile.name} name={profile.name} fields={edited.fields}
            onClose={() => setEdited(null)}/>
          : <ProfileCard key={profile.name} profile={profile}
            onEdit={() => setEdited({name: profile.name, fields: fieldsOf(profile)})}/>))}
        {profiles.isSuccess && (
          <Suggestions taken={list.map(({name}) => name)}
            onChoose={(_, fields) => setEdited({name: '', fields})}/>
        )}
      </div>
    </PageFrame>
  );
}
