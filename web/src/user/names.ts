// SPDX-License-Identifier: Apache-2.0
// Targets and callers as people know them: "Mailbox", "Support (103)", "+49 170 1234567".
import {useQuery} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask} from '../api/client';
import type {Schemas} from '../api/client';
import {useMyUser} from './data';
import type {LineKey} from './data';
import {groupDigits, nameOf, ownNumbers} from './numbers';
import type {Colleague} from './numbers';

export function useDirectory(line: Pick<LineKey, 'group'> | undefined, search = '') {
  return useQuery({
    queryKey: ['lines', 'directory', line?.group, search],
    queryFn: async () => (await ask('get', '/groups/{group}/directory',
      {path: {group: line!.group}, query: {q: search}})).data.items,
    enabled: line !== undefined,
    staleTime: 300_000,
  });
}

// How targets are called; the names of colleagues are known as soon as the directory is there.
export function useTargetName(line: LineKey | undefined) {
  const {t} = useTranslation('user');
  const directory = useDirectory(line);
  const user = useMyUser().data?.data;
  return (target: string): string => {
    if (target === 'mailbox' || target === 'mobile') return t(`target.${target}`);
    const own = ownNumbers(user).find(({number}) => number === target);
    if (own) {
      return t('target.ownNumber', {name: t(`target.${own.label}`), number: groupDigits(target)});
    }
    const name = nameOf(target, directory.data);
    return name ? t('target.colleague', {name, extension: target}) : groupDigits(target);
  };
}

const RECENT_MAX = 6;

function recentKey(user: string): string {
  return `lineward-recent-${user}`;
}

export function recentTargets(user: string): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(recentKey(user)) ?? '[]');
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
  } catch {
    return [];
  }
}

export function rememberTarget(user: string, target: string) {
  if (target === 'mailbox' || target === 'mobile') return;
  const list = [target, ...recentTargets(user).filter((other) => other !== target)];
  localStorage.setItem(recentKey(user), JSON.stringify(list.slice(0, RECENT_MAX)));
}

export type TestedNumber = Schemas['TestedNumber'];

// Who called: as the call said, else as the directory knows the number.
export function nameOfCaller(said: string, number: string, colleagues: Colleague[] | undefined) {
  return said && said !== number ? said : nameOf(number, colleagues);
}
