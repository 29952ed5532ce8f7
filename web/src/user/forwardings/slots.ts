// SPDX-License-Identifier: Apache-2.0
// Reading and changing one forwarding, never over somebody else's change: each change is sent with
// the tag of what was seen, and each can be taken back exactly.
import {ask, Problem} from '../../api/client';
import type {Answer} from '../../api/client';
import {keyOf} from '../data';
import type {Condition, Forwarding, LineKey, Origin} from '../data';

export interface Slot {
  condition: Condition;
  origin: Origin;
}

// What of a forwarding is the user's to set.
export type SlotFields = Pick<Forwarding, 'target' | 'delay' | 'until' | 'enabled'>;

// A forwarding as it was read; null: there was none.
export interface SeenSlot {
  fields: SlotFields | null;
  etag: string | null;
}

const PATH = '/groups/{group}/lines/{extension}/forwardings/{condition}/{origin}';

export function fieldsOf(forwarding: Forwarding): SlotFields {
  const {target, delay, until, enabled} = forwarding;
  return {target, delay: delay ?? 0, until: until ?? '', enabled: enabled ?? true};
}

function pathOf(line: LineKey, slot: Slot) {
  return {...keyOf(line), ...slot};
}

function seen(answer: Answer<Forwarding>): SeenSlot {
  return {fields: fieldsOf(answer.data), etag: answer.etag};
}

export async function readSlot(line: LineKey, slot: Slot): Promise<SeenSlot> {
  try {
    return seen(await ask('get', PATH, {path: pathOf(line, slot)}));
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) return {fields: null, etag: null};
    throw problem;
  }
}

export function isSame(a: SlotFields | null, b: SlotFields | null): boolean {
  if (!a || !b) return a === b;
  return a.target === b.target && a.delay === b.delay && a.until === b.until &&
    a.enabled === b.enabled;
}

// Somebody else was faster; `now` is what they left.
export class SlotConflict extends Error {
  constructor(readonly now: SeenSlot) {
    super('changed by somebody else');
  }
}

async function orConflict<T>(line: LineKey, slot: Slot, change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (problem) {
    const isConflict = problem instanceof Problem && [404, 412].includes(problem.status);
    throw isConflict ? new SlotConflict(await readSlot(line, slot)) : problem;
  }
}

// Makes the slot what `fields` say (null: no forwarding), if it is still as it was `before`.
// Returns the server's warnings.
export async function writeSlot(line: LineKey, slot: Slot, before: SeenSlot,
  fields: SlotFields | null): Promise<string[]> {
  const condition = before.etag ? {ifMatch: before.etag} : {ifNoneMatch: '*' as const};
  const path = pathOf(line, slot);
  if (fields) {
    const change = ask('put', PATH, {path, body: fields, ...condition});
    return (await orConflict(line, slot, change)).data?.warnings ?? [];
  }
  if (before.fields) await orConflict(line, slot, ask('delete', PATH, {path, ...condition}));
  return [];
}
