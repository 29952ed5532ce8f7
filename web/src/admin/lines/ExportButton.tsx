// SPDX-License-Identifier: Apache-2.0
// All lines as a table for a spreadsheet, read page by page.
import {Button} from '@mantine/core';
import {notifications} from '@mantine/notifications';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {askAny, placeOf} from '../records/data';
import type {Page} from '../records/data';
import type {Stored} from '../records/fields';
import {csvOf} from './csv';

async function readAll(): Promise<Stored[]> {
  const lines: Stored[] = [];
  let after: string | undefined;
  do {
    const {data} = await askAny('get', '/lines', {query: {limit: 1000, after}});
    const page = data as unknown as Page;
    lines.push(...page.items);
    after = placeOf(page.next);
  } while (after);
  return lines;
}

export function ExportButton() {
  const {t} = useTranslation('admin');
  const [isBusy, setBusy] = useState(false);
  async function save() {
    setBusy(true);
    try {
      const bytes = new Blob([csvOf(await readAll())], {type: 'text/csv'});
      const link = document.createElement('a');
      link.href = URL.createObjectURL(bytes);
      link.download = 'lines.csv';
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (problem) {
      notifications.show({color: 'red', message: (problem as Error).message});
    }
    setBusy(false);
  }
  return <Button variant="default" loading={isBusy} onClick={() => void save()}>
    {t('line.export')}</Button>;
}
