// SPDX-License-Identifier: Apache-2.0
// The profiles, to be put on and ended where one looks first.
import {Button, Group} from '@mantine/core';
import {useTranslation} from 'react-i18next';
import {sayWhen} from '../../shared/time';
import {useProfileChanges, useProfiles} from '../profiles/data';

export function QuickProfiles() {
  const {t, i18n} = useTranslation('user');
  const profiles = useProfiles().data ?? [];
  const changes = useProfileChanges();
  if (profiles.length === 0) return null;
  return (
    <section className="lw-card" aria-labelledby="quick-profiles">
      <div className="lw-card-head"><h2 id="quick-profiles">{t('profiles.name')}</h2></div>
      <Group gap="xs">
        {profiles.map((profile) => (profile.applied
          ? <Button key={profile.name} color="orange.9" aria-pressed="true"
            onClick={() => void changes.end(profile)}>
            {profile.name}{profile.until &&
              t('happening.until', {when: sayWhen(profile.until, i18n.language)})}
          </Button>
          : <Button key={profile.name} variant="default" aria-pressed="false"
            onClick={() => void changes.putOn(profile.name)}>{profile.name}</Button>))}
      </Group>
    </section>
  );
}
