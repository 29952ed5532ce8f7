// SPDX-License-Identifier: Apache-2.0
// Changes a forwarding, has what depends on it read anew, and offers to take it back.
import {useQueryClient} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {useSession} from '../../app/session';
import {useTold} from '../../shared/undo';
import type {LineKey} from '../data';
import {rememberTarget, useTargetName} from '../names';
import {readSlot, writeSlot} from './slots';
import type {SeenSlot, Slot, SlotFields} from './slots';

export function useSlotChange(line: LineKey) {
  const {t} = useTranslation('user');
  const client = useQueryClient();
  const {user} = useSession();
  const {tell} = useTold();
  const nameOfTarget = useTargetName(line);

  async function refresh() {
    await Promise.all(['forwardings', 'explain'].map((subject) =>
      client.invalidateQueries({queryKey: [subject, line.group, line.extension]})));
  }

  function sayChange(slot: Slot, fields: SlotFields | null): string {
    const what = t('forwardings.slot', {
      condition: t(`condition.${slot.condition}.name`), origin: t(`origin.${slot.origin}`),
    });
    if (!fields) return t('forwardings.removed', {what});
    if (!fields.enabled) return t('forwardings.switchedOff', {what});
    return t('forwardings.saved', {what, target: nameOfTarget(fields.target)});
  }

  // Puts the slot back to what it was, if nobody has changed it since.
  async function undo(slot: Slot, before: SeenSlot, after: SeenSlot) {
    try {
      await writeSlot(line, slot, after, before.fields);
    } finally {
      void refresh();
    }
  }

  // Throws a SlotConflict or a Problem. Returns the server's warnings.
  return async (slot: Slot, before: SeenSlot, fields: SlotFields | null): Promise<string[]> => {
    try {
      const warnings = await writeSlot(line, slot, before, fields);
      const after = await readSlot(line, slot);
      if (after.fields) rememberTarget(user, after.fields.target);
      tell(sayChange(slot, after.fields), () => undo(slot, before, after));
      return warnings;
    } finally {
      void refresh();
    }
  };
}
