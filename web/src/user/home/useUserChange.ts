// SPDX-License-Identifier: Apache-2.0
// Changes fields of one's own user, never over somebody else's change, and offers to take it back.
import {useQueryClient} from '@tanstack/react-query';
import {ask} from '../../api/client';
import {useSession} from '../../app/session';
import {patchSeen, pick} from '../../shared/patch';
import type {Patched} from '../../shared/patch';
import {useTold} from '../../shared/undo';
import type {User} from '../data';
import {applyProfile, useProfiles} from '../profiles/data';

const PATH = '/users/{name}';

function recordOf(name: string): Patched<User> {
  const path = {name};
  return {
    read: () => ask('get', PATH, {path}),
    patch: (body, etag) => ask('patch', PATH, {path, body, ifMatch: etag ?? undefined}),
  };
}

interface Told {
  message: string;
  isThrown?: boolean; // problems are thrown for who shows them at a field; else they are told
}

// Returns a function that changes `fields` of a user that was `seen` like this.
export function useUserChange() {
  const client = useQueryClient();
  const {user: name} = useSession();
  const {tell, fail} = useTold();
  const applied = useProfiles().data?.find((profile) => profile.applied);

  async function set(seen: Partial<User>, fields: Partial<User>): Promise<User> {
    try {
      return await patchSeen(recordOf(name), seen, fields);
    } finally {
      void Promise.all(['users', 'explain', 'profiles'].map((subject) =>
        client.invalidateQueries({queryKey: [subject]})));
    }
  }

  return async (seen: User, fields: Partial<User>, {message, isThrown}: Told) => {
    const names = Object.keys(fields) as (keyof User)[];
    const isByHand = names.includes('dnd') || names.includes('presence');
    try {
      const after = await set(seen, fields);
      tell(message, async () => {
        await set(pick(after, names), pick(seen, names));
        // What is done by hand has ended the profile that was on.
        if (isByHand && applied) await applyProfile(name, applied.name, applied.until ?? '');
        void client.invalidateQueries({queryKey: ['profiles']});
      });
    } catch (problem) {
      if (isThrown) throw problem;
      fail(problem);
    }
  };
}
