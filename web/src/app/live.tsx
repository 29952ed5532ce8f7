// SPDX-License-Identifier: Apache-2.0
// Keeps what is shown up to date: each event has read anew what it is about.
import {useQueryClient} from '@tanstack/react-query';
import type {QueryClient} from '@tanstack/react-query';
import {createContext, useContext, useEffect, useMemo, useState} from 'react';
import type {ReactNode} from 'react';
import {LiveEvents} from '../api/events';
import type {LiveEvent, LiveState} from '../api/events';
import {SESSION} from './session';

interface Live {
  state: LiveState;
  // Calls `listener` with each event, until the returned function is called.
  listen(listener: (event: LiveEvent) => void): () => void;
}

const LiveContext = createContext<Live>({state: 'connecting', listen: () => () => {}});
const TOGETHER_MS = 120; // an import changes many records at once

// The first word of the keys of what an event of this type is about; null: all of it.
function subjectsOf(event: LiveEvent): string[] | null {
  switch (event.type) {
    case 'call_began':
    case 'call_changed': return ['calls'];
    case 'call_ended': return ['calls', 'journal', 'explain'];
    case 'line': return ['lines'];
    case 'alarm': return ['alarms', 'status'];
    case 'check': return event.row ? ['checks'] : ['checks', 'status']; // it is over
    case 'device': return ['devices', 'explain'];
    case 'setting':
      return event.kind === 'user' || event.kind === 'line' ? null
        : ['explain', `${event.kind}s`, 'audit', 'status', 'abroad'];
    default: return null;
  }
}

// Collects what has to be read anew, and has it read a moment later.
class Renewal {
  private subjects = new Set<string>();
  private isAll = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: QueryClient) {}

  add(subjects: string[] | null) {
    if (subjects) subjects.forEach((subject) => this.subjects.add(subject));
    else this.isAll = true;
    this.timer ??= setTimeout(() => this.renew(), TOGETHER_MS);
  }

  stop() {
    clearTimeout(this.timer);
  }

  private renew() {
    const {subjects, isAll} = this;
    this.subjects = new Set();
    this.isAll = false;
    this.timer = undefined;
    void this.client.invalidateQueries({
      predicate: ({queryKey}) => queryKey[0] !== SESSION[0] &&
        (isAll || subjects.has(String(queryKey[0]))),
    });
  }
}

export function LiveProvider({children}: {children: ReactNode}) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  const [listeners] = useState(() => new Set<(event: LiveEvent) => void>());
  useEffect(() => {
    const renewal = new Renewal(client);
    const events = new LiveEvents({
      onState: setState,
      onEvent(event) {
        renewal.add(subjectsOf(event));
        listeners.forEach((listener) => listener(event));
      },
    });
    return () => {
      events.close();
      renewal.stop();
    };
  }, [client, listeners]);
  const live = useMemo<Live>(() => ({
    state,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  }), [state, listeners]);
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

export function useLive(): Live {
  return useContext(LiveContext);
}
