// SPDX-License-Identifier: Apache-2.0
// After a change: what was done, and the way back.
import {Button, Group, Text} from '@mantine/core';
import {notifications} from '@mantine/notifications';
import {useTranslation} from 'react-i18next';
import {Problem} from '../api/client';
import {focusNext} from './focus';
import {Icon} from './icons';
import {useProblemText} from './reasons';

// How long it stays; longer where there is something to decide (WCAG 2.2.1). It waits while the
// pointer is on it.
const TOLD_MS = 8_000;
const UNDO_MS = 30_000;

// So many stand there at a time; what was said first makes room, so that the way back from what was
// done last is always there.
const SHOWN_MAX = 3;
const shown: string[] = [];

function show(notice: Parameters<typeof notifications.show>[0]) {
  shown.push(notifications.show(notice));
  shown.splice(0, Math.max(0, shown.length - SHOWN_MAX)).forEach((id) => notifications.hide(id));
}

// Tells that something was done; with `undo`, offers to take it back exactly.
export function useTold() {
  const {t} = useTranslation();
  const sayProblem = useProblemText();

  function fail(problem: unknown) {
    const text = problem instanceof Problem ? sayProblem(problem) : String(problem);
    show({color: 'red', message: text, role: 'alert'});
  }

  function tell(message: string, undo?: () => Promise<unknown>) {
    const id = crypto.randomUUID?.() ?? String(Math.random());
    async function takeBack() {
      notifications.hide(id);
      (document.activeElement as HTMLElement | null)?.blur();
      focusNext();
      try {
        await undo?.();
        show({message: t('undone'), role: 'status'});
      } catch (problem) {
        fail(problem);
      }
    }
    show({
      id, autoClose: undo ? UNDO_MS : TOLD_MS, role: 'status', withCloseButton: true,
      message: (
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm">{message}</Text>
          {undo && (
            <Button size="compact-sm" variant="light" flex="none"
              leftSection={<Icon name="undo" size={16}/>}
              onClick={() => void takeBack()}>{t('undo')}</Button>
          )}
        </Group>
      ),
    });
  }

  return {tell, fail};
}
