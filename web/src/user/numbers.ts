// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, and whose they are.
import type {Schemas} from '../api/client';

type User = Schemas['User'];

export interface Colleague {
  extension: string;
  name: string;
}

const COUNTRY = new RegExp('^\\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|' +
  '\\d{3})(\\d+)$');

// "+491701234567" with gaps, so that it can be read: behind the country, and behind the network of
// German mobile numbers. Area codes have no length of their own, so no more is known.
export function groupDigits(number: string): string {
  const [, country, rest] = COUNTRY.exec(number) ?? [];
  if (!country) return number;
  const isMobile = country === '49' && /^1[567]/.test(rest);
  return isMobile ? `+49 ${rest.slice(0, 3)} ${rest.slice(3)}` : `+${country} ${rest}`;
}

// A sentence of the server with the numbers in it so.
export function groupDigitsIn(sentence: string): string {
  return sentence.replace(/\+\d{6,15}(?!\d)/g, groupDigits);
}

export function nameOf(extension: string, colleagues: Colleague[] | undefined): string {
  return colleagues?.find((colleague) => colleague.extension === extension)?.name ?? '';
}

interface OwnNumber {
  target: string;
  label: 'mailbox' | 'mobile' | 'home' | 'business';
  number: string;
}

// The user's own numbers that a call can go to.
export function ownNumbers(user: User | undefined): OwnNumber[] {
  if (!user) return [];
  const numbers: OwnNumber[] = [
    {target: 'mobile', label: 'mobile', number: user.mobile},
    {target: 'mailbox', label: 'mailbox', number: user.mailbox},
    {target: user.home, label: 'home', number: user.home},
    {target: user.business, label: 'business', number: user.business},
  ];
  return numbers.filter(({number}) => number !== '');
}
