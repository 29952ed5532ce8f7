// SPDX-License-Identifier: Apache-2.0
// Keeps what is shown up to date: each event has read anew what it is about.
import {useQueryClient} from '@tanstack/react-query';
import {createContext, useContext, useEffect, useMemo, useState} from 'react';
import type {ReactNode} from 'react';
import {LiveEvents} from '../api/events';
import type {LiveEvent, LiveState} from '../api/events';
import {EVERYTHING, Renewal} from './renewal';
import {SESSION} from './session';

interface Live {
  state: LiveState;
  // Calls `listener` with each event, until the returned function is called.
  listen(listener: (event: LiveEvent) => void): () => void;
}

const LiveContext = createContext<Live>({state: 'connecting', listen: () => () => {}});

// The first word of the keys of what an event of this type is about.
function subjectsOf(event: LiveEvent): string[] {
  switch (event.type) {
    case 'call_began':
    case 'call_changed': return ['calls'];
    case 'call_ended': return ['calls', 'journal', 'explain'];
    case 'line': return ['lines'];
    case 'alarm': return ['alarms', 'status'];
    case 'check': return event.row ? ['checks'] : ['checks', 'status']; // it is over
    case 'device': return ['devices', 'explain'];
    case 'setting':
      return event.kind === 'user' || event.kind === 'line' ? [EVERYTHING]
        : ['explain', `${event.kind}s`, 'audit', 'status', 'abroad'];
    default: return [EVERYTHING];
  }
}

export function LiveProvider({children}: {children: ReactNode}) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  const [listeners] = useState(() => new Set<(event: LiveEvent) => void>());
  useEffect(() => {
    const renewal = new Renewal((subject) => client.invalidateQueries({
      predicate: ({queryKey}) => queryKey[0] !== SESSION[0] &&
        (subject === EVERYTHING || subject === queryKey[0]),
    }));
    const events = new LiveEvents({
      onState(now) {
        setState(now);
        // It may be the session that has ended, in another tab or by an administrator.
        if (now === 'lost') void client.invalidateQueries({queryKey: SESSION});
      },
      onEvent(event) {
        subjectsOf(event).forEach((subject) => renewal.add(subject));
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
