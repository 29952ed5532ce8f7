// SPDX-License-Identifier: Apache-2.0
// A profile: presence, do-not-disturb, forwardings, and how long it holds once it is put on.
import {ActionIcon, Button, Group, NativeSelect, NumberInput, TextInput} from '@mantine/core';
import {useState} from 'react';
import type {FormEvent} from 'react';
import {useTranslation} from 'react-i18next';
import {useSubmit} from '../../shared/ask';
import {Icon} from '../../shared/icons';
import {CONDITIONS, ORIGINS, useMyLines} from '../data';
import type {Condition, LineKey, Origin} from '../data';
import {TargetInput} from '../TargetInput';
import {useProfileChanges} from './data';
import type {ProfileFields} from './data';
import {readSlots, writeSlots} from './slots';
import type {ProfileSlot} from './slots';

const NEW_SLOT: ProfileSlot = {condition: 'immediate', origin: 'all', delay: 0, target: ''};

function SlotRow({slot, line, number, onChange, onRemove}: {slot: ProfileSlot; line: LineKey;
  number: number; onChange: (slot: ProfileSlot) => void; onRemove: () => void}) {
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
      <TargetInput line={line} label={t('forwardings.target')} value={slot.target}
        onChange={(target) => onChange({...slot, target})}/>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('profiles.removeSlot')}
        onClick={onRemove}><Icon name="trash"/></ActionIcon>
    </fieldset>
  );
}

function Slots({slots, onChange}:
  {slots: ProfileSlot[]; onChange: (slots: ProfileSlot[]) => void}) {
  const {t} = useTranslation('user');
  const line = useMyLines().data?.[0];
  if (!line) return null;
  return (
    <div className="lw-profile-slots">
      <span className="lw-label">{t('profiles.forwardings')}</span>
      {slots.map((slot, index) => (
        <SlotRow key={index} slot={slot} line={line} number={index + 1}
          onChange={(changed) => onChange(slots.map((one, at) => (at === index ? changed : one)))}
          onRemove={() => onChange(slots.filter((_, at) => at !== index))}/>
      ))}
      <Button variant="default" size="compact-sm" leftSection={<Icon name="plus" size={16}/>}
        onClick={() => onChange([...slots, NEW_SLOT])}>{t('profiles.addSlot')}</Button>
    </div>
  );
}

export function ProfileForm({name: given, fields, onClose}:
  {name: string; fields: ProfileFields; onClose: () => void}) {
  const {t} = useTranslation('user');
  const {add, change, readEtag} = useProfileChanges();
  const [seen] = useState(() => (given === '' ? null : readEtag(given)));
  const {submit, isBusy, errorOf, general} = useSubmit();
  const [name, setName] = useState(given);
  const [draft, setDraft] = useState(fields);
  const [slots, setSlots] = useState(readSlots(fields.forwardings ?? ''));
  const set = (changed: Partial<ProfileFields>) => setDraft({...draft, ...changed});
  async function onSubmit(event: FormEvent) {
    event.preventDefault();
    const whole = {...draft, forwardings: writeSlots(slots)};
    const isDone = await submit(async () => {
      if (seen) await change(given, fields, whole, await seen);
      else await add(name.trim(), whole);
    });
    if (isDone) onClose();
  }
  return (
    <form className="lw-card" onSubmit={(event) => void onSubmit(event)}
      aria-label={given || t('profiles.new')}>
      <div className="lw-fields">
        <TextInput label={t('profiles.title')} value={name} required maxLength={63}
          withAsterisk={false} disabled={given !== ''} autoFocus={given === ''}
          error={errorOf('name')} onChange={(event) => setName(event.currentTarget.value)}/>
        <TextInput label={t('state.presence')} value={draft.presence} maxLength={31}
          placeholder={t('profiles.unchanged')} error={errorOf('presence')}
          onChange={(event) => set({presence: event.currentTarget.value})}/>
        <NativeSelect label={t('state.dnd')} value={draft.dnd}
          onChange={(event) => set({dnd: event.currentTarget.value as ProfileFields['dnd']})}
          data={(['unchanged', 'on', 'off'] as const).map((value) => ({
            value, label: t(`profiles.dnd.${value}`),
          }))}/>
        <NumberInput label={t('profiles.minutes')} min={0} hideControls value={draft.minutes || ''}
          placeholder={t('profiles.noEnd')} error={errorOf('minutes')}
          onChange={(minutes) => set({minutes: Number(minutes) || 0})}/>
        <TextInput type="time" label={t('profiles.endAt')} value={draft.end_at}
          error={errorOf('end_at')}
          onChange={(event) => set({end_at: event.currentTarget.value})}/>
      </div>
      <Slots slots={slots} onChange={setSlots}/>
      {errorOf('forwardings') && (
        <p className="lw-problem" role="alert">{errorOf('forwardings')}</p>
      )}
      {general && <p className="lw-problem" role="alert">{general}</p>}
      <Group gap="xs" mt="md">
        <Button type="submit" loading={isBusy}>{t('forwardings.save')}</Button>
        <Button variant="default" onClick={onClose}>{t('forwardings.cancel')}</Button>
      </Group>
    </form>
  );
}
