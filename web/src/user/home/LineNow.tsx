// SPDX-License-Identifier: Apache-2.0
// What happens now to those who call a line, one sentence for each kind of caller; and the quick
// way to send all of them elsewhere.
import {useTranslation} from 'react-i18next';
import {Icon} from '../../shared/icons';
import type {IconName} from '../../shared/icons';
import {outcomeOf, useSentence} from '../Happening';
import type {Outcome} from '../Happening';
import type {Line} from '../data';
import {ForwardAll} from './ForwardAll';

const ICONS: Record<Outcome, IconName> = {
  rings: 'phone', forwarded: 'forward', declined: 'dnd', held: 'clock',
};

function Caller({line, origin}: {line: Line; origin: 'internal' | 'external'}) {
  const {t} = useTranslation('user');
  const {text, answer, isError} = useSentence({line, who: origin, question: {origin}});
  const outcome = answer ? outcomeOf(answer) : undefined;
  return (
    <li className="lw-now" data-outcome={outcome} data-origin={origin}>
      <span className="lw-now-icon">
        <Icon name={outcome ? ICONS[outcome] : 'clock'} size={22}/>
      </span>
      <span>
        <span className="lw-now-who">{t(`origin.${origin}`)}</span>
        <span className="lw-now-text">
          {isError ? t('happening.unknown') : text ?? t('happening.asking')}
        </span>
      </span>
    </li>
  );
}

function Reachable({line}: {line: Line}) {
  const {t} = useTranslation('user');
  const inside = useSentence({line, who: 'internal', question: {origin: 'internal'}}).answer;
  const outside = useSentence({line, who: 'external', question: {origin: 'external'}}).answer;
  if (!inside || !outside) return null;
  const outcomes = [outcomeOf(inside), outcomeOf(outside)];
  const ringing = outcomes.filter((outcome) => outcome === 'rings').length;
  const state = ringing === 2 ? 'yes' : ringing === 1 ? 'partly'
    : outcomes.includes('forwarded') ? 'forwarded' : 'no';
  return <span className="lw-chip" data-state={state}>{t(`home.reachable.${state}`)}</span>;
}

// Whether the PBX knows us; nothing arrives while it does not.
function Registration({line}: {line: Line}) {
  const {t} = useTranslation('user');
  const {state, reason} = line.registration;
  if (state === 'registered' || state === 'waiting') return null;
  return (
    <p className="lw-note" role="status">
      <Icon name="warning" size={18}/>
      {t(`home.registration.${state}`)}{reason ? ` (${reason})` : ''}
    </p>
  );
}

export function LineNow({line, isOnly}: {line: Line; isOnly: boolean}) {
  const {t} = useTranslation('user');
  const name = line.display_name || (isOnly ? t('home.yourLine') : line.group);
  return (
    <section className="lw-card" aria-label={`${name} ${line.extension}`}>
      <div className="lw-card-head">
        <h2>{name} <span className="lw-number">{line.extension}</span></h2>
        <Reachable line={line}/>
      </div>
      <Registration line={line}/>
      <ul className="lw-nows" aria-live="polite">
        <Caller line={line} origin="internal"/>
        <Caller line={line} origin="external"/>
      </ul>
      <ForwardAll line={line}/>
    </section>
  );
}
