// SPDX-License-Identifier: Apache-2.0
// An exception: for whom, when, and what happens to these calls instead.
import {Button, Group, NativeSelect, NumberInput, Switch, TextInput} from '@mantine/core';
import {useEffect, useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import {useFocusLeaves} from '../../shared/focus';
import {Field, Form, FormProblem} from '../../shared/Form';
import {UntilInput} from '../../shared/UntilInput';
import {Conflict} from '../Conflict';
import {CONDITIONS, ORIGINS} from '../data';
import type {LineKey} from '../data';
import {TargetInput} from '../TargetInput';
import {NEW, readException, useExceptionChanges} from './data';
import type {ExceptionFields, SeenException} from './data';
import {ScheduleInput} from './ScheduleInput';
import {useSummary} from './summary';

interface Props {
  line: LineKey;
  position: number | null; // null: a new one
  onWarnings(warnings: string[]): void;
  onClose(): void;
}

function useDraft({line, position, onWarnings, onClose}: Props) {
  const changes = useExceptionChanges(line);
  const [seen, setSeen] = useState<SeenException | null>(null);
  const [draft, setDraft] = useState<ExceptionFields | null>(position === null ? NEW : null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [theirs, setTheirs] = useState<SeenException | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (position === null) return;
    readException(line, position).then((read) => {
      setSeen(read);
      setDraft(read.fields ?? NEW);
    }).catch(setProblem);
    // Only what was there when the form was opened counts.
    // eslint-disable-next-line
  }, []);

  async function save(over = seen) {
    if (!draft) return;
    setBusy(true);
    setProblem(null);
    const fields = draft.ring ? {...draft, target: ''} : draft;
    try {
      onWarnings(await (over ? changes.change(over, fields) : changes.add(fields)));
      onClose();
    } catch (error) {
      setBusy(false);
      if (!(error instanceof Problem)) throw error;
      const isConflict = [404, 412].includes(error.status) && position !== null;
      if (isConflict) setTheirs(await readException(line, position));
      else setProblem(error);
    }
  }
  function back() {
    setSeen(theirs);
    setTheirs(null);
  }
  return {draft, setDraft, problem, theirs, back, isBusy, save};
}

function Fields({line, draft, onChange}: {line: LineKey; draft: ExceptionFields;
  onChange: (fields: Partial<ExceptionFields>) => void}) {
  const {t} = useTranslation('user');
  return (
    <div className="lw-fields">
      <Field name="caller">
        <TextInput label={t('exceptions.caller')} value={draft.caller} maxLength={39}
          placeholder={t('exceptions.anyCaller')} description={t('exceptions.callerHelp')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          onChange={(event) => onChange({caller: event.currentTarget.value})}/>
      </Field>
      <NativeSelect label={t('profiles.origin')} value={draft.origin}
        onChange={(event) => onChange({
          origin: event.currentTarget.value as ExceptionFields['origin'],
        })}
        data={ORIGINS.map((value) => ({value, label: t(`origin.${value}`)}))}/>
      <NativeSelect label={t('profiles.condition')} value={draft.condition}
        onChange={(event) => onChange({
          condition: event.currentTarget.value as ExceptionFields['condition'],
        })}
        data={CONDITIONS.map((value) => ({value, label: t(`condition.${value}.name`)}))}/>
      <Field name="presence">
        <TextInput label={t('exceptions.presence')} value={draft.presence} maxLength={31}
          placeholder={t('exceptions.anyPresence')}
          onChange={(event) => onChange({presence: event.currentTarget.value})}/>
      </Field>
      <NativeSelect label={t('exceptions.does')} value={draft.ring ? 'ring' : 'forward'}
        onChange={(event) => onChange({ring: event.currentTarget.value === 'ring'})}
        data={(['forward', 'ring'] as const).map((value) => ({
          value, label: t(`exceptions.doing.${value}`),
        }))}/>
      {!draft.ring && (
        <Field name="target">
          <TargetInput line={line} label={t('forwardings.target')} value={draft.target ?? ''}
            required onChange={(target) => onChange({target})}/>
        </Field>
      )}
      {!draft.ring && draft.condition === 'no_answer' && (
        <Field name="delay">
          <NumberInput label={t('forwardings.delay')} min={0} max={120} suffix=" s" hideControls
            placeholder={t('forwardings.delayDefault')} value={draft.delay || ''}
            onChange={(delay) => onChange({delay: Number(delay) || 0})}/>
        </Field>
      )}
      <Field name="calls">
        <NumberInput label={t('exceptions.calls')} min={0} max={9999} hideControls
          placeholder={t('exceptions.anyCalls')} value={draft.calls || ''}
          onChange={(calls) => onChange({calls: Number(calls) || 0})}/>
      </Field>
      <Field name="until">
        <UntilInput value={draft.until ?? ''} onChange={(until) => onChange({until})}/>
      </Field>
    </div>
  );
}

export function ExceptionForm(props: Props) {
  const {t} = useTranslation('user');
  const frame = useRef<HTMLDivElement>(null);
  useFocusLeaves(frame, [`[data-edit="${props.position}"]`, '.lw-page-head button'], true);
  const typed = useDraft(props);
  const summary = useSummary(props.line);
  const say = (fields: ExceptionFields | null) => (fields
    ? [...summary(fields), fields.enabled ? '' : t('conflict.off')].filter(Boolean).join(' · ')
    : t('conflict.gone'));
  const {draft, theirs} = typed;
  return (
    <div ref={frame}>
      {draft && theirs
        ? <Conflict mine={say(draft)} theirs={say(theirs.fields)} isBusy={typed.isBusy}
          onTheirs={props.onClose} onMine={() => void typed.save(theirs)} onBack={typed.back}/>
        : <OneForm {...props} typed={typed}/>}
    </div>
  );
}

function OneForm({typed, ...props}: Props & {typed: ReturnType<typeof useDraft>}) {
  const {t} = useTranslation('user');
  const {draft, setDraft, problem, save, isBusy} = typed;
  if (!draft) return null;
  const set = (fields: Partial<ExceptionFields>) => setDraft({...draft, ...fields});
  return (
    <Form className="lw-card" problem={problem} onSubmit={() => void save()}
      aria-label={t(props.position === null ? 'exceptions.new' : 'exceptions.edit')}>
      <Fields line={props.line} draft={draft} onChange={set}/>
      <Field name="schedule">
        <ScheduleInput value={draft.schedule ?? ''} onChange={(schedule) => set({schedule})}/>
      </Field>
      <Switch mt="md" checked={draft.enabled} label={t('exceptions.enabled')}
        onChange={(event) => set({enabled: event.currentTarget.checked})}/>
      <FormProblem/>
      <Group gap="xs" mt="md">
        <Button type="submit" loading={isBusy}>{t('forwardings.save')}</Button>
        <Button variant="default" onClick={props.onClose}>{t('forwardings.cancel')}</Button>
      </Group>
    </Form>
  );
}
