// SPDX-License-Identifier: Apache-2.0
// Beside a choice of lines: choosing all that are found, on whatever page, or none.
import {Button} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {readAll} from '../records/data';
import type {Query} from '../records/data';
import type {Stored} from '../records/fields';
import {useTold} from '../../shared/undo';

export function PickFound({found, keyOf, onPick}:
  {found: Query; keyOf: (record: Stored) => string; onPick: (picked: Set<string>) => void}) {
  const {t} = useTranslation('admin');
  const {fail} = useTold();
  const [isBusy, setBusy] = useState(false);
  async function pick() {
    setBusy(true);
    try {
      onPick(new Set((await readAll('/lines', found)).map(keyOf)));
    } catch (problem) {
      fail(problem);
    }
    setBusy(false);
  }
  return (
    <>
      <Button variant="subtle" loading={isBusy} onClick={() => void pick()}>
        {t('bulk.all')}</Button>
      <Button variant="subtle" onClick={() => onPick(new Set())}>{t('bulk.none')}</Button>
    </>
  );
}
