// SPDX-License-Identifier: Apache-2.0
// One condition: its forwardings for all, internal and external callers, and what wins, as the
// server decides it for a call in that state.
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Icon} from '../../shared/icons';
import {ORIGINS, useExplain} from '../data';
import type {Answer, Condition, Forwarding, LineKey, Origin, Question} from '../data';
import {decidedBy, isByAdministrator} from '../Happening';
import {useTargetName} from '../names';
import {SlotCell} from './SlotCell';
import {SlotEditor} from './SlotEditor';
import {fieldsOf} from './slots';

// The state in which the condition decides.
const STATES: Record<Condition, Question['assume']> = {
  immediate: {dnd: false, logged_in: true, calls: 0},
  dnd: {dnd: true, logged_in: true},
  logged_off: {dnd: false, logged_in: false},
  unreachable: {dnd: false, logged_in: true, calls: 0, unreachable: true},
  busy: {dnd: false, logged_in: true, busy: true},
  no_answer: {dnd: false, logged_in: true, calls: 0, no_answer: true},
};

const CALLERS = ['internal', 'external'] as const;

// Whether the answer was decided by the user's forwarding in that place.
function isDecidedBy(answer: Answer | undefined, condition: Condition, origin: Origin): boolean {
  const entry = answer && decidedBy(answer);
  return entry?.subject === 'slot' && entry.finding === 'applies' &&
    entry.condition === condition && entry.origin === origin;
}

function Outcome({line, condition, caller, answer}: {line: LineKey; condition: Condition;
  caller: 'internal' | 'external'; answer: Answer | undefined}) {
  const {t} = useTranslation('user');
  const nameOfTarget = useTargetName(line);
  if (!answer) return null;
  const verdict = answer.verdict as {kind: string; target?: string};
  const isForwarded = verdict.kind === 'redirect';
  const entry = decidedBy(answer);
  const isEarlier = entry?.condition !== undefined && entry.condition !== condition;
  return (
    <li data-caller={caller} data-forwarded={isForwarded || undefined}>
      <span className="lw-outcome-who">{t(`origin.${caller}`)}</span>{' '}
      {isForwarded ? t('forwardings.goTo', {target: nameOfTarget(verdict.target!)})
        : t(`forwardings.outcome.${verdict.kind}`)}
      {isForwarded && isByAdministrator(answer) && (
        <span className="lw-admin-mark">
          <Icon name="lock" size={14}/>{t('forwardings.byAdmin')}
        </span>
      )}
      {isForwarded && entry?.subject === 'exception' && (
        <span className="lw-admin-mark">{t('forwardings.byException')}</span>
      )}
      {isForwarded && isEarlier && (
        <span className="lw-admin-mark">
          {t('forwardings.byEarlier', {condition: t(`condition.${entry.condition}.name`)})}
        </span>
      )}
    </li>
  );
}

export function ConditionRow({line, condition, forwardings}:
  {line: LineKey; condition: Condition; forwardings: Forwarding[]}) {
  const {t} = useTranslation('user');
  const [open, setOpen] = useState<Origin | null>(null);
  const [warnings, setWarnings] = useState<Partial<Record<Origin, string[]>>>({});
  const inside = useExplain(line, {origin: 'internal', assume: STATES[condition]}).data;
  const outside = useExplain(line, {origin: 'external', assume: STATES[condition]}).data;
  const answers = {internal: inside, external: outside};
  const find = (origin: Origin) => forwardings.find((forwarding) =>
    forwarding.condition === condition && forwarding.origin === origin);
  const opened = open && find(open);
  return (
    <section className="lw-condition" aria-labelledby={`condition-${condition}`}>
      <div className="lw-condition-name">
        <h2 id={`condition-${condition}`}>{t(`condition.${condition}.name`)}</h2>
        <p>{t(`condition.${condition}.help`)}</p>
      </div>
      <div className="lw-slots">
        {ORIGINS.map((origin) => (
          <SlotCell key={origin} line={line} slot={{condition, origin}} forwarding={find(origin)}
            isOpen={open === origin} warnings={warnings[origin] ?? []}
            decides={CALLERS.filter((caller) => isDecidedBy(answers[caller], condition, origin))
              .map((caller) => t(`forwardings.decides.${caller}`))}
            onOpen={() => setOpen(open === origin ? null : origin)}
            onWarnings={(list) => setWarnings({...warnings, [origin]: list})}/>
        ))}
      </div>
      {open && (
        <SlotEditor key={open} line={line} slot={{condition, origin: open}}
          shown={opened ? fieldsOf(opened) : null} onClose={() => setOpen(null)}
          onWarnings={(list) => setWarnings({...warnings, [open]: list})}/>
      )}
      <ul className="lw-outcomes" aria-label={t('forwardings.result')}>
        {CALLERS.map((caller) => (
          <Outcome key={caller} line={line} condition={condition} caller={caller}
            answer={answers[caller]}/>
        ))}
      </ul>
    </section>
  );
}
