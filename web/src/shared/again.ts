// SPDX-License-Identifier: Apache-2.0
// Files that are loaded when they are needed: one that cannot be had is asked for again, since a
// network fails for a moment and a server starts anew.

const PAUSES_MS = [500, 2000];

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

// What `load` gives, which is called up to three times until it does; else what it fails with.
export async function again<T>(load: () => Promise<T>, pauses = PAUSES_MS): Promise<T> {
  for (const ms of pauses) {
    try {
      return await load();
    } catch {
      await pause(ms);
    }
  }
  return load();
}
