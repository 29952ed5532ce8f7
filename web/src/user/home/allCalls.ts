// SPDX-License-Identifier: Apache-2.0
// What it means that all calls of a line go elsewhere at once: its immediate forwarding for all
// callers is on, and those for one kind of caller, which would go before it, are not. Pure.
import type {Condition, Origin} from '../data';
import type {SlotFields} from '../forwardings/slots';

export type Item = SlotFields & {condition: Condition; origin: Origin};

export const isForAll = ({condition, origin}: Item) =>
  condition === 'immediate' && origin === 'all';

// What all calls go to at once; undefined: they do not all go to one target.
export function targetOfAll(items: Item[]): string | undefined {
  const immediate = items.filter(({condition, enabled}) => condition === 'immediate' && enabled);
  const [first] = immediate;
  const isOne = immediate.every(({target, until}) =>
    target === first.target && until === first.until);
  const origins = immediate.map(({origin}) => origin);
  const isWhole = origins.includes('all') ||
    (origins.includes('internal') && origins.includes('external'));
  return isOne && isWhole ? first.target : undefined;
}

// The forwardings with all calls going to `target`, that one first; the others stay as they are.
export function withAll(items: Item[], target: string): Item[] {
  const all: Item = {condition: 'immediate', origin: 'all', target, delay: 0, until: '',
    enabled: true};
  return [all, ...items.filter((one) => !isForAll(one)).map((one) =>
    (one.condition === 'immediate' ? {...one, enabled: false} : one))];
}

// The forwardings with none of the immediate ones on.
export function withoutAll(items: Item[]): Item[] {
  return items.map((one) => (one.condition === 'immediate' ? {...one, enabled: false} : one));
}
