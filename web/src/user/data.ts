// SPDX-License-Identifier: Apache-2.0
// What the user's pages show, each thing read once and kept up to date by events (app/live.tsx).
import {useQueries, useQuery} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask} from '../api/client';
import type {Schemas} from '../api/client';
import {useSession} from '../app/session';

export type Line = Schemas['Line'];
export type User = Schemas['User'];
export type Forwarding = Schemas['Forwarding'];
export type Exception = Schemas['Exception'];
export type Question = Schemas['Question'];
export type Answer = Schemas['Answer'];
export type Origin = Schemas['Origin'];
export type Condition = Schemas['Condition'];
export type LineKey = Pick<Line, 'group' | 'extension'>;

export const CONDITIONS: Condition[] =
  ['immediate', 'dnd', 'logged_off', 'unreachable', 'busy', 'no_answer'];
export const ORIGINS: Origin[] = ['all', 'internal', 'external'];

// The parts of a line's address, without the rest of a line.
export function keyOf(line: LineKey): Record<string, string> {
  return {group: line.group, extension: line.extension};
}

// The user's own lines, the first of which is the one they are asked about first.
export function useMyLines() {
  const {user} = useSession();
  return useQuery({
    queryKey: ['lines', 'mine', user],
    queryFn: async () => (await ask('get', '/lines', {query: {user}})).data.items ?? [],
    enabled: user !== '',
  });
}

export function useMyUser() {
  const {user} = useSession();
  return useQuery({
    queryKey: ['users', user],
    queryFn: () => ask('get', '/users/{name}', {path: {name: user}}),
    enabled: user !== '',
  });
}

function forwardingsOf(line: LineKey) {
  return {
    queryKey: ['forwardings', line.group, line.extension],
    queryFn: () => ask('get', '/groups/{group}/lines/{extension}/forwardings',
      {path: keyOf(line)}),
  };
}

export function useForwardings(line: LineKey) {
  return useQuery(forwardingsOf(line));
}

// The forwardings that are on, of all these lines.
export function useForwardingsOn(lines: LineKey[]): Forwarding[] {
  return useQueries({queries: lines.map(forwardingsOf)})
    .flatMap((result): Forwarding[] => result.data?.data.items ?? [])
    .filter((forwarding) => forwarding.enabled);
}

// What would happen to a call, as the server says it; never worked out here.
export function useExplain(line: LineKey, question: Question, enabled = true) {
  const {i18n} = useTranslation();
  return useQuery({
    queryKey: ['explain', line.group, line.extension, question, i18n.language],
    queryFn: async () => (await ask('post', '/groups/{group}/lines/{extension}/explain', {
      path: keyOf(line), query: {language: serverLanguage(i18n.language)}, body: question,
    })).data,
    enabled,
  });
}

// The language of the server's sentences, which has these two.
export function serverLanguage(language: string): 'en' | 'de' {
  return language.startsWith('de') ? 'de' : 'en';
}
