// SPDX-License-Identifier: Apache-2.0
// Changes fields of one's own user, and offers to take it back.
import {useQueryClient} from '@tanstack/react-query';
import {ask} from '../../api/client';
import type {Answer} from '../../api/client';
import {useSession} from '../../app/session';
import {useTold} from '../../shared/undo';
import type {User} from '../data';

// Returns a function that changes `fields` and tells `message`. Problems are told as well, or
// thrown for who shows them at a field.
export function useUserChange() {
  const client = useQueryClient();
  const {user: name} = useSession();
  const {tell, fail} = useTold();
  const key = ['users', name];

  async function set(fields: Partial<User>) {
    await ask('patch', '/users/{name}', {path: {name}, body: fields});
    void Promise.all([
      client.invalidateQueries({queryKey: key}),
      client.invalidateQueries({queryKey: ['explain']}),
      client.invalidateQueries({queryKey: ['profiles']}),
    ]);
  }

  return async (fields: Partial<User>, message: string, isThrown = false) => {
    const before = client.getQueryData<Answer<User>>(key)?.data;
    try {
      await set(fields);
      const names = Object.keys(fields) as (keyof User)[];
      const old = Object.fromEntries(names.map((field) => [field, before?.[field]]));
      tell(message, before && (() => set(old as Partial<User>)));
    } catch (problem) {
      if (isThrown) throw problem;
      fail(problem);
    }
  };
}
