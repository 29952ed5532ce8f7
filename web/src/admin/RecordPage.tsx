// SPDX-License-Identifier: Apache-2.0
// A page that is a table of records and the form of one of them.
import {Button} from '@mantine/core';
import {useState} from 'react';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {PageFrame} from '../app/PageFrame';
import {Icon} from '../shared/icons';
import './admin.css';
import type {Kind, Stored, Value} from './records/fields';
import {ManyTools} from './records/ManyTools';
import type {Many} from './records/ManyTools';
import {RecordDrawer} from './records/RecordForm';
import {RecordList} from './records/RecordList';
import type {Column} from './records/RecordList';

interface RecordPageProps {
  kind: Kind;
  columns: Column[];
  path?: Record<string, string>;
  isSearched?: boolean;
  many?: Many; // with it, records can be picked, changed together and exported
  tools?: ReactNode;
  initial?: Stored;
  canAdd?: boolean;
  inForm?: (record: Stored | null, values: Record<string, Value>) => ReactNode;
  children?: ReactNode; // behind the table
}

export function RecordPage({kind, columns, path, isSearched, many, tools, initial, canAdd = true,
  inForm, children}: RecordPageProps) {
  const {t} = useTranslation('admin');
  const [open, setOpen] = useState<{record: Stored | null} | null>(null);
  const [picked, setPicked] = useState<Set<string>>(new Set());
  const keyOf = (record: Stored) => Object.values(kind.parts(record)).join('/');
  return (
    <PageFrame title={t(`${kind.name}.many`)} lead={t(`${kind.name}.lead`)}
      actions={canAdd && (
        <Button leftSection={<Icon name="plus" size={16}/>} onClick={() => setOpen({record: null})}>
          {t(`${kind.name}.add`)}</Button>
      )}>
      <RecordList kind={kind} columns={columns} path={path} isSearched={isSearched}
        keyOf={keyOf} picked={many && picked} onPick={setPicked} tools={(found) => (
          <>
            {many && <ManyTools {...many} kind={kind} found={found} keyOf={keyOf} picked={picked}
              onPick={setPicked}/>}
            {tools}
          </>
        )}
        onOpen={(record) => setOpen({record})}/>
      {children}
      <RecordDrawer isOpen={open !== null} kind={kind} record={open?.record ?? null} path={path}
        initial={initial} onClose={() => setOpen(null)}>
        {(values) => inForm?.(open?.record ?? null, values)}
      </RecordDrawer>
    </PageFrame>
  );
}
