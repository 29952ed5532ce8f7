// SPDX-License-Identifier: Apache-2.0
// Changes some fields of a record that others change, too: only where these fields still are as
// they were seen. What somebody else has done to other fields is no hindrance.
import {Problem} from '../api/client';
import type {Answer} from '../api/client';

const TRIES = 5; // somebody else may be faster each time

// Somebody else was faster; `now` is what they left.
export class Overtaken<T> extends Problem {
  constructor(readonly now: T) {
    super(412, 'it has changed since it was seen');
  }
}

export interface Patched<T> {
  read(): Promise<Answer<T>>;
  patch(fields: Partial<T>, etag: string | null): Promise<Answer<T>>;
}

// Returns the record as it is then; throws Overtaken, or what else the server refuses.
export async function patchSeen<T>(record: Patched<T>, seen: Partial<T>, fields: Partial<T>):
Promise<T> {
  const names = Object.keys(fields) as (keyof T)[];
  for (let tried = 1; ; tried++) {
    const now = await record.read();
    const isSeen = names.every((name) =>
      now.data[name] === seen[name] || now.data[name] === fields[name]);
    if (!isSeen) throw new Overtaken(now.data);
    try {
      return (await record.patch(fields, now.etag)).data;
    } catch (problem) {
      const isLost = problem instanceof Problem && problem.status === 412 && tried < TRIES;
      if (!isLost) throw problem;
    }
  }
}

// Those of the record's fields that `names` has.
export function pick<T>(record: T, names: (keyof T)[]): Partial<T> {
  return Object.fromEntries(names.map((name) => [name, record[name]])) as Partial<T>;
}
