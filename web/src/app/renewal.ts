// SPDX-License-Identifier: Apache-2.0
// Has read anew what events are about, a moment later, each subject by itself. What comes while a
// subject is being read waits until that has ended: many events never keep a slow answer from being
// shown.

const TOGETHER_MS = 120; // an import changes many records at once

export const EVERYTHING = '*';

interface Subject {
  isWanted: boolean;
  isBusy: boolean; // it waits for its moment, or is being read
}

export class Renewal {
  private readonly subjects = new Map<string, Subject>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  // `read` has a subject, or EVERYTHING, read anew; it ends when that is there.
  constructor(private readonly read: (subject: string) => Promise<unknown>) {}

  add(name: string) {
    const subject = this.subjects.get(name) ?? {isWanted: false, isBusy: false};
    this.subjects.set(name, subject);
    subject.isWanted = true;
    if (!subject.isBusy) this.start(name, subject);
  }

  stop() {
    this.timers.forEach(clearTimeout);
  }

  private start(name: string, subject: Subject) {
    subject.isBusy = true;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.renew(name, subject);
    }, TOGETHER_MS);
    this.timers.add(timer);
  }

  private async renew(name: string, subject: Subject) {
    subject.isWanted = false;
    await this.read(name).catch(() => undefined); // whoever shows it tells what went wrong
    subject.isBusy = false;
    if (subject.isWanted) this.start(name, subject);
  }
}
