// SPDX-License-Identifier: Apache-2.0
// Which of one's lines a page is about; who has one only is not asked.
import {NativeSelect} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {useMyLines} from './data';
import type {Line} from './data';

const keyText = (line: Line) => `${line.group}/${line.extension}`;
let chosenBefore = ''; // stays from page to page

export function useChosenLine() {
  const lines = useMyLines().data ?? [];
  const [chosen, setChosen] = useState(chosenBefore);
  const line = lines.find((one) => keyText(one) === chosen) ?? lines[0];
  return {
    lines, line,
    onChoose(key: string) {
      chosenBefore = key;
      setChosen(key);
    },
  };
}

export function LineChoice({lines, line, onChoose}: ReturnType<typeof useChosenLine>) {
  const {t} = useTranslation('user');
  if (lines.length < 2 || !line) return null;
  return (
    <NativeSelect aria-label={t('lineChoice')} value={keyText(line)}
      onChange={(event) => onChoose(event.currentTarget.value)}
      data={lines.map((one) => ({
        value: keyText(one),
        label: [one.extension, one.display_name].filter(Boolean).join(' – '),
      }))}/>
  );
}
