// SPDX-License-Identifier: Apache-2.0
// Some fields of many records at once, by the import: tried first, part by part, so that there is
// something to tell and it can be ended; then done as a whole, or not at all.
import type {Schemas} from '../../api/client';
import {askAny} from './data';
import type {Stored} from './fields';
import type {Worker} from './work';

const PART = 1000; // records that are tried at once

// Some of the records have been removed meanwhile; an import would make them anew.
export class Gone extends Error {
  constructor(readonly count: number) {
    super();
  }
}

async function load(list: string, records: Stored[], query: {dry_run?: boolean}, worker: Worker) {
  const {data} = await askAny('post', '/import',
    {query, body: {[list]: records}, signal: worker.signal});
  return data as unknown as Schemas['ImportResult'];
}

// Changes the records of a list of the import ("lines"), each named by its key.
export async function changeMany(list: 'lines' | 'users', records: Stored[], worker: Worker) {
  let gone = 0;
  for (let done = 0; done < records.length; done += PART) {
    worker.tell({name: 'trying', done, all: records.length});
    const result = await load(list, records.slice(done, done + PART), {dry_run: true}, worker);
    gone += result.added[list];
  }
  if (gone > 0) throw new Gone(gone);
  worker.tell({name: 'saving', isFinal: true});
  await load(list, records, {}, worker);
}
