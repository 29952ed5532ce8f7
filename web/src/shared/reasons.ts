// SPDX-License-Identifier: Apache-2.0
// Why the server refuses something, in the user's language. The server says it in English; the
// file reasons.json of a language has those texts as its keys, {1}, {2} ... standing for what
// varies. What has no translation is shown as it is. reasons.test.ts finds each text of the
// server's sources.
import {useTranslation} from 'react-i18next';
import {Problem} from '../api/client';

type Texts = Record<string, string>;

interface Pattern {
  matches: RegExp;
  literal: number; // characters that do not vary
  places: string[];
  text: string;
}

const patternsOf = new WeakMap<Texts, Pattern[]>();

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function makePattern(key: string, text: string): Pattern {
  const parts = key.split(/\{\d\}/);
  return {
    matches: new RegExp(`^${parts.map(escape).join('(.*?)')}$`, 's'),
    literal: parts.join('').length,
    places: key.match(/\{\d\}/g) ?? [],
    text,
  };
}

// Those that say most come first: "line {1} is switched off" before "{1} {2}".
function patterns(texts: Texts): Pattern[] {
  let made = patternsOf.get(texts);
  if (!made) {
    made = Object.entries(texts).filter(([key]) => key.includes('{'))
      .map(([key, text]) => makePattern(key, text))
      .sort((one, other) => other.literal - one.literal);
    patternsOf.set(texts, made);
  }
  return made;
}

function translateOne(texts: Texts, reason: string): string | undefined {
  if (Object.hasOwn(texts, reason)) return texts[reason];
  for (const {matches, places, text} of patterns(texts)) {
    const found = matches.exec(reason);
    if (!found) continue;
    return places.reduce((said, place, i) => {
      const value = found[i + 1].replaceAll('->', '→');
      return said.replaceAll(place, () => texts[value] ?? value);
    }, text);
  }
  return undefined;
}

// A text of the server, or several that it has joined by semicolons, by a language's texts. What
// says which of a profile's forwardings it is about, "busy/all: ...", stays in front.
export function translateReason(texts: Texts, reason: string): string {
  const whole = translateOne(texts, reason);
  if (whole !== undefined) return whole;
  const [, place, why] = /^(\w+\/\w+\S*: )(.*)$/s.exec(reason) ?? [];
  if (place) return place + translateReason(texts, why);
  const parts = reason.split('; ');
  return parts.length === 1 ? reason
    : parts.map((part) => translateOne(texts, part) ?? part).join('; ');
}

// Says a reason in the user's language.
export function useReason() {
  const {i18n} = useTranslation('reasons', {useSuspense: false});
  const texts = (i18n.getResourceBundle(i18n.language, 'reasons') ?? {}) as Texts;
  return (reason: string | undefined): string | undefined => {
    if (!reason) return undefined;
    const text = translateReason(texts, reason);
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
}

// Says a whole problem, or whatever else went wrong, as a sentence for people.
export function useProblemText() {
  const {t} = useTranslation();
  const say = useReason();
  return (problem: Error): string => {
    if (!(problem instanceof Problem)) return problem.message;
    if (problem.status === 0) return t('problem.unreachable');
    if (problem.status === 412) return t('problem.changed');
    if (problem.status === 503) return t('problem.unavailable');
    if (problem.errors.length === 0) return say(problem.message) ?? '';
    return problem.errors.map(({field, reason}) =>
      [field, say(reason)].filter(Boolean).join(': ')).join('; ');
  };
}
