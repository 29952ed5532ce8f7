// SPDX-License-Identifier: Apache-2.0
// The lines that are found, as a table for a spreadsheet.
import {Button} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {readAll} from '../records/data';
import type {Query} from '../records/data';
import {useTold} from '../../shared/undo';
import {csvOf} from './csv';

export function ExportButton({found}: {found: Query}) {
  const {t} = useTranslation('admin');
  const {fail} = useTold();
  const [isBusy, setBusy] = useState(false);
  async function save() {
    setBusy(true);
    try {
      const bytes = new Blob([csvOf(await readAll('/lines', found))], {type: 'text/csv'});
      const link = document.createElement('a');
      link.href = URL.createObjectURL(bytes);
      link.download = 'lines.csv';
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (problem) {
      fail(problem);
    }
    setBusy(false);
  }
  return <Button variant="default" loading={isBusy} onClick={() => void save()}>
    {t('line.export')}</Button>;
}
