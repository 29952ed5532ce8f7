// SPDX-License-Identifier: Apache-2.0
// Points in time as people say them, in their language and the browser's time zone.

const DAY_MS = 86_400_000;

function isSameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}

// How clocks are written: "09:05", but "9:05 AM".
export function clockOf(language: string): Intl.DateTimeFormatOptions {
  const has12 = new Intl.DateTimeFormat(language, {hour: 'numeric'}).resolvedOptions().hour12;
  return {hour: has12 ? 'numeric' : '2-digit', minute: '2-digit'};
}

// "17:00", "tomorrow 09:00", "Thu, Dec 24, 18:00": as much as is needed to be clear.
export function sayWhen(time: string | Date, language: string, now = new Date()): string {
  const at = new Date(time);
  const clock = new Intl.DateTimeFormat(language, clockOf(language)).format(at);
  if (isSameDay(at, now)) return clock;
  const days = new Intl.RelativeTimeFormat(language, {numeric: 'auto'});
  if (isSameDay(at, new Date(now.getTime() + DAY_MS))) return `${days.format(1, 'day')} ${clock}`;
  if (isSameDay(at, new Date(now.getTime() - DAY_MS))) return `${days.format(-1, 'day')} ${clock}`;
  const isThisYear = at.getFullYear() === now.getFullYear();
  return new Intl.DateTimeFormat(language, {
    weekday: 'short', day: 'numeric', month: 'short', year: isThisYear ? undefined : 'numeric',
    ...clockOf(language),
  }).format(at);
}

// "0:42", "12:05", "1:02:03": how long something lasts so far.
export function sayDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] > 0 ? parts : parts.slice(1);
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

// The value of <input type="datetime-local">, which knows no zone, for a point in time, and back.
export function toLocalInput(time: string): string {
  if (!time) return '';
  const at = new Date(time);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

export function fromLocalInput(text: string): string {
  return text ? new Date(text).toISOString().replace(/\.\d+Z$/, 'Z') : '';
}

// The end of today's working day and the like, to be picked instead of typed.
export function nextTimes(now = new Date()): {name: 'hour' | 'evening' | 'tomorrow' | 'monday';
  time: string}[] {
  const at = (days: number, hour: number) => {
    const day = new Date(now);
    day.setDate(day.getDate() + days);
    day.setHours(hour, 0, 0, 0);
    return day;
  };
  const hour = new Date(now.getTime() + 3_600_000);
  hour.setSeconds(0, 0);
  const times = [
    {name: 'hour' as const, at: hour},
    {name: 'evening' as const, at: at(0, 17)},
    {name: 'tomorrow' as const, at: at(1, 8)},
    {name: 'monday' as const, at: at((8 - now.getDay()) % 7 || 7, 8)},
  ];
  return times.filter((time) => time.at > now)
    .map(({name, at: time}) => ({name, time: time.toISOString().replace(/\.\d+Z$/, 'Z')}));
}
