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

  // Replaces the profile as it was when it had that ETag; null: makes a new one. Returns the ETag
  // that it has then.
  async function put(name: string, fields: ProfileFields, etag: string | null) {
    const condition = etag === null ? {ifNoneMatch: '*' as const} : {ifMatch: etag};
    const saved = await ask('put', ONE, {path: path(name), body: fields, ...condition});
    void refresh();
    return saved.etag ?? '*';
  }

  async function remove(name: string) {
    await ask('delete', ONE, {path: path(name)});
    void refresh();
  }

  return {
    // What a change of the profile is conditional on: to be read when somebody begins to edit it.
    async readEtag(name: string): Promise<string> {
      return (await ask('get', ONE, {path: path(name)})).etag ?? '*';
    },
    async add(name: string, fields: ProfileFields) {
      await put(name, fields, null);
      tell(t('profiles.added', {name}), () => remove(name));
    },
    async change(name: string, before: ProfileFields, fields: ProfileFields, etag: string) {
      const after = await put(name, fields, etag);
      tell(t('profiles.saved', {name}), () => put(name, before, after));
    },
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
          () => put(profile.name, fieldsOf(profile), null));
      } catch (problem) {
        fail(problem);
      }
    },
  };
}
