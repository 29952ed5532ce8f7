// SPDX-License-Identifier: Apache-2.0
// What takes longer than a moment: how far it has come, and ending it before its time.
import {Button} from '@mantine/core';
import {useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {useTold} from '../../shared/undo';

interface Step {
  name: string; // in the languages, below "work"
  done?: number;
  all?: number; // undefined: nobody knows
  isFinal?: boolean; // it cannot be ended any more
}

// What the work itself is given: whether somebody has ended it, and where it says how far it is.
export interface Worker {
  signal: AbortSignal;
  tell: (step: Step) => void;
}

export interface Work {
  step: Step | null; // null: nothing is under way
  end: () => void;
  // Does the work; what it throws is told, unless it is that it was ended. True once it is done.
  run: (work: (worker: Worker) => Promise<void>) => Promise<boolean>;
}

export function useWork(onProblem?: (problem: unknown) => void): Work {
  const {fail} = useTold();
  const [step, setStep] = useState<Step | null>(null);
  const ending = useRef<AbortController>();
  async function run(work: (worker: Worker) => Promise<void>) {
    const controller = new AbortController();
    ending.current = controller;
    setStep({name: 'beginning'});
    try {
      await work({signal: controller.signal, tell: setStep});
      return true;
    } catch (problem) {
      if (!controller.signal.aborted) (onProblem ?? fail)(problem);
      return false;
    } finally {
      setStep(null);
    }
  }
  return {step, run, end: () => ending.current?.abort()};
}

export function Progress({of: {step, end}}: {of: Work}) {
  const {t, i18n} = useTranslation('admin');
  if (!step) return null;
  const {name, done, all, isFinal} = step;
  const number = (value: number) => value.toLocaleString(i18n.language);
  return (
    <div className="la-work">
      <progress aria-label={t(`work.${name}`)} max={all} value={all ? done : undefined}/>
      <span>{t(`work.${name}`)}{done !== undefined && ` ${all
        ? t('work.of', {done: number(done), all: number(all)}) : number(done)}`}</span>
      {!isFinal && <Button size="compact-sm" variant="default" onClick={end}>
        {t('work.end')}</Button>}
    </div>
  );
}
