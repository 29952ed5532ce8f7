// SPDX-License-Identifier: Apache-2.0
// The records that are found, as a table for a spreadsheet.
import {Button} from '@mantine/core';
import {useTranslation} from 'react-i18next';
import {csvOf} from './csv';
import type {Exported} from './csv';
import {readAll} from './data';
import type {PlacedBy, Query} from './data';
import {Progress, useWork} from './work';

function offer(name: string, text: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type: 'text/csv'}));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

interface ExportButtonProps {
  name: string; // of the file, without its ending
  list: string;
  columns: Exported;
  found: Query;
  by?: PlacedBy;
}

export function ExportButton({name, list, columns, found, by}: ExportButtonProps) {
  const {t} = useTranslation('admin');
  const work = useWork();
  if (work.step) return <Progress of={work}/>;
  return (
    <Button variant="default" onClick={() => void work.run(async (worker) => {
      const records = await readAll(list, found, worker, by);
      offer(`${name}.csv`, csvOf(columns, records));
    })}>{t('export')}</Button>
  );
}
