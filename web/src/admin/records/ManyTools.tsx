// SPDX-License-Identifier: Apache-2.0
// Beside the search of a large table: what is done with all that is found, or with what is picked.
import {Button} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {BulkEdit} from './BulkEdit';
import type {Bulk} from './BulkEdit';
import type {Exported} from './csv';
import type {Query} from './data';
import {ExportButton} from './ExportButton';
import type {Kind, Stored} from './fields';
import {PickFound} from './PickFound';

// What can be done with many records of a kind.
export interface Many {
  bulk: Bulk;
  exported: Exported;
}

interface ManyToolsProps extends Many {
  kind: Kind;
  found: Query;
  keyOf: (record: Stored) => string;
  picked: Set<string>;
  onPick: (picked: Set<string>) => void;
}

export function ManyTools({kind, bulk, exported, found, keyOf, picked, onPick}: ManyToolsProps) {
  const {t} = useTranslation('admin');
  const [isEditing, setEditing] = useState(false);
  return (
    <>
      <ExportButton name={`${kind.name}s`} list={kind.list} columns={exported} found={found}/>
      {picked.size > 0 && (
        <>
          <Button variant="default" onClick={() => setEditing(true)}>
            {t(`bulk.open.${bulk.list}`, {count: picked.size})}</Button>
          <PickFound kind={kind} found={found} keyOf={keyOf} onPick={onPick}/>
        </>
      )}
      <BulkEdit kind={kind} bulk={bulk} isOpen={isEditing} picked={picked} onClose={(isDone) => {
        setEditing(false);
        if (isDone) onPick(new Set());
      }}/>
    </>
  );
}
