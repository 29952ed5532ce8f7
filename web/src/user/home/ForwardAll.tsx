// SPDX-License-Identifier: Apache-2.0
// All calls elsewhere, in ten seconds: one field and one button; while it is on, one button ends
// it.
import {Button} from '@mantine/core';
import {useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {useSubmit} from '../../shared/ask';
import {useFocusLeaves} from '../../shared/focus';
import {Field, Form, FormProblem} from '../../shared/Form';
import {Icon} from '../../shared/icons';
import type {LineKey} from '../data';
import {useTargetName} from '../names';
import {TargetInput} from '../TargetInput';
import {useForwardAll} from './useForwardAll';

type Forwarding = ReturnType<typeof useForwardAll>;

const cardOf = ({extension}: LineKey) => `[data-all="${CSS.escape(extension)}"]`;

function Set({line, all}: {line: LineKey; all: Forwarding}) {
  const {t} = useTranslation('user');
  const {submit, isBusy, problem} = useSubmit();
  const [typed, setTyped] = useState<string | null>(null);
  const target = typed ?? all.last;
  const frame = useRef<HTMLDivElement>(null);
  useFocusLeaves(frame, [`${cardOf(line)} button`], true);
  return (
    <div ref={frame}>
      <Form className="lw-all" problem={problem}
        onSubmit={() => void submit(() => all.set(target))}>
        <Field name="target">
          <TargetInput line={line} label={t('all.label')} value={target} required
            onChange={setTyped}/>
        </Field>
        <Button type="submit" loading={isBusy}>{t('all.do')}</Button>
        <FormProblem/>
      </Form>
    </div>
  );
}

function On({line, all}: {line: LineKey; all: Forwarding}) {
  const {t} = useTranslation('user');
  const nameOfTarget = useTargetName(line);
  const [isBusy, setBusy] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  useFocusLeaves(frame, [`${cardOf(line)} input`], true);
  return (
    <div className="lw-all-on" ref={frame}>
      <Icon name="forward" size={20}/>
      <strong>{t('all.on', {target: nameOfTarget(all.target!)})}</strong>
      <Button variant="default" loading={isBusy} onClick={() => {
        setBusy(true);
        void all.end().finally(() => setBusy(false));
      }}>{t('all.end')}</Button>
    </div>
  );
}

export function ForwardAll({line}: {line: LineKey}) {
  const all = useForwardAll(line);
  if (!all.isKnown) return null;
  return (
    <div data-all={line.extension}>
      {all.target === undefined ? <Set line={line} all={all}/> : <On line={line} all={all}/>}
    </div>
  );
}
