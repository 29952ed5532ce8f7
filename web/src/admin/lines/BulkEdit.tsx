// SPDX-License-Identifier: Apache-2.0
// Some fields of many lines at once, by the import: all of them are changed, or none, and each
// refusal is told with its line.
import {Alert, Button, Group, NativeSelect, Stack, TextInput} from '@mantine/core';
import {notifications} from '@mantine/notifications';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import {askAny, useRenewal} from '../records/data';
import type {Stored} from '../records/fields';
import {SidePanel} from '../records/SidePanel';
import {useProblemText, useReason} from '../../shared/reasons';

const KEEP = '';
const SWITCHES = ['enabled', 'number_withheld', 'other_contacts'];

interface Refusal {
  key: string;
  field: string;
  reason: string;
}

// The records as the import takes them.
function linesFor(picked: Iterable<string>, changes: Stored): Stored[] {
  return [...picked].map((key) => {
    const at = key.indexOf('/');
    return {group: key.slice(0, at), extension: key.slice(at + 1), ...changes};
  });
}

export function BulkEdit({isOpen, picked, onClose}:
  {isOpen: boolean; picked: Set<string>; onClose: (isDone: boolean) => void}) {
  const {t} = useTranslation('admin');
  const sayProblem = useProblemText();
  const reason = useReason();
  const renew = useRenewal();
  const [changes, setChanges] = useState<Stored>({});
  const [refusals, setRefusals] = useState<Refusal[]>([]);
  const [isBusy, setBusy] = useState(false);
  const isEmpty = Object.keys(changes).length === 0;

  function set(name: string, value: unknown) {
    const {[name]: _, ...others} = changes;
    setChanges(value === undefined ? others : {...others, [name]: value});
  }

  async function save() {
    setBusy(true);
    setRefusals([]);
    try {
      await askAny('post', '/import', {body: {lines: linesFor(picked, changes)}});
      await renew();
      notifications.show({message: t('bulk.done', {count: picked.size})});
      setChanges({});
      onClose(true);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      const errors = problem.errors as unknown as Refusal[];
      setRefusals(errors.length > 0 ? errors : [{key: '', field: '', reason: sayProblem(problem)}]);
    }
    setBusy(false);
  }

  return (
    <SidePanel isOpen={isOpen} onClose={() => onClose(false)}
      title={t('bulk.title', {count: picked.size})}>
      <Stack gap="sm">
        <p className="la-note">{t('bulk.lead')}</p>
        {SWITCHES.map((name) => (
          <NativeSelect key={name} label={t(`line.${name}`)}
            value={changes[name] === undefined ? KEEP : String(changes[name])}
            data={[{value: KEEP, label: t('bulk.keep')}, {value: 'true', label: t('on')},
              {value: 'false', label: t('off')}]}
            onChange={({currentTarget: {value}}) =>
              set(name, value === KEEP ? undefined : value === 'true')}/>
        ))}
        <NativeSelect label={t('line.second_call')} value={String(changes.second_call ?? KEEP)}
          data={[{value: KEEP, label: t('bulk.keep')}, ...['auto', 'ring', 'busy'].map((value) =>
            ({value, label: t(`line.second_call_options.${value}`)}))]}
          onChange={({currentTarget: {value}}) => set('second_call', value || undefined)}/>
        <TextInput label={t('line.max_calls')} placeholder={t('bulk.keep')} inputMode="numeric"
          value={String(changes.max_calls ?? '')}
          onChange={({currentTarget: {value}}) =>
            set('max_calls', /^\d+$/.test(value) ? Number(value) : undefined)}/>
        {refusals.length > 0 && (
          <Alert color="red" role="alert" title={t('bulk.refused')}>
            <ul>{refusals.map(({key, field, reason: why}) => (
              <li key={key + field}>{[key, field, reason(why)].filter(Boolean).join(' ')}</li>
            ))}</ul>
          </Alert>
        )}
        <Group gap="xs">
          <Button loading={isBusy} disabled={isEmpty} onClick={() => void save()}>
            {t('save')}</Button>
          <Button variant="default" onClick={() => onClose(false)}>{t('cancel')}</Button>
        </Group>
      </Stack>
    </SidePanel>
  );
}
