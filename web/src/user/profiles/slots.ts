// SPDX-License-Identifier: Apache-2.0
// The forwardings of a profile as the API writes them: "immediate/all=mobile; no_answer/external/
// 15=mailbox", and as rows of a form.
import type {Condition, Origin} from '../data';

export interface ProfileSlot {
  condition: Condition;
  origin: Origin;
  delay: number; // of no_answer; 0: as fits
  target: string;
}

export function readSlots(text: string): ProfileSlot[] {
  return text.split(/; |;$/).map((part) => part.trim()).filter(Boolean).map((part) => {
    const equals = part.indexOf('=');
    const [condition, origin, delay] = part.slice(0, equals).split('/');
    return {
      condition: condition as Condition, origin: origin as Origin, delay: Number(delay ?? 0),
      target: part.slice(equals + 1),
    };
  });
}

export function writeSlots(slots: ProfileSlot[]): string {
  return slots.filter(({target}) => target !== '').map(({condition, origin, delay, target}) => {
    const wait = condition === 'no_answer' && delay > 0 ? `/${delay}` : '';
    return `${condition}/${origin}${wait}=${target}`;
  }).join('; ');
}

// Which forwarding the server means by "busy/external: is an emergency number", and what is wrong
// with it. Of two for the same calls it means the later one.
export function slotAtFault(slots: ProfileSlot[], reason: string | undefined):
  {index: number; reason: string} | null {
  const [, condition, origin, why] = /^(\w+)\/(\w+)[^:]*: (.*)$/.exec(reason ?? '') ?? [];
  const index = slots.map((slot) => `${slot.condition}/${slot.origin}`)
    .lastIndexOf(`${condition}/${origin}`);
  return index < 0 ? null : {index, reason: why};
}
