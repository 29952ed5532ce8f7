// SPDX-License-Identifier: Apache-2.0
// One place of the matrix: what is set there, a switch, and a click away its editor.
import {Switch} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Icon} from '../../shared/icons';
import {useReason} from '../../shared/reasons';
import {sayWhen} from '../../shared/time';
import {useTold} from '../../shared/undo';
import type {Forwarding, LineKey} from '../data';
import {useTargetName} from '../names';
import {fieldsOf, isSame, readSlot, SlotConflict} from './slots';
import type {Slot} from './slots';
import {useSlotChange} from './useSlotChange';

interface Props {
  line: LineKey;
  slot: Slot;
  forwarding: Forwarding | undefined;
  isOpen: boolean;
  decides: string[]; // for whom this one decides
  warnings: string[];
  onOpen(): void;
  onWarnings(warnings: string[]): void;
}

// Switches the forwarding on or off at once.
function useSwitch({line, slot, forwarding, onWarnings}: Props) {
  const {t} = useTranslation('user');
  const change = useSlotChange(line);
  const {fail} = useTold();
  const [isBusy, setBusy] = useState(false);
  async function setEnabled(enabled: boolean) {
    if (!forwarding || isBusy) return;
    setBusy(true);
    try {
      const shown = fieldsOf(forwarding);
      const seen = await readSlot(line, slot);
      if (!isSame(seen.fields, shown)) throw new SlotConflict(seen);
      onWarnings(await change(slot, seen, {...shown, enabled}));
    } catch (error) {
      fail(error instanceof SlotConflict ? new Error(t('conflict.switched')) : error);
    }
    setBusy(false);
  }
  return setEnabled;
}

function Details({forwarding}: {forwarding: Forwarding}) {
  const {t, i18n} = useTranslation('user');
  const parts = [];
  if (forwarding.delay) parts.push(t('forwardings.after', {seconds: forwarding.delay}));
  if (forwarding.until) {
    parts.push(t('happening.until', {when: sayWhen(forwarding.until, i18n.language)}).trim());
  }
  return parts.length > 0 ? <span className="lw-slot-details">{parts.join(', ')}</span> : null;
}

export function SlotCell(props: Props) {
  const {t} = useTranslation('user');
  const reason = useReason();
  const nameOfTarget = useTargetName(props.line);
  const {slot, forwarding, isOpen, decides, warnings, onOpen} = props;
  const setEnabled = useSwitch(props);
  const origin = t(`origin.${slot.origin}`);
  const what = t('forwardings.slot', {
    condition: t(`condition.${slot.condition}.name`), origin,
  });
  const isOn = forwarding?.enabled ?? false;
  return (
    <div className="lw-slot" data-on={isOn || undefined} data-open={isOpen || undefined}
      data-slot={`${slot.condition}/${slot.origin}`}>
      <span className="lw-slot-origin" aria-hidden="true">{origin}</span>
      <button type="button" className="lw-slot-open" aria-expanded={isOpen} onClick={onOpen}>
        <span className="lw-hidden">{what}: </span>
        {forwarding
          ? <span className="lw-slot-target">{nameOfTarget(forwarding.target)}</span>
          : <span className="lw-slot-none">
            <Icon name="plus" size={16}/>{t('forwardings.set')}
          </span>}
        {forwarding && <Details forwarding={forwarding}/>}
        {decides.length > 0 && (
          <span className="lw-slot-decides">
            <Icon name="check" size={14}/>{decides.join(', ')}
          </span>
        )}
      </button>
      {forwarding && (
        <Switch checked={isOn} aria-label={t('forwardings.on', {what})}
          onChange={(event) => void setEnabled(event.currentTarget.checked)}/>
      )}
      {warnings.map((warning) => (
        <p key={warning} className="lw-note" role="status">
          <Icon name="warning" size={16}/>{reason(warning)}
        </p>
      ))}
    </div>
  );
}
