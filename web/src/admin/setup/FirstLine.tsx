// SPDX-License-Identifier: Apache-2.0
// One line, registered for a moment: whether the PBX takes it tells better than anything else
// whether address, transport, domain and password are right. Then group and line are stored.
import {Alert, Button, Group, Stack} from '@mantine/core';
import {useState} from 'react';
import type {FormEvent} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import {useProblemText, useReason} from '../../shared/reasons';
import {askAny, useRenewal} from '../records/data';
import type {Stored, Value} from '../records/fields';
import {Connection, NO_LINE} from './connection';

export function FirstLine({group, onBack, onDone}:
  {group: Stored; onBack: () => void; onDone: () => void}) {
  const {t} = useTranslation('admin');
  const sayProblem = useProblemText();
  const reason = useReason();
  const renew = useRenewal();
  const [line, setLine] = useState<Record<string, Value>>(NO_LINE);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);

  // Both or none: as one import.
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const lines = String(line.extension).trim() ? [{...line, group: group.name}] : [];
    try {
      await askAny('post', '/import', {body: {groups: [group], lines}});
      await renew();
      onDone();
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setProblem(caught);
    }
    setBusy(false);
  }

  return (
    <form className="lw-card la-form" onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="sm">
        <Connection group={group} line={line} onLine={setLine}/>
        {problem && (
          <Alert color="red" role="alert">{problem.errors.length === 0 ? sayProblem(problem)
            : problem.errors.map(({field, reason: why}) => (
              <p key={field}>{field}: {reason(why)}</p>
            ))}</Alert>
        )}
        <Group gap="xs">
          <Button type="submit" loading={isBusy}>{t('setup.save')}</Button>
          <Button variant="subtle" onClick={onBack}>{t('setup.back')}</Button>
        </Group>
      </Stack>
    </form>
  );
}
