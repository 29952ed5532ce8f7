// SPDX-License-Identifier: Apache-2.0
// What happens to a caller, as a sentence. What it says was decided by the server (explain); here
// are only the words.
import {useTranslation} from 'react-i18next';
import {sayWhen} from '../shared/time';
import {useExplain} from './data';
import type {Answer, LineKey, Question} from './data';
import {useTargetName} from './names';

export type Outcome = 'rings' | 'forwarded' | 'declined' | 'held';

export function outcomeOf(answer: Answer): Outcome {
  switch (answer.verdict.kind) {
    case 'ring': return 'rings';
    case 'redirect': return 'forwarded';
    case 'hold': return 'held';
    default: return 'declined';
  }
}

// The step and kind of rule that has decided: the last entry of a trace.
export function decidedBy(answer: Answer): Answer['trace'][number] | undefined {
  return answer.trace.at(-1);
}

export function isByAdministrator(answer: Answer): boolean {
  const subject = decidedBy(answer)?.subject;
  return subject === 'mandatory' || subject === 'default';
}

interface SentenceProps {
  line: LineKey;
  who: string; // the key of those who call
  question: Question;
}

// "External callers go to +49 170 1234567 until 17:00."
export function useSentence({line, who, question}: SentenceProps): {
  text: string | undefined; answer: Answer | undefined; isError: boolean;
} {
  const {t, i18n} = useTranslation('user');
  const nameOfTarget = useTargetName(line);
  const now = useExplain(line, question);
  const rings = now.data?.verdict.kind === 'ring';
  const later = useExplain(line, {...question, assume: {...question.assume, no_answer: true}},
    rings);
  if (!now.data || (rings && !later.data)) {
    return {text: undefined, answer: now.data, isError: now.isError};
  }
  const until = (answer: Answer) => (answer.until
    ? t('happening.until', {when: sayWhen(answer.until, i18n.language)}) : '');
  const say = (what: string, answer: Answer, values: object = {}) => t(`happening.${what}`, {
    who: t(`happening.who.${who}`), until: until(answer), ...values,
  });
  const verdict = now.data.verdict as Verdict;
  let text: string;
  if (verdict.kind === 'redirect') {
    text = say('forwarded', now.data, {target: nameOfTarget(verdict.target!)});
  } else if (verdict.kind === 'ring') {
    const then = later.data!.verdict as Verdict;
    text = then.kind === 'redirect'
      ? say('ringsThen', later.data!, {
        seconds: verdict.seconds, target: nameOfTarget(then.target!),
      })
      : say('rings', now.data);
  } else if (verdict.kind === 'hold') {
    text = say('held', now.data);
  } else {
    text = say(verdict.status === 486 ? 'busy' : 'unavailable', now.data);
  }
  return {text, answer: now.data, isError: false};
}

interface Verdict {
  kind: string;
  target?: string;
  seconds?: number;
  status?: number;
}
