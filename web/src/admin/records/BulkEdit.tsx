// SPDX-License-Identifier: Apache-2.0
// The form for some fields of many records at once. Each refusal is told with its record.
import {Alert, Button, Group, NativeSelect, Stack, TextInput} from '@mantine/core';
import {notifications} from '@mantine/notifications';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import {changeMany, Gone} from './bulk';
import {useRenewal} from './data';
import {fieldsOf, typed} from './fields';
import type {Field, Kind, Stored, Value} from './fields';
import {SidePanel} from './SidePanel';
import {Progress, useWork} from './work';
import {useProblemText, useReason} from '../../shared/reasons';

const KEEP = '';
const SHOWN_MAX = 50;

interface Refusal {
  key: string;
  field: string;
  reason: string;
}

// What can be changed of many records at once.
export interface Bulk {
  list: 'lines' | 'users'; // of the import
  fields: string[];
  partsOf: (key: string) => Stored; // the fields of a key
}

function BulkInput({kind, field, value, onChange}: {kind: Kind; field: Field;
  value: Value | undefined; onChange: (value: Value | undefined) => void}) {
  const {t} = useTranslation('admin');
  const label = t(`${kind.name}.${field.name}`);
  const choices = field.type === 'switch'
    ? ['true', 'false'].map((one) => ({value: one, label: t(one === 'true' ? 'on' : 'off')}))
    : field.options?.map((one) =>
      ({value: one, label: t(`${kind.name}.${field.name}_options.${one}`)}));
  if (!choices) {
    return <TextInput label={label} placeholder={t('bulk.keep')} value={String(value ?? '')}
      onChange={({currentTarget}) => onChange(currentTarget.value || undefined)}/>;
  }
  return (
    <NativeSelect label={label} value={value === undefined ? KEEP : String(value)}
      data={[{value: KEEP, label: t('bulk.keep')}, ...choices]}
      onChange={({currentTarget: {value: chosen}}) => onChange(chosen === KEEP ? undefined
        : field.type === 'switch' ? chosen === 'true' : chosen)}/>
  );
}

function Refusals({kind, of}: {kind: Kind; of: Refusal[]}) {
  const {t} = useTranslation('admin');
  const reason = useReason();
  return (
    <Alert color="red" role="alert" title={t('bulk.refused')}>
      <ul>{of.slice(0, SHOWN_MAX).map(({key, field, reason: why}) => (
        <li key={key + field}>{[key, field && t(`${kind.name}.${field}`, {defaultValue: field}),
          reason(why)].filter(Boolean).join(': ')}</li>
      ))}</ul>
      {of.length > SHOWN_MAX && <p>{t('andMore', {count: of.length - SHOWN_MAX})}</p>}
    </Alert>
  );
}

interface BulkEditProps {
  kind: Kind;
  bulk: Bulk;
  isOpen: boolean;
  picked: Set<string>;
  onClose: (isDone: boolean) => void;
}

export function BulkEdit({kind, bulk, isOpen, picked, onClose}: BulkEditProps) {
  const {t} = useTranslation('admin');
  const sayProblem = useProblemText();
  const renew = useRenewal();
  const [changes, setChanges] = useState<Record<string, Value>>({});
  const [refusals, setRefusals] = useState<Refusal[]>([]);
  const work = useWork(refuse);
  const fields = fieldsOf(kind).filter(({name}) => bulk.fields.includes(name));

  function refuse(problem: unknown) {
    if (problem instanceof Gone) {
      setRefusals([{key: '', field: '', reason: t('bulk.gone', {count: problem.count})}]);
    } else if (problem instanceof Problem) {
      const errors = problem.errors as unknown as Refusal[];
      setRefusals(errors.length > 0 ? errors
        : [{key: '', field: '', reason: sayProblem(problem)}]);
    } else {
      throw problem;
    }
  }

  function set(name: string, value: Value | undefined) {
    const {[name]: _, ...others} = changes;
    setChanges(value === undefined ? others : {...others, [name]: value});
  }

  async function save() {
    setRefusals([]);
    const values = Object.fromEntries(fields.filter(({name}) => name in changes)
      .map((field) => [field.name, typed(field, changes[field.name])]));
    const records = [...picked].map((key) => ({...bulk.partsOf(key), ...values}));
    if (!await work.run((worker) => changeMany(bulk.list, records, worker))) return;
    await renew();
    notifications.show({message: t(`bulk.done.${bulk.list}`, {count: picked.size})});
    setChanges({});
    onClose(true);
  }

  return (
    <SidePanel isOpen={isOpen} onClose={() => !work.step && onClose(false)}
      title={t(`bulk.open.${bulk.list}`, {count: picked.size})}>
      <Stack gap="sm">
        <p className="la-note">{t('bulk.lead')}</p>
        {fields.map((field) => (
          <BulkInput key={field.name} kind={kind} field={field} value={changes[field.name]}
            onChange={(value) => set(field.name, value)}/>
        ))}
        {refusals.length > 0 && <Refusals kind={kind} of={refusals}/>}
        <Progress of={work}/>
        <Group gap="xs">
          <Button loading={work.step !== null} disabled={Object.keys(changes).length === 0}
            onClick={() => void save()}>{t('save')}</Button>
          <Button variant="default" disabled={work.step !== null}
            onClick={() => onClose(false)}>{t('cancel')}</Button>
        </Group>
      </Stack>
    </SidePanel>
  );
}
