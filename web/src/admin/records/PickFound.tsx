// SPDX-License-Identifier: Apache-2.0
// Beside a choice of records: choosing all that are found, on whatever page, or none.
import {Button} from '@mantine/core';
import {useTranslation} from 'react-i18next';
import {readAll} from './data';
import type {Query} from './data';
import type {Kind, Stored} from './fields';
import {Progress, useWork} from './work';

export function PickFound({kind, found, keyOf, onPick}: {kind: Kind; found: Query;
  keyOf: (record: Stored) => string; onPick: (picked: Set<string>) => void}) {
  const {t} = useTranslation('admin');
  const work = useWork();
  if (work.step) return <Progress of={work}/>;
  return (
    <>
      <Button variant="subtle" onClick={() => void work.run(async (worker) => {
        onPick(new Set((await readAll(kind.list, found, worker)).map(keyOf)));
      })}>{t('bulk.all')}</Button>
      <Button variant="subtle" onClick={() => onPick(new Set())}>{t('bulk.none')}</Button>
    </>
  );
}
