// SPDX-License-Identifier: Apache-2.0
// The first line group, begun with what suits the PBX; each preset says why.
import {Alert, Button, Group, NativeSelect, Stack} from '@mantine/core';
import {useQuery} from '@tanstack/react-query';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
import type {Schemas} from '../../api/client';
import {GROUP} from '../kinds';
import {Field as FormField, Form, FormProblem} from '../../shared/Form';
import {askAny} from '../records/data';
import {fieldsOf, initialOf} from '../records/fields';
import type {Field, Stored, Value} from '../records/fields';
import {FieldInput} from '../records/FieldInput';

const ASKED = ['name', 'server', 'domain', 'transport', 'country_code', 'area_code', 'main_number',
  'internal_ranges', 'outside_prefix'];
const FIELDS = ASKED.map((name) => fieldsOf(GROUP).find((field) => field.name === name)!);

type Preset = Schemas['Preset'];

function usePresets() {
  return useQuery({
    queryKey: ['presets'], staleTime: Infinity,
    queryFn: async () => (await ask('get', '/presets')).data.items,
  });
}

// A preset's value, which comes as text.
function valueOf(field: Field | undefined, text: string): Value {
  if (field?.type === 'switch') return text === 'true';
  return field?.type === 'number' ? Number(text) : text;
}

function presetValues(preset: Preset | undefined): Stored {
  return Object.fromEntries((preset?.values ?? []).map(({field, value}) =>
    [field, valueOf(fieldsOf(GROUP).find(({name}) => name === field), value)]));
}

// What has been filled in: kept while other steps are shown.
interface Pbx {
  preset: string;
  values: Record<string, Value>;
}

export function emptyPbx(): Pbx {
  return {preset: '',
    values: Object.fromEntries(FIELDS.map((field) => [field.name, initialOf(field)]))};
}

// `onDone` gets the group as it is to be stored; it has been checked, and is not stored yet.
export function PbxForm({pbx, onChange, onDone, onSkip}: {pbx: Pbx; onChange: (pbx: Pbx) => void;
  onDone: (group: Stored) => void; onSkip: () => void}) {
  const {t} = useTranslation('admin');
  const presets = usePresets();
  const {preset: chosen, values} = pbx;
  const [problem, setProblem] = useState<Problem | null>(null);
  const preset = presets.data?.find(({name}) => name === chosen);

  function choose(name: string) {
    const all = presetValues(presets.data?.find((one) => one.name === name));
    const asked = Object.entries(all).filter(([field]) => ASKED.includes(field));
    onChange({preset: name,
      values: {...values, ...Object.fromEntries(asked) as Record<string, Value>}});
  }

  async function submit() {
    setProblem(null);
    const group = {...presetValues(preset), ...values};
    try {
      const {data} = await askAny('post', '/import',
        {query: {dry_run: true}, body: {groups: [group]}});
      const isNew = (data as unknown as Schemas['ImportResult']).added.groups > 0;
      if (isNew) onDone(group);
      else setProblem(new Problem(409, '', [{field: 'name', reason: 'exists already'}]));
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setProblem(caught);
    }
  }

  return (
    <Form className="lw-card la-form" problem={problem} onSubmit={() => void submit()}>
      <Stack gap="sm">
        <NativeSelect label={t('setup.preset')} description={t('setup.preset_help')} value={chosen}
          onChange={(event) => choose(event.currentTarget.value)}
          data={[{value: '', label: t('setup.noPreset')},
            ...(presets.data ?? []).map(({name, title}) => ({value: name, label: title}))]}/>
        {preset && (
          <Alert title={preset.title}>
            <p>{preset.note}</p>
            <p>{preset.tested ? t('setup.tested', {with: preset.tested}) : t('setup.untested')}</p>
            <details>
              <summary>{t('setup.presetValues', {count: preset.values.length})}</summary>
              <ul>{preset.values.map(({field, value, reason}) => (
                <li key={field}>
                  {t(`group.${field}`, {defaultValue: field})}: {value} – {reason}</li>
              ))}</ul>
            </details>
          </Alert>
        )}
        {FIELDS.map((field) => (
          <FormField key={field.name} name={field.name}>
            <FieldInput kind="group" field={field} value={values[field.name]} onChange={(value) =>
              onChange({preset: chosen, values: {...values, [field.name]: value}})}/>
          </FormField>
        ))}
        <FormProblem summary={t('refusedFields')}/>
        <Group gap="xs">
          <Button type="submit">{t('setup.next')}</Button>
          <Button variant="default" onClick={onSkip}>{t('setup.onlyTable')}</Button>
        </Group>
      </Stack>
    </Form>
  );
}
