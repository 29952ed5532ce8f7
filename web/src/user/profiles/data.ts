// SPDX-License-Identifier: Apache-2.0
// The user's profiles: read, put on, ended, changed, removed.
import {useQuery, useQueryClient} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask} from '../../api/client';
import type {Schemas} from '../../api/client';
import {useSession} from '../../app/session';
import {useTold} from '../../shared/undo';

export type Profile = Schemas['Profile'];
export type ProfileFields = Pick<Profile, 'presence' | 'dnd' | 'forwardings' | 'minutes' |
  'end_at'>;

export function useProfiles() {
  const {user} = useSession();
  return useQuery({
    queryKey: ['profiles', user],
    queryFn: async (): Promise<Profile[]> =>
      (await ask('get', '/users/{user}/profiles', {path: {user}})).data.items ?? [],
    enabled: user !== '',
  });
}

export function fieldsOf(profile: Profile): ProfileFields {
  const {presence, dnd, forwardings, minutes, end_at} = profile;
  return {presence, dnd, forwardings, minutes, end_at};
}

const ONE = '/users/{user}/profiles/{name}';
const APPLY = '/users/{user}/profiles/{name}/apply';

export function useProfileChanges() {
  const {t} = useTranslation('user');
  const client = useQueryClient();
  const {user} = useSession();
  const {tell, fail} = useTold();
  const path = (name: string) => ({user, name});

  async function refresh() {
    await Promise.all(['profiles', 'users', 'explain'].map((subject) =>
      client.invalidateQueries({queryKey: [subject]})));
  }

  async function apply(name: string, until?: string) {
    const body = until === undefined ? {} : {until};
    const {before} = (await ask('post', APPLY, {path: path(name), body})).data;
    void refresh();
    return before as {name: string; until: string} | null;
  }

  async function end(name: string) {
    await ask('delete', APPLY, {path: path(name)});
    void refresh();
  }

  async function save(name: string, fields: ProfileFields, isNew: boolean) {
    const condition = isNew ? {ifNoneMatch: '*' as const} : {};
    await ask('put', ONE, {path: path(name), body: fields, ...condition});
    void refresh();
  }

  async function remove(name: string) {
    await ask('delete', ONE, {path: path(name)});
    void refresh();
  }

  return {
    save,
    async putOn(name: string) {
      try {
        const before = await apply(name);
        tell(t('profiles.on', {name}), () => (before
          ? apply(before.name, before.until) : end(name)));
      } catch (problem) {
        fail(problem);
      }
    },
    async end(profile: Profile) {
      try {
        await end(profile.name);
        tell(t('profiles.ended', {name: profile.name}),
          () => apply(profile.name, profile.until ?? ''));
      } catch (problem) {
        fail(problem);
      }
    },
    async remove(profile: Profile) {
      try {
        await remove(profile.name);
        tell(t('profiles.removed', {name: profile.name}),
          () => save(profile.name, fieldsOf(profile), true));
      } catch (problem) {
        fail(problem);
      }
    },
  };
}
