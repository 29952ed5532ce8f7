// SPDX-License-Identifier: Apache-2.0
// Profiles: put on with one touch, over all settings, until they end.
import {Button, Group, Loader} from '@mantine/core';
import {useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {PageFrame} from '../../app/PageFrame';
import {useFocusLeaves} from '../../shared/focus';
import {Icon} from '../../shared/icons';
import {sayWhen} from '../../shared/time';
import {fieldsOf, useProfileChanges, useProfiles} from './data';
import type {Profile, ProfileFields} from './data';
import {ProfileForm} from './ProfileForm';
import {useSummary} from './summary';

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

function ProfileCard({profile, onEdit}: {profile: Profile; onEdit: () => void}) {
  const {t, i18n} = useTranslation('user');
  const changes = useProfileChanges();
  const summary = useSummary();
  const card = useRef<HTMLElement>(null);
  useFocusLeaves(card, ['.lw-profile [data-edit]', '.lw-page-head button']);
  const [isBusy, setBusy] = useState(false);
  async function during(action: Promise<void>) {
    if (isBusy) return;
    setBusy(true);
    await action;
    setBusy(false);
  }
  const when = profile.until ? sayWhen(profile.until, i18n.language) : '';
  return (
    <section className="lw-card lw-profile" data-applied={profile.applied || undefined}
      aria-label={profile.name} data-profile={profile.name} ref={card}>
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
        <Button aria-busy={isBusy} color={profile.applied ? 'orange.9' : undefined}
          onClick={() => void during(profile.applied ? changes.end(profile)
            : changes.putOn(profile.name))}>
          {t(profile.applied ? 'profiles.end' : 'profiles.apply')}
        </Button>
        <Button variant="default" data-edit onClick={onEdit}>{t('profiles.edit')}</Button>
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
  // What is being edited stays, also where somebody else removes it meanwhile.
  const isGone = edited !== null && !list.some(({name}) => name === edited.name);
  const shown = isGone ? [edited as Partial<Profile> as Profile, ...list] : list;
  return (
    <PageFrame title={t('profiles.name')} lead={t('profiles.lead')}
      actions={<Button leftSection={<Icon name="plus" size={18}/>}
        onClick={() => setEdited({name: '', fields: EMPTY})}>{t('profiles.new')}</Button>}>
      <div className="lw-stack">
        {profiles.isPending && <Loader aria-label={t('common:loading')}/>}
        {shown.map((profile) => (edited?.name === profile.name
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
