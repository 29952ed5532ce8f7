// SPDX-License-Identifier: Apache-2.0
// What happens, told by the server over a WebSocket that comes back by itself. Nothing is polled.
import {addressOf} from './client';
import type {Schemas} from './client';

export type LiveEvent = Schemas['Event'];
export type LiveState = 'connecting' | 'live' | 'lost';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
// The server pings every 10 s; a connection that is still being made after this is none.
const OPEN_WITHIN_MS = 10_000;

// How long to wait before attempt number `attempt` (from 0): twice as long each time, half of it by
// chance, so that not all clients come back at once.
export function waitMs(attempt: number, random = Math.random()): number {
  const whole = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return whole / 2 + (whole / 2) * random;
}

interface LiveHandlers {
  onEvent(event: LiveEvent): void;
  onState(state: LiveState): void;
}

export class LiveEvents {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private lastId = '';
  private isClosed = false;

  constructor(private readonly handlers: LiveHandlers) {
    window.addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    this.connect();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    window.removeEventListener('online', this.hurry);
    document.removeEventListener('visibilitychange', this.hurry);
    this.socket?.close();
  }

  // Tries again at once: the network is back, or somebody looks at the page.
  private readonly hurry = () => {
    if (this.socket || this.isClosed || document.visibilityState === 'hidden') return;
    clearTimeout(this.timer);
    this.connect();
  };

  private connect() {
    const address = addressOf('/events', {query: {last_event_id: this.lastId}});
    const socket = new WebSocket(address.replace(/^http/, 'ws'));
    this.socket = socket;
    this.timer = setTimeout(() => socket.close(), OPEN_WITHIN_MS);
    socket.onopen = () => {
      clearTimeout(this.timer);
      this.attempt = 0;
      this.handlers.onState('live');
    };
    socket.onmessage = (message) => this.take(String(message.data));
    socket.onclose = () => this.comeBack(socket);
  }

  private take(text: string) {
    const event = JSON.parse(text) as LiveEvent;
    if (event.id) this.lastId = event.id;
    this.handlers.onEvent(event);
  }

  private comeBack(socket: WebSocket) {
    if (this.socket !== socket || this.isClosed) return;
    clearTimeout(this.timer);
    this.socket = null;
    this.handlers.onState('lost');
    this.timer = setTimeout(() => this.connect(), waitMs(this.attempt++));
  }
}
