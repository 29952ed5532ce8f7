// SPDX-License-Identifier: Apache-2.0
// A profile: presence, do-not-disturb, forwardings, and how long it holds once it is put on.
import {ActionIcon, Button, Group, NativeSelect, NumberInput, TextInput} from '@mantine/core';
import {useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import {useSession} from '../../app/session';
import {useSubmit} from '../../shared/ask';
import {useFocusLeaves} from '../../shared/focus';
import {Field, Form, FormProblem} from '../../shared/Form';
import {Icon} from '../../shared/icons';
import {useReason} from '../../shared/reasons';
import {Conflict} from '../Conflict';
import {CONDITIONS, ORIGINS, useMyLines} from '../data';
import type {Condition, LineKey, Origin} from '../data';
import {TargetInput} from '../TargetInput';
import {isSame, readProfile, useProfileChanges} from './data';
import type {ProfileFields, SeenProfile} from './data';
import {readSlots, slotAtFault, writeSlots} from './slots';
import type {ProfileSlot} from './slots';
import {useSummary} from './summary';

const NEW_SLOT: ProfileSlot = {condition: 'immediate', origin: 'all', delay: 0, target: ''};

function SlotRow({slot, line, number, fault, onChange, onRemove}: {slot: ProfileSlot;
  line: LineKey; number: number; fault: string | undefined;
  onChange: (slot: ProfileSlot) => void; onRemove: () => void}) {
  const {t} = useTranslation('user');
  return (
    <fieldset className="lw-profile-slot">
      <legend className="lw-hidden">{t('profiles.forwarding', {number})}</legend>
      <NativeSelect label={t('profiles.condition')} value={slot.condition}
        onChange={(event) => onChange({
          ...slot, condition: event.currentTarget.value as Condition,
        })}
        data={CONDITIONS.map((value) => ({value, label: t(`condition.${value}.name`)}))}/>
      <NativeSelect label={t('profiles.origin')} value={slot.origin}
        onChange={(event) => onChange({...slot, origin: event.currentTarget.value as Origin})}
        data={ORIGINS.map((value) => ({value, label: t(`origin.${value}`)}))}/>
      {slot.condition === 'no_answer' && (
        <NumberInput label={t('forwardings.delay')} min={0} max={120} suffix=" s" hideControls
          placeholder={t('forwardings.delayDefault')} value={slot.delay || ''}
          onChange={(delay) => onChange({...slot, delay: Number(delay) || 0})}/>
      )}
      <Field name={fault ? 'forwardings' : `forwardings.${number}`}>
        <TargetInput line={line} label={t('forwardings.target')} value={slot.target} required
          error={fault} onChange={(target) => onChange({...slot, target})}/>
      </Field>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('profiles.removeSlot')}
        onClick={onRemove}><Icon name="trash"/></ActionIcon>
    </fieldset>
  );
}

function Slots({slots, refused, onChange}: {slots: ProfileSlot[]; refused: string | undefined;
  onChange: (slots: ProfileSlot[]) => void}) {
  const {t} = useTranslation('user');
  const reason = useReason();
  const line = useMyLines().data?.[0];
  if (!line) return null;
  const fault = slotAtFault(slots, refused);
  return (
    <div className="lw-profile-slots">
      <span className="lw-label">{t('profiles.forwardings')}</span>
      {slots.map((slot, index) => (
        <SlotRow key={index} slot={slot} line={line} number={index + 1}
          fault={index === fault?.index ? reason(fault.reason) : undefined}
          onChange={(changed) => onChange(slots.map((one, at) => (at === index ? changed : one)))}
          onRemove={() => onChange(slots.filter((_, at) => at !== index))}/>
      ))}
      <Button variant="default" size="compact-sm" leftSection={<Icon name="plus" size={16}/>}
        onClick={() => onChange([...slots, NEW_SLOT])}>{t('profiles.addSlot')}</Button>
    </div>
  );
}

interface Props {
  name: string; // empty: a new one
  fields: ProfileFields; // as the page shows it
  onClose(): void;
}

// What is being typed, what it began with, and what somebody else has made of it meanwhile.
function useDraft({name: given, fields, onClose}: Props) {
  const {user} = useSession();
  const {add, change} = useProfileChanges();
  const submitting = useSubmit();
  const [name, setName] = useState(given);
  const [draft, setDraft] = useState(fields);
  const [slots, setSlots] = useState(readSlots(fields.forwardings ?? ''));
  const [shown, setShown] = useState<ProfileFields | null>(fields);
  const [begun, setBegun] = useState<Promise<SeenProfile> | null>(() =>
    (given === '' ? null : readProfile(user, given)));
  const [theirs, setTheirs] = useState<SeenProfile | null>(null);
  const whole = {...draft, forwardings: writeSlots(slots)};

  async function save(over: SeenProfile | null) {
    const seen = over ?? await begun;
    if (!seen) return add(name.trim(), whole);
    if (!over && !isSame(seen.fields, shown)) throw new Problem(412, 'it has changed');
    return change(name.trim(), seen, whole);
  }

  async function submit(over: SeenProfile | null = null) {
    const isDone = await submitting.submit(() => save(over).catch(async (problem) => {
      const isConflict = problem instanceof Problem && [404, 412].includes(problem.status);
      if (isConflict) setTheirs(await readProfile(user, name.trim()));
      throw problem;
    }));
    if (isDone) onClose();
  }

  function back() {
    if (given !== '' && theirs) {
      setBegun(Promise.resolve(theirs));
      setShown(theirs.fields);
    }
    setTheirs(null);
  }
  return {...submitting, name, setName, draft, setDraft, slots, setSlots, whole, theirs, submit,
    back};
}

export function ProfileForm(props: Props) {
  const {t} = useTranslation('user');
  const frame = useRef<HTMLDivElement>(null);
  useFocusLeaves(frame, [`[data-profile="${CSS.escape(props.name)}"] [data-edit]`,
    '.lw-page-head button'], true);
  const draft = useDraft(props);
  const summary = useSummary();
  const say = (fields: ProfileFields | null) => (fields
    ? summary(fields).join(' · ') || '–' : t('conflict.gone'));
  return (
    <div ref={frame}>
      {draft.theirs
        ? <Conflict mine={say(draft.whole)} theirs={say(draft.theirs.fields)}
          isBusy={draft.isBusy} onTheirs={props.onClose} onBack={draft.back}
          onMine={() => void draft.submit(draft.theirs)}/>
        : <OneForm given={props.name} draft={draft} onClose={props.onClose}/>}
    </div>
  );
}

function OneForm({given, draft: typed, onClose}:
  {given: string; draft: ReturnType<typeof useDraft>; onClose: () => void}) {
  const {t} = useTranslation('user');
  const {name, setName, draft, setDraft, slots, setSlots, submit, isBusy, problem} = typed;
  const set = (changed: Partial<ProfileFields>) => setDraft({...draft, ...changed});
  return (
    <Form className="lw-card" problem={problem} onSubmit={() => void submit()}
      aria-label={given || t('profiles.new')}>
      <div className="lw-fields">
        <Field name="name">
          <TextInput label={t('profiles.title')} value={name} required maxLength={63}
            withAsterisk={false} disabled={given !== ''} autoFocus={given === ''}
            onChange={(event) => setName(event.currentTarget.value)}/>
        </Field>
        <Field name="presence">
          <TextInput label={t('state.presence')} value={draft.presence} maxLength={31}
            placeholder={t('profiles.unchanged')}
            onChange={(event) => set({presence: event.currentTarget.value})}/>
        </Field>
        <NativeSelect label={t('state.dnd')} value={draft.dnd}
          onChange={(event) => set({dnd: event.currentTarget.value as ProfileFields['dnd']})}
          data={(['unchanged', 'on', 'off'] as const).map((value) => ({
            value, label: t(`profiles.dnd.${value}`),
          }))}/>
        <Field name="minutes">
          <NumberInput label={t('profiles.minutes')} min={0} hideControls
            value={draft.minutes || ''} placeholder={t('profiles.noEnd')}
            onChange={(minutes) => set({minutes: Number(minutes) || 0})}/>
        </Field>
        <Field name="end_at">
          <TextInput type="time" label={t('profiles.endAt')} value={draft.end_at}
            onChange={(event) => set({end_at: event.currentTarget.value})}/>
        </Field>
      </div>
      <Slots slots={slots} refused={problem?.of('forwardings')} onChange={setSlots}/>
      <FormProblem/>
      <Group gap="xs" mt="md">
        <Button type="submit" loading={isBusy}>{t('forwardings.save')}</Button>
        <Button variant="default" onClick={onClose}>{t('forwardings.cancel')}</Button>
      </Group>
    </Form>
  );
}
