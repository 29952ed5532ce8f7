// SPDX-License-Identifier: Apache-2.0
// Where calls go: typed, or picked among the user's own numbers, recent targets, and colleagues.
import {Combobox, InputBase, Text, useCombobox} from '@mantine/core';
import {useDebouncedValue} from '@mantine/hooks';
import {useEffect, useRef} from 'react';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {useSession} from '../app/session';
import {useMyUser} from './data';
import type {LineKey} from './data';
import {recentTargets, useDirectory} from './names';
import {groupDigits, ownNumbers} from './numbers';

interface Option {
  target: string;
  name: string;
  detail: string;
}

function matches(option: Option, search: string): boolean {
  return `${option.name} ${option.detail} ${option.target}`.toLowerCase()
    .includes(search.toLowerCase());
}

// The groups of what can be picked, each with what fits `search`.
function useOptions(line: LineKey, search: string): {label: string; options: Option[]}[] {
  const {t} = useTranslation('user');
  const {user: name} = useSession();
  const user = useMyUser();
  const [settled] = useDebouncedValue(search, 150);
  const directory = useDirectory(line, settled);
  const own = ownNumbers(user.data?.data).map(({target, label, number}) => ({
    target, name: t(`target.${label}`), detail: groupDigits(number),
  }));
  const recent = recentTargets(name).map((target) => ({
    target, name: groupDigits(target), detail: '',
  }));
  const colleagues = (directory.data ?? [])
    .filter(({extension}) => extension !== line.extension)
    .map(({extension, name: person}) => ({
      target: extension, name: person || extension, detail: person ? extension : '',
    }));
  return [
    {label: t('target.own'), options: own.filter((option) => matches(option, search))},
    {label: t('target.recent'), options: recent.filter((option) => matches(option, search))},
    // What was found for the letters before must not be picked for those that are typed now.
    {label: t('target.colleagues'), options: colleagues.filter((option) =>
      matches(option, search))},
  ].filter(({options}) => options.length > 0);
}

interface TargetInputProps {
  line: LineKey;
  label: string;
  value: string;
  name?: string;
  error?: ReactNode;
  required?: boolean;
  description?: string;
  autoFocus?: boolean;
  onChange(value: string): void;
}

export function TargetInput({line, label, value, name, error, required, description, autoFocus,
  onChange}: TargetInputProps) {
  const {t} = useTranslation('user');
  const combobox = useCombobox({onDropdownClose: () => combobox.resetSelectedOption()});
  const input = useRef<HTMLInputElement>(null);
  const isWord = value === 'mailbox' || value === 'mobile';
  const shown = isWord ? t(`target.${value}`) : value;
  const groups = useOptions(line, isWord ? '' : value);
  // Nothing more can be picked where the one that fits is already typed.
  const isDone = groups.flatMap(({options}) => options).every(({target}) => target === value);
  useEffect(() => {
    if (autoFocus) input.current?.focus();
  }, [autoFocus]);
  return (
    <Combobox store={combobox} withinPortal
      onOptionSubmit={(target) => {
        onChange(target);
        combobox.closeDropdown();
      }}>
      <Combobox.Target>
        <InputBase ref={input} label={label} description={description} error={error} value={shown}
          name={name} required={required} withAsterisk={false} autoComplete="off"
          placeholder={t('target.placeholder')} rightSection={null}
          // What is wrong stands below the input, where the list would cover it.
          onFocus={() => !error && combobox.openDropdown()} onClick={() => combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
          onChange={(event) => {
            onChange(event.currentTarget.value);
            combobox.openDropdown();
            combobox.updateSelectedOptionIndex();
          }}/>
      </Combobox.Target>
      <Combobox.Dropdown hidden={isDone}>
        <Combobox.Options mah={220} className="lw-options" aria-label={label}>
          {groups.map((group) => (
            <Combobox.Group key={group.label} label={group.label}>
              {group.options.map((option) => (
                <Combobox.Option key={option.target} value={option.target}>
                  {option.name} <Text span size="sm" c="dimmed">{option.detail}</Text>
                </Combobox.Option>
              ))}
            </Combobox.Group>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
