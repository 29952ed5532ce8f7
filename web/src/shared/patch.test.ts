// SPDX-License-Identifier: Apache-2.0
// Fields are changed only where they still are as they were seen.
import {expect, test} from 'vitest';
import type {Patched} from './patch';

globalThis.document ??= {baseURI: 'http://x/'} as Document;
const {Problem} = await import('../api/client');
const {Overtaken, patchSeen} = await import('./patch');

interface Person {
  mobile: string;
  dnd: boolean;
}

// A record that has a new version with each change, and what `meddle` does before each change.
function recordOf(person: Person, meddle: () => Partial<Person> = () => ({})) {
  let version = 1;
  const kept = {...person};
  const change = (fields: Partial<Person>) => {
    if (Object.keys(fields).length === 0) return;
    Object.assign(kept, fields);
    version++;
  };
  const record: Patched<Person> = {
    read: async () => ({data: {...kept}, etag: String(version)}),
    async patch(fields, etag) {
      change(meddle());
      if (etag !== String(version)) throw new Problem(412, 'it has changed');
      change(fields);
      return {data: {...kept}, etag: String(version)};
    },
  };
  return {record, kept};
}

const PERSON: Person = {mobile: '1', dnd: false};

test('what is as it was seen is changed', async () => {
  const {record, kept} = recordOf(PERSON);
  expect(await patchSeen(record, {mobile: '1'}, {mobile: '2'})).toEqual({mobile: '2', dnd: false});
  expect(kept.mobile).toBe('2');
});

test('what somebody else has changed is not overwritten, and is told', async () => {
  const {record, kept} = recordOf({...PERSON, mobile: '3'});
  const refused = await patchSeen(record, {mobile: '1'}, {mobile: '2'}).catch((why) => why);
  expect(refused).toBeInstanceOf(Overtaken);
  expect(refused.now.mobile).toBe('3');
  expect(kept.mobile).toBe('3');
});

test('somebody else had the same wish', async () => {
  const {record} = recordOf({...PERSON, mobile: '2'});
  expect((await patchSeen(record, {mobile: '1'}, {mobile: '2'})).mobile).toBe('2');
});

test('another field, changed between reading and changing, is no hindrance', async () => {
  let count = 0;
  const {record, kept} = recordOf(PERSON, () => (count++ === 0 ? {dnd: true} : {}));
  await patchSeen(record, {mobile: '1'}, {mobile: '2'});
  expect(kept).toEqual({mobile: '2', dnd: true});
});

test('the same field, changed between reading and changing, is', async () => {
  const {record, kept} = recordOf(PERSON, () => ({mobile: '3'}));
  await expect(patchSeen(record, {mobile: '1'}, {mobile: '2'})).rejects.toBeInstanceOf(Overtaken);
  expect(kept.mobile).toBe('3');
});

test('a record that never rests ends in a refusal', async () => {
  let isOn = false;
  const {record, kept} = recordOf(PERSON, () => ({dnd: isOn = !isOn}));
  const change = patchSeen(record, {mobile: '1'}, {mobile: '2'});
  await expect(change).rejects.toMatchObject({status: 412});
  expect(kept.mobile).toBe('1');
});
