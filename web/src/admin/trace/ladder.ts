// SPDX-License-Identifier: Apache-2.0
// What a ladder diagram shows of a SIP message: its first line in short, and its call.
// RFC 3261 section 7.

export interface Message {
  number: number;
  time: string;
  direction: 'received' | 'sent';
  with: 'device' | 'pbx';
  transport: string;
  peer: string;
  text: string;
}

export interface Step {
  label: string; // "INVITE 102", "302 Moved Temporarily"
  call: string; // its Call-ID
  isFailure: boolean;
}

function header(text: string, names: string[]): string {
  for (const line of text.split(/\r?\n/).slice(1)) {
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon > 0 && names.includes(line.slice(0, colon).trim().toLowerCase())) {
      return line.slice(colon + 1).trim();
    }
  }
  return '';
}

export function stepOf(text: string): Step {
  const first = text.split(/\r?\n/, 1)[0];
  const call = header(text, ['call-id', 'i']);
  const answer = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(first);
  if (answer) {
    const method = header(text, ['cseq']).split(/\s+/)[1] ?? '';
    return {label: `${answer[1]} ${answer[2]} (${method})`, call, isFailure: answer[1] >= '400'};
  }
  const [method, uri = ''] = first.split(' ');
  const user = /^sips?:([^@;]+)@/.exec(uri)?.[1] ?? '';
  return {label: `${method} ${user}`.trim(), call, isFailure: method === 'CANCEL'};
}
