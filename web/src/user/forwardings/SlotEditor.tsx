// SPDX-License-Identifier: Apache-2.0
// Sets one forwarding in its place: where to, after how many seconds, until when. What is typed
// stays while the connection is away, and while somebody else changes the same.
import {Button, Group, NumberInput} from '@mantine/core';
import {useEffect, useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import {useFocusLeaves} from '../../shared/focus';
import {Field, Form, FormProblem} from '../../shared/Form';
import {UntilInput} from '../../shared/UntilInput';
import {Conflict} from '../Conflict';
import type {LineKey} from '../data';
import {TargetInput} from '../TargetInput';
import {isSame, readSlot, SlotConflict} from './slots';
import type {SeenSlot, Slot, SlotFields} from './slots';
import {useSummary} from './summary';
import {useSlotChange} from './useSlotChange';

const EMPTY: SlotFields = {target: '', delay: 0, until: '', enabled: true};

interface Props {
  line: LineKey;
  slot: Slot;
  shown: SlotFields | null; // what the cell shows
  onWarnings(warnings: string[]): void;
  onClose(): void;
}

// What is being typed, what it began with, and what stands in the way.
function useDraft({line, slot, shown, onWarnings, onClose}: Props) {
  const change = useSlotChange(line);
  const [seen, setSeen] = useState<SeenSlot | null>(null);
  const [draft, setDraft] = useState<SlotFields>(shown ?? EMPTY);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [conflict, setConflict] = useState<SeenSlot | null>(null);
  const [isBusy, setBusy] = useState(false);

  useEffect(() => {
    let isCurrent = true;
    readSlot(line, slot).then((read) => {
      if (!isCurrent) return;
      setSeen(read);
      if (!isSame(read.fields, shown)) setDraft(read.fields ?? EMPTY);
    }).catch((error) => isCurrent && setProblem(error));
    return () => {
      isCurrent = false;
    };
    // Only what was there when the editor was opened counts.
    // eslint-disable-next-line
  }, []);

  async function save(fields: SlotFields | null, over: SeenSlot | null = null) {
    setBusy(true);
    setProblem(null);
    try {
      const before = over ?? seen ?? await readSlot(line, slot);
      onWarnings(await change(slot, before, fields));
      onClose();
    } catch (error) {
      setBusy(false);
      if (error instanceof SlotConflict) setConflict(error.now);
      else if (error instanceof Problem) setProblem(error);
      else throw error;
    }
  }

  return {draft, setDraft, problem, conflict, setConflict, setSeen, isBusy, save, seen};
}

export function SlotEditor(props: Props) {
  const {t} = useTranslation('user');
  const {draft, setDraft, problem, conflict, setConflict, setSeen, isBusy, save, seen} =
    useDraft(props);
  const {line, slot, onClose} = props;
  const summary = useSummary(line);
  const frame = useRef<HTMLDivElement>(null);
  useFocusLeaves(frame, [`[data-slot="${slot.condition}/${slot.origin}"] .lw-slot-open`], true);
  const set = (fields: Partial<SlotFields>) => setDraft({...draft, ...fields});
  const conflicting = conflict && (
    <Conflict mine={summary({...draft, enabled: true})} theirs={summary(conflict.fields)}
      isBusy={isBusy} onTheirs={onClose}
      onMine={() => void save({...draft, enabled: true}, conflict)}
      onBack={() => {
        setSeen(conflict);
        setConflict(null);
      }}/>
  );
  const form = (
    <Form className="lw-editor" problem={problem} aria-label={t('forwardings.edit', {
      condition: t(`condition.${slot.condition}.name`), origin: t(`origin.${slot.origin}`),
    })} onSubmit={() => void save({...draft, enabled: true})} onKeyDown={(event) => {
      if (event.key === 'Escape' && !event.defaultPrevented) onClose();
    }}>
      <div className="lw-fields">
        <Field name="target">
          <TargetInput line={line} label={t('forwardings.target')} value={draft.target} autoFocus
            required onChange={(target) => set({target})}/>
        </Field>
        {slot.condition === 'no_answer' && (
          <Field name="delay">
            <NumberInput label={t('forwardings.delay')} min={0} max={120} suffix=" s" hideControls
              placeholder={t('forwardings.delayDefault')} allowDecimal={false}
              allowNegative={false} value={draft.delay || ''}
              onChange={(delay) => set({delay: Number(delay) || 0})}/>
          </Field>
        )}
        <Field name="until">
          <UntilInput value={draft.until} onChange={(until) => set({until})}/>
        </Field>
      </div>
      <FormProblem/>
      <Group gap="xs">
        <Button type="submit" loading={isBusy}>{t('forwardings.save')}</Button>
        <Button variant="default" onClick={onClose}>{t('forwardings.cancel')}</Button>
        {seen?.fields && (
          <Button variant="subtle" color="red" disabled={isBusy} onClick={() => void save(null)}>
            {t('forwardings.remove')}
          </Button>
        )}
      </Group>
    </Form>
  );
  return <div className="lw-editor-frame" ref={frame}>{conflicting ?? form}</div>;
}
