// SPDX-License-Identifier: Apache-2.0
// A decision as a path: what was looked at, in order; what decided stands last and is marked.
import {useTranslation} from 'react-i18next';
import {Icon} from '../shared/icons';
import type {Answer} from './data';
import {groupDigitsIn} from './numbers';

type Entry = Answer['trace'][number];

function Step({entry, isLast}: {entry: Entry; isLast: boolean}) {
  const {t} = useTranslation('user');
  const applies = entry.finding === 'applies' || isLast;
  return (
    <li data-applies={applies || undefined} data-last={isLast || undefined}>
      <span className="lw-trace-dot"><Icon name={applies ? 'check' : 'chevron'} size={14}/></span>
      <span>
        {groupDigitsIn(entry.text)}
        {isLast && <span className="lw-hidden"> ({t('trace.decides')})</span>}
      </span>
    </li>
  );
}

export function TracePath({trace, text}: {trace: Entry[]; text: string}) {
  const {t} = useTranslation('user');
  return (
    <div className="lw-trace">
      <ol aria-label={t('trace.label')}>
        {trace.map((entry, index) => (
          <Step key={index} entry={entry} isLast={index === trace.length - 1}/>
        ))}
      </ol>
      <p className="lw-trace-end"><Icon name="forward" size={18}/>{groupDigitsIn(text)}</p>
    </div>
  );
}
