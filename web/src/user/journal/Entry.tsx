// SPDX-License-Identifier: Apache-2.0
// One call of the journal. Names and numbers are what strangers sent: they are shown as text.
import {Button, Collapse} from '@mantine/core';
import {useId, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {sayDuration, sayWhen} from '../../shared/time';
import type {Line} from '../data';
import {nameOfCaller, useDirectory} from '../names';
import {groupDigits, groupDigitsIn} from '../numbers';
import {TracePath} from '../TracePath';
import type {JournalEntry} from './Journal';
import {Legs} from './Legs';

// The other side: who called, or whom a device of the user has called.
function usePartyOf(entry: JournalEntry, line: Line | undefined) {
  const {t} = useTranslation('user');
  const directory = useDirectory(line);
  const number = entry.outgoing ? entry.dialled : entry.caller;
  const said = entry.outgoing ? '' : entry.caller_name;
  return {
    name: nameOfCaller(said, number, directory.data),
    number: number === 'anonymous' ? t('journal.anonymous') : groupDigits(number),
  };
}

// What became of the call, in one line; a call of the user's own was not decided here.
function useStory(entry: JournalEntry): string {
  const {t} = useTranslation('user');
  const facts = [
    entry.outgoing && t('journal.made'),
    // That it rang here is no story: what came of it stands beside.
    !entry.outgoing && !entry.answered && entry.verdict !== 'ring' && groupDigitsIn(entry.text),
    entry.device && t('journal.with', {device: entry.device}),
    entry.ring_s !== undefined && t('journal.rang', {time: sayDuration(entry.ring_s)}),
    entry.talk_s !== undefined && t('journal.talked', {time: sayDuration(entry.talk_s)}),
    entry.diverted_by && t('journal.divertedBy', {who: entry.diverted_by}),
  ];
  return facts.filter(Boolean).join(' · ');
}

export function Entry({entry, line}: {entry: JournalEntry; line: Line | undefined}) {
  const {t, i18n} = useTranslation('user');
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const {name, number} = usePartyOf(entry, line);
  const story = useStory(entry);
  return (
    <li data-outcome={entry.outcome}>
      <div className="lw-call">
        <span className="lw-call-who">
          <span className="lw-call-name">{name || number}</span>
          {name && <span className="lw-call-number">{number}</span>}
        </span>
        <span className="lw-chip" data-state={entry.outcome}>{t(`outcome.${entry.outcome}`)}</span>
        <time dateTime={entry.started} className="lw-call-time">
          {sayWhen(entry.started, i18n.language)}
        </time>
        <Button variant="subtle" size="compact-sm" aria-expanded={isOpen} aria-controls={id}
          onClick={() => setOpen(!isOpen)}>
          {t('journal.why')}<span className="lw-hidden"> – {name || number}</span>
        </Button>
      </div>
      {story && <p className="lw-call-text">{story}</p>}
      <div id={id}>
        <Collapse in={isOpen}>
          {isOpen && !entry.outgoing && <TracePath trace={entry.trace} text={entry.text}/>}
          {isOpen && <Legs entry={entry} line={line}/>}
        </Collapse>
      </div>
    </li>
  );
}
