// SPDX-License-Identifier: Apache-2.0
// What the dashboard shows, each thing read once and anew after a while.
import {useQuery} from '@tanstack/react-query';
import {ask} from '../../api/client';
import type {Schemas} from '../../api/client';

export type Status = Schemas['Status'];
export type Statistics = Schemas['Statistics'];
export type Alarm = Schemas['Alarm'];

const FRESH_MS = 30_000; // figures are read anew after so long; events would be too many

export function useStatus() {
  return useQuery({
    queryKey: ['status'], refetchInterval: FRESH_MS,
    queryFn: async () => (await ask('get', '/status')).data,
  });
}

// Of one line group, or of all ('').
export function useStatistics(hours: number, group: string) {
  return useQuery({
    queryKey: ['statistics', hours, group],
    queryFn: async () =>
      (await ask('get', '/statistics', {query: {hours, group: group || undefined}})).data,
    placeholderData: (before) => before,
    // After an update the calls of before are counted in the background, for some seconds.
    refetchInterval: ({state}) => (state.data && !state.data.complete ? 1000 : FRESH_MS),
  });
}

// How the lines of a group, or of all (''), stood over the last day.
export function useSamples(group: string) {
  return useQuery({
    queryKey: ['samples', group],
    queryFn: async () =>
      (await ask('get', '/samples', {query: {group: group || undefined}})).data.items,
    placeholderData: (before) => before,
    refetchInterval: FRESH_MS,
  });
}

// An event tells that one is raised; that it counts further calls, nothing but time.
export function useAlarms() {
  return useQuery({
    queryKey: ['alarms'], refetchInterval: FRESH_MS,
    queryFn: async () => (await ask('get', '/alarms')).data.items,
  });
}
