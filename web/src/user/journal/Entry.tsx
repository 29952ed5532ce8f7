// SPDX-License-Identifier: Apache-2.0
// One call of the journal. Names and numbers are what strangers sent: they are shown as text.
import {Button, Collapse} from '@mantine/core';
import {useId, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {sayWhen} from '../../shared/time';
import type {Line} from '../data';
import {nameOfCaller, useDirectory} from '../names';
import {groupDigits} from '../numbers';
import {TracePath} from '../TracePath';
import type {JournalEntry} from './Journal';

export function Entry({entry, line}: {entry: JournalEntry; line: Line | undefined}) {
  const {t, i18n} = useTranslation('user');
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const directory = useDirectory(line);
  const number = entry.caller === 'anonymous' ? t('journal.anonymous') : groupDigits(entry.caller);
  const name = nameOfCaller(entry.caller_name, entry.caller, directory.data);
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
      <p className="lw-call-text">
        {entry.text}{entry.diverted_by && ` – ${t('journal.divertedBy', {who: entry.diverted_by})}`}
      </p>
      <div id={id}>
        <Collapse in={isOpen}>
          {isOpen && <TracePath trace={entry.trace} text={entry.text}/>}
        </Collapse>
      </div>
    </li>
  );
}
