// SPDX-License-Identifier: Apache-2.0
// Exceptions: what goes before the forwardings, in the order that decides between equal ones.
import './exceptions.css';
import {ActionIcon, Button, Group, Loader, Switch} from '@mantine/core';
import {useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {PageFrame} from '../../app/PageFrame';
import {useFocusLeaves} from '../../shared/focus';
import {Icon} from '../../shared/icons';
import {useReason} from '../../shared/reasons';
import type {Exception, LineKey} from '../data';
import {LineChoice, useChosenLine} from '../LineChoice';
import {fieldsOf, useExceptionChanges, useExceptions} from './data';
import {ExceptionForm} from './ExceptionForm';
import {useSummary} from './summary';

function Row({line, exception, before, after, onEdit}: {line: LineKey; exception: Exception;
  before?: Exception; after?: Exception; onEdit: () => void}) {
  const {t} = useTranslation('user');
  const changes = useExceptionChanges(line);
  const row = useRef<HTMLLIElement>(null);
  useFocusLeaves(row, ['[data-edit]', '.lw-page-head button']);
  const [caller, ...rest] = useSummary(line)(fieldsOf(exception));
  const move = (to: Exception | undefined) => to && void changes.move(exception, to.position);
  return (
    <li className="lw-card lw-exception" data-on={exception.enabled || undefined} ref={row}>
      <div className="lw-exception-move">
        <ActionIcon variant="subtle" color="gray" aria-label={t('exceptions.up', {caller})}
          disabled={!before} onClick={() => move(before)}>
          <span className="lw-turn-up"><Icon name="chevron" size={16}/></span>
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" aria-label={t('exceptions.down', {caller})}
          disabled={!after} onClick={() => move(after)}>
          <span className="lw-turn-down"><Icon name="chevron" size={16}/></span>
        </ActionIcon>
      </div>
      <div className="lw-exception-text">
        <h2>{caller}</h2>
        <p>{rest.join(' · ')}</p>
      </div>
      <Group gap="xs" wrap="nowrap">
        <Switch checked={exception.enabled} aria-label={t('exceptions.on', {caller})}
          onChange={(event) => void changes.setEnabled(exception, event.currentTarget.checked)}/>
        <ActionIcon variant="subtle" size="lg" aria-label={t('exceptions.editOne', {caller})}
          data-edit={exception.position} onClick={onEdit}><Icon name="edit"/></ActionIcon>
        <ActionIcon variant="subtle" color="red" size="lg"
          aria-label={t('exceptions.removeOne', {caller})}
          onClick={() => void changes.remove(exception)}><Icon name="trash"/></ActionIcon>
      </Group>
    </li>
  );
}

function List({line, edited, setEdited}: {line: LineKey; edited: number | 'new' | null;
  setEdited: (edited: number | 'new' | null) => void}) {
  const {t} = useTranslation('user');
  const reason = useReason();
  const exceptions = useExceptions(line);
  const [warnings, setWarnings] = useState<string[]>([]);
  const close = () => setEdited(null);
  // What is being edited stays, also where somebody else removes it meanwhile.
  const kept = exceptions.data ?? [];
  const isGone = typeof edited === 'number' && !kept.some(({position}) => position === edited);
  const list = isGone ? [...kept, {position: edited} as Exception]
    .sort((one, other) => one.position - other.position) : kept;
  return (
    <div className="lw-stack">
      {edited === 'new' && (
        <ExceptionForm line={line} position={null} onWarnings={setWarnings} onClose={close}/>
      )}
      {warnings.map((warning) => (
        <p key={warning} className="lw-note" role="status">
          <Icon name="warning" size={18}/>{reason(warning)}
        </p>
      ))}
      {exceptions.isPending && <Loader aria-label={t('common:loading')}/>}
      {exceptions.isSuccess && list.length === 0 && edited === null && (
        <p className="lw-card lw-empty">{t('exceptions.none')}</p>
      )}
      {list.length > 0 && (
        <ol className="lw-exceptions">
          {list.map((exception, index) => (edited === exception.position
            ? <li key={exception.position}>
              <ExceptionForm line={line} position={exception.position} onWarnings={setWarnings}
                onClose={close}/>
            </li>
            : <Row key={exception.position} line={line} exception={exception}
              before={list[index - 1]} after={list[index + 1]}
              onEdit={() => setEdited(exception.position)}/>))}
        </ol>
      )}
    </div>
  );
}

export default function Exceptions() {
  const {t} = useTranslation('user');
  const choice = useChosenLine();
  const [edited, setEdited] = useState<number | 'new' | null>(null);
  return (
    <PageFrame title={t('exceptions.name')} lead={t('exceptions.lead')}
      actions={<>
        <LineChoice {...choice}/>
        <Button leftSection={<Icon name="plus" size={18}/>} onClick={() => setEdited('new')}>
          {t('exceptions.new')}
        </Button>
      </>}>
      {choice.line && <List key={`${choice.line.group}/${choice.line.extension}`}
        line={choice.line} edited={edited} setEdited={setEdited}/>}
    </PageFrame>
  );
}
