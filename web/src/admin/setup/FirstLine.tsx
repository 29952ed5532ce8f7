// SPDX-License-Identifier: Apache-2.0
// One line, registered for a moment: whether the PBX takes it tells better than anything else
// whether address, transport, domain and password are right. Then group and line are stored.
import {Button, Group, Stack} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import {Form, FormProblem} from '../../shared/Form';
import {askAny, useRenewal} from '../records/data';
import type {Stored, Value} from '../records/fields';
import {Connection, NO_LINE} from './connection';

export function FirstLine({group, onBack, onDone}:
  {group: Stored; onBack: () => void; onDone: () => void}) {
  const {t} = useTranslation('admin');
  const renew = useRenewal();
  const [line, setLine] = useState<Record<string, Value>>(NO_LINE);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);

  // Both or none: as one import.
  async function submit() {
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
    <Form className="lw-card la-form" problem={problem} onSubmit={() => void submit()}>
      <Stack gap="sm">
        <Connection group={group} line={line} onLine={setLine}/>
        <FormProblem/>
        <Group gap="xs">
          <Button type="submit" loading={isBusy}>{t('setup.save')}</Button>
          <Button variant="subtle" onClick={onBack}>{t('setup.back')}</Button>
        </Group>
      </Stack>
    </Form>
  );
}
