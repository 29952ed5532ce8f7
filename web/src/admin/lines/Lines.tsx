// SPDX-License-Identifier: Apache-2.0
// The lines: found, chosen by their state, changed many at once, exported; each with how it stands
// with its PBX.
import {Button, NativeSelect} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {PageFrame} from '../../app/PageFrame';
import {Icon} from '../../shared/icons';
import {LineFigures} from '../../shared/LineFigures';
import '../admin.css';
import {LINE} from '../kinds';
import {useNames} from '../records/data';
import type {Kind, Stored} from '../records/fields';
import type {Bulk} from '../records/BulkEdit';
import {ManyTools} from '../records/ManyTools';
import {RecordDrawer} from '../records/RecordForm';
import {RecordList} from '../records/RecordList';
import {LineState} from './LineState';

const ABROAD = 'abroad'; // no state, but chosen among them: lines that forward abroad
const CHOICES = ['', 'registered', 'refused', 'unreachable', 'waiting', 'disabled', ABROAD];
const ALL: Kind = {...LINE, list: '/lines'};

const EXPORTED = Object.fromEntries(['group', 'extension', 'display_name', 'user', 'enabled',
  'auth_user', 'second_call', 'max_calls', 'other_contacts', 'number_withheld']
  .map((name) => [name, name]));
const BULK: Bulk = {
  list: 'lines',
  fields: ['enabled', 'second_call', 'max_calls', 'other_contacts', 'number_withheld'],
  partsOf(key) {
    const at = key.indexOf('/');
    return {group: key.slice(0, at), extension: key.slice(at + 1)};
  },
};

function keyOf(line: Stored): string {
  return `${String(line.group)}/${String(line.extension)}`;
}

function partOf(value: unknown): string {
  return encodeURIComponent(String(value));
}

// Where one comes from the dashboard, what is chosen is in the address.
function ofAddress(name: string): string {
  return new URLSearchParams(window.location.search).get(name) ?? '';
}

function choiceOfAddress(): string {
  const wanted = ofAddress('state');
  return CHOICES.includes(wanted) ? wanted : '';
}

export default function Lines() {
  const {t} = useTranslation('admin');
  const groups = useNames('/groups');
  const [group, setGroup] = useState(() => ofAddress('group'));
  const [choice, setChoice] = useState(choiceOfAddress);
  const isAbroad = choice === ABROAD;
  const [picked, setPicked] = useState<Set<string>>(new Set());
  const [open, setOpen] = useState<{record: Stored | null} | null>(null);
  const into = group || groups[0];
  return (
    <PageFrame title={t('line.many')} lead={t('line.lead')} actions={into && (
      <Button leftSection={<Icon name="plus" size={16}/>}
        onClick={() => setOpen({record: null})}>{t('line.add')}</Button>
    )}>
      <RecordList kind={ALL} query={{group: group || undefined,
          ...(isAbroad ? {abroad: 'true'} : {state: choice || undefined})}} isCounted={!choice}
        keyOf={keyOf} picked={picked} onPick={setPicked} onOpen={(record) => setOpen({record})}
        tools={(found) => (
          <>
            <NativeSelect aria-label={t('line.group')} value={group}
              data={[{value: '', label: t('line.allGroups')}, ...groups]}
              onChange={(event) => setGroup(event.currentTarget.value)}/>
            <NativeSelect aria-label={t('line.state')} value={choice}
              data={CHOICES.map((value) => ({value, label: t(`states.${value || 'any'}`)}))}
              onChange={(event) => setChoice(event.currentTarget.value)}/>
            <ManyTools kind={ALL} bulk={BULK} exported={EXPORTED} found={found} keyOf={keyOf}
              picked={picked} onPick={setPicked}/>
          </>
        )}
        columns={[
          {name: 'line', show: keyOf, sort: 'group'},
          {name: 'display_name', show: (line) => String(line.display_name), sort: 'display_name'},
          {name: 'user', show: (line) => String(line.user), sort: 'user'},
          {name: 'state', show: (line) => <LineState line={line}/>, sort: 'state'},
          ...(isAbroad ? [{name: 'abroad', show: (line: Stored) => String(line.abroad)}] : []),
          {name: 'messages', show: (line) => (
            <Link className="la-link" href={`/admin/trace/${partOf(line.group)}/` +
              partOf(line.extension)}>{t('trace.open')}</Link>)}]}/>
      <RecordDrawer isOpen={open !== null} kind={LINE} record={open?.record ?? null}
        path={{group: into ?? ''}} onClose={() => setOpen(null)}>
        {() => open?.record && <LineFigures line={{group: String(open.record.group),
          extension: String(open.record.extension)}}/>}
      </RecordDrawer>
    </PageFrame>
  );
}
