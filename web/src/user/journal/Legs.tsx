// SPDX-License-Identifier: Apache-2.0
// Whom a call of the journal went to: each device and target, and what became of it there.
import {useTranslation} from 'react-i18next';
import {Icon} from '../../shared/icons';
import {sayDuration} from '../../shared/time';
import type {Line} from '../data';
import {useTargetName} from '../names';
import type {JournalEntry} from './Journal';

type Leg = JournalEntry['legs'][number];

// Why nobody answered there, by the final answer (RFC 3261 section 21).
const CAUSES: Record<number, string> = {
  404: 'unreachable', 408: 'unreachable', 480: 'unreachable', 486: 'busy', 600: 'busy',
  603: 'declined',
};

const secondsOf = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;

// How it ended there: the key of its text, and how long it rang or was talked.
function fateOf(leg: Leg): {key: string; time: string} {
  const of = (key: string, from?: string, to?: string) =>
    ({key, time: from && to ? sayDuration(secondsOf(from, to)) : ''});
  if (leg.executed === 'redirect') return of('redirected');
  if (leg.kind === 'transfer') return of(leg.status && leg.status < 300 ? 'transferred' : 'failed');
  if (leg.answered) {
    return of(leg.ended_by === 'lost' ? 'lost' : 'answered', leg.answered, leg.ended);
  }
  if (!leg.ended) return of('unknown');
  if (leg.ended_by === 'another') return of('another', leg.rang, leg.ended);
  if (leg.ended_by === 'caller') return of('gaveUp', leg.rang, leg.ended);
  if (leg.ended_by === 'server') return of('rangOut', leg.rang, leg.ended);
  return of(CAUSES[leg.status ?? 0] ?? 'failed', leg.rang, leg.ended);
}

function LegOf({leg, line}: {leg: Leg; line: Line | undefined}) {
  const {t} = useTranslation('user');
  const nameOfTarget = useTargetName(line);
  const whom = leg.number ? nameOfTarget(leg.number) : leg.device || t('legs.removed');
  const {key, time} = fateOf(leg);
  return (
    <li data-applies={leg.answered ? true : undefined}>
      <span className="lw-trace-dot">
        <Icon name={leg.answered ? 'check' : 'chevron'} size={14}/>
      </span>
      <span>
        {t(`legs.kind.${leg.kind}`, {whom})}
        {leg.executed === 'bridge' && ` (${t('legs.bridged')})`}
        {': '}{t(`legs.fate.${key}`)}{time && ` (${time})`}
      </span>
    </li>
  );
}

export function Legs({entry, line}: {entry: JournalEntry; line: Line | undefined}) {
  const {t} = useTranslation('user');
  if (entry.legs.length === 0) return null;
  return (
    <div className="lw-trace lw-legs">
      <p className="lw-legs-title">{t('legs.title')}</p>
      <ol>{entry.legs.map((leg, i) => <LegOf key={i} leg={leg} line={line}/>)}</ol>
    </div>
  );
}
