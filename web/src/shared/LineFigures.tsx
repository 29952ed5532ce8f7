// SPDX-License-Identifier: Apache-2.0
// What became of a line's calls of the last 31 days, and why they were forwarded: for its user on
// the journal page, for administrators in the line's form.
import {useQuery} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask} from '../api/client';

const HOURS = 744;
type Counts = Record<string, number>;

interface LineKey {
  group: string;
  extension: string;
}

// The address of the following page, as the server gives it, has the id to go on from.
export function beforeOf(next: string | undefined): number | undefined {
  const before = next && new URLSearchParams(next.split('?')[1]).get('before');
  return before ? Number(before) : undefined;
}

function addTo(sum: Counts, more: Counts) {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count;
}

// One answer looks at a bounded part of the journal: what follows is added.
async function countCalls({group, extension}: LineKey) {
  const outcomes: Counts = {}, executed: Counts = {}, conditions: Counts = {};
  let before: number | undefined;
  do {
    const {data} = await ask('get', '/groups/{group}/lines/{extension}/statistics',
      {path: {group, extension}, query: {hours: HOURS, before}});
    addTo(outcomes, data.outcomes);
    addTo(executed, data.executed);
    addTo(conditions, data.conditions);
    before = beforeOf(data.next);
  } while (before);
  return {outcomes, executed, conditions};
}

export function LineFigures({line}: {line: LineKey}) {
  const {t, i18n} = useTranslation('user');
  const figures = useQuery({
    queryKey: ['journal', 'figures', line.group, line.extension],
    queryFn: () => countCalls(line),
    placeholderData: (before) => before,
  });
  if (!figures.data) return null;
  const say = (counts: Counts, nameOf: (name: string) => string) => Object.entries(counts)
    .filter(([name, count]) => count > 0 && name !== 'none')
    .map(([name, count]) => `${nameOf(name)}: ${count.toLocaleString(i18n.language)}`);
  const ended = say(figures.data.outcomes, (name) => t(`outcome.${name}`));
  const executed = say(figures.data.executed, (name) => t(`figures.executed.${name}`));
  const conditions = say(figures.data.conditions, (name) =>
    (name === 'deflection' ? t('figures.deflection') : t(`condition.${name}.name`)));
  if (ended.length === 0) return null;
  return (
    <p className="lw-lead" data-figures={line.extension}>
      {t('figures.period', {line: line.extension})} {ended.join(', ')}
      {executed.length > 0 && ` (${executed.join(', ')})`}
      {conditions.length > 0 && `. ${t('figures.why')} ${conditions.join(', ')}`}
    </p>
  );
}
