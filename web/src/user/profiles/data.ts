// SPDX-License-Identifier: Apache-2.0
// The user's profiles: read, put on, ended, changed, removed.
import {useQuery, useQueryClient} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
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

// A profile as it was read; null: there is none (any more).
export interface SeenProfile {
  fields: ProfileFields | null;
  etag: string | null;
}

export async function readProfile(user: string, name: string): Promise<SeenProfile> {
  try {
    const {data, etag} = await ask('get', ONE, {path: {user, name}});
    return {fields: fieldsOf(data), etag};
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) return {fields: null, etag: null};
    throw problem;
  }
}

// `until` as the API has it: empty without an end; absent as the profile says. Returns which one
// was on before.
export async function applyProfile(user: string, name: string, until?: string) {
  const body = until === undefined ? {} : {until};
  const {before} = (await ask('post', APPLY, {path: {user, name}, body})).data;
  return before as {name: string; until: string} | null;
}

export function isSame(a: ProfileFields | null, b: ProfileFields | null): boolean {
  if (!a || !b) return a === b;
  return (Object.keys(b) as (keyof ProfileFields)[])
    .every((field) => a[field] === b[field]);
}

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
    const before = await applyProfile(user, name, until);
    void refresh();
    return before;
  }

  async function end(name: string) {
    await ask('delete', APPLY, {path: path(name)});
    void refresh();
  }

  // Replaces the profile where it still is as it was when it had that ETag; null: makes a new one.
  // Returns the ETag that it has then.
  async function put(name: string, fields: ProfileFields, etag: string | null) {
    const condition = etag === null ? {ifNoneMatch: '*' as const} : {ifMatch: etag};
    try {
      return (await ask('put', ONE, {path: path(name), body: fields, ...condition})).etag ?? '*';
    } finally {
      void refresh();
    }
  }

  async function remove(name: string, etag: string) {
    try {
      await ask('delete', ONE, {path: path(name), ifMatch: etag});
    } finally {
      void refresh();
    }
  }

  return {
    async add(name: string, fields: ProfileFields) {
      const after = await put(name, fields, null);
      tell(t('profiles.added', {name}), () => remove(name, after));
    },
    async change(name: string, seen: SeenProfile, fields: ProfileFields) {
      const after = await put(name, fields, seen.etag);
      tell(t('profiles.saved', {name}), () => (seen.fields
        ? put(name, seen.fields, after) : remove(name, after)));
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
        const seen = await readProfile(user, profile.name);
        if (!isSame(seen.fields, fieldsOf(profile))) throw new Problem(412, 'it has changed');
        await remove(profile.name, seen.etag ?? '*');
        tell(t('profiles.removed', {name: profile.name}), async () => {
          await put(profile.name, fieldsOf(profile), null);
          if (profile.applied) await apply(profile.name, profile.until ?? '');
        });
      } catch (problem) {
        fail(problem);
      }
    },
  };
}
