// SPDX-License-Identifier: Apache-2.0
// One field of a form, by its type.
import {NativeSelect, PasswordInput, Switch, Textarea, TextInput} from '@mantine/core';
import {useId} from 'react';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {useNames} from './data';
import type {Field, Value} from './fields';
import {useToggleError} from '../../shared/Form';

interface FieldInputProps {
  kind: string; // in the languages
  field: Field;
  value: Value;
  name?: string; // in the form
  error?: ReactNode;
  isSet?: boolean; // of a secret: there is one
  isFixed?: boolean;
  onChange: (value: Value) => void;
}

// The name of a field, and what explains it.
function useFieldWords(kind: string, name: string) {
  const {t} = useTranslation('admin');
  return {
    label: t(`${kind}.${name}`, {defaultValue: t(`rule.${name}`, {defaultValue: name})}),
    help: t(`${kind}.${name}_help`, {defaultValue: t(`rule.${name}_help`, {defaultValue: ''})}),
  };
}

function Suggestions({id, of}: {id: string; of: string}) {
  const names = useNames(`/${of}`);
  return <datalist id={id}>{names.map((name) => <option key={name} value={name}/>)}</datalist>;
}

export function FieldInput({kind, field, value, name, error, isSet, isFixed, onChange}:
  FieldInputProps) {
  const {t} = useTranslation('admin');
  const {label, help} = useFieldWords(kind, field.name);
  const listId = useId();
  const toggle = useToggleError(error);
  const common = {name, label, description: help || undefined, error, disabled: isFixed,
    required: field.isRequired, withAsterisk: field.isRequired};
  const text = {...common, value: String(value),
    onChange: (event: {currentTarget: {value: string}}) => onChange(event.currentTarget.value)};
  switch (field.type) {
    case 'switch':
      return <Switch name={name} label={label} description={help || undefined} {...toggle}
        checked={Boolean(value)} onChange={(event) => onChange(event.currentTarget.checked)}/>;
    case 'choice':
      return <NativeSelect {...text} data={(field.options ?? []).map((option) => ({value: option,
        label: t(`${kind}.${field.name}_options.${option}`,
          {defaultValue: t(`rule.${field.name}_options.${option}`, {defaultValue: option})})}))}/>;
    case 'password':
      return <PasswordInput {...text} autoComplete="new-password"
        aria-invalid={Boolean(error) || undefined}
        visibilityToggleButtonProps={{'aria-label': t('showPassword'), tabIndex: 0}}
        placeholder={isSet ? t('passwordSet') : ''}/>;
    case 'area': return <Textarea {...text} autosize={false} rows={3}/>;
    case 'number': return <TextInput {...text} inputMode="numeric"/>;
    case 'time': return <TextInput {...text} placeholder="2026-12-24T18:00:00+01:00"/>;
    default:
      return (
        <>
          <TextInput {...text} list={field.suggests && listId} autoComplete="off"/>
          {field.suggests && <Suggestions id={listId} of={field.suggests}/>}
        </>
      );
  }
}
