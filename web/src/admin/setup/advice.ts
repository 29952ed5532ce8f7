// SPDX-License-Identifier: Apache-2.0
// What the outcome of a registration tells about the settings: which sentence explains it.

export interface Registration {
  state: string;
  status?: number;
  reason?: string;
}

// The key of the sentence, below setup.advice.
export function adviceOf({state, status}: Registration): string {
  if (state === 'registered') return 'registered';
  if (state === 'disabled') return 'disabled';
  if (state === 'unreachable') return 'unreachable';
  if (state !== 'refused') return 'waiting';
  switch (status) {
    case 401: case 407: case 403: return 'password';
    case 404: case 604: return 'unknown';
    case 423: return 'interval';
    case 503: return 'overloaded';
    default: return 'refused';
  }
}
