// SPDX-License-Identifier: Apache-2.0
// Until when something holds: never-ending, one of the usual times, or any.
import {Button, Group, Input, TextInput} from '@mantine/core';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {fromLocalInput, nextTimes, sayWhen, toLocalInput} from './time';

interface UntilInputProps {
  value: string; // RFC 3339, empty: without an end
  name?: string;
  error?: ReactNode;
  label?: string;
  onChange(value: string): void;
}

export function UntilInput({value, name, error, label, onChange}: UntilInputProps) {
  const {t, i18n} = useTranslation();
  return (
    <Input.Wrapper>
      <TextInput type="datetime-local" label={label ?? t('until.label')} error={error}
        name={name}
        description={value ? undefined : t('until.none')} inputWrapperOrder={
          ['label', 'input', 'description', 'error']}
        value={toLocalInput(value)}
        onChange={(event) => onChange(fromLocalInput(event.currentTarget.value))}/>
      <Group gap={4} mt={6}>
        {nextTimes().map(({name, time}) => (
          <Button key={name} size="compact-xs" variant="default"
            onClick={() => onChange(time)}>
            {t(`until.${name}`, {when: sayWhen(time, i18n.language)})}
          </Button>
        ))}
        {value && (
          <Button size="compact-xs" variant="subtle" onClick={() => onChange('')}>
            {t('until.clear')}
          </Button>
        )}
      </Group>
    </Input.Wrapper>
  );
}
