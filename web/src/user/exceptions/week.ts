// SPDX-License-Identifier: Apache-2.0
// A weekly schedule as the API writes it (docs/schedules.md), and as half hours of a week that can
// be drawn. Pure.
export const DAYS = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'] as const;
export const SLOTS = 48; // half hours of a day
const SLOT_MINUTES = 30;

// week[day][slot]: whether the schedule holds then.
export type Week = boolean[][];

export function emptyWeek(): Week {
  return DAYS.map(() => new Array<boolean>(SLOTS).fill(false));
}

function readDays(text: string): number[] | null {
  const found: number[] = [];
  for (const part of text.split(',')) {
    const [first, last = first] = part.split('-').map((day) => DAYS.indexOf(day as never));
    if (first < 0 || last < 0) return null;
    for (let day = first; ; day = (day + 1) % 7) {
      found.push(day);
      if (day === last) break;
    }
  }
  return found;
}

// The text with each name of a day in `from` replaced by that in `to`; case does not count.
function renameDays(text: string, from: readonly string[], to: readonly string[]): string {
  return text.replace(/[a-z]+/gi, (word) => to[from.indexOf(word.toLowerCase())] ?? word);
}

// A schedule as a reader of another language writes it: `names` are those of DAYS there.
export function sayWeek(text: string, names: readonly string[]): string {
  return renameDays(text, DAYS, names);
}

// And back. Who writes the API's names is understood, too.
export function readSaidWeek(text: string, names: readonly string[]): string {
  return renameDays(text, names, DAYS);
}

// The half hour that begins at a time of the day; null where none does.
function readSlot(clock: string): number | null {
  const match = /^(\d\d):(\d\d)$/.exec(clock);
  if (!match) return null;
  const minutes = Number(match[1]) * 60 + Number(match[2]);
  return minutes % SLOT_MINUTES === 0 && minutes <= 24 * 60 ? minutes / SLOT_MINUTES : null;
}

function fill(week: Week, day: number, from: number, to: number) {
  const end = to > from ? to : to + SLOTS; // until the following day
  for (let slot = from; slot < end; slot++) {
    week[(day + Math.floor(slot / SLOTS)) % 7][slot % SLOTS] = true;
  }
}

// Null where the schedule cannot be drawn in half hours.
export function readWeek(text: string): Week | null {
  const week = emptyWeek();
  for (const part of text.split(';').map((one) => one.trim()).filter(Boolean)) {
    const whole = /^\d/.test(part) ? `mo-su ${part}` : part; // times alone: every day
    const [dayText, timeText = '00:00-24:00', ...rest] = whole.split(/\s+/);
    const days = readDays(dayText.toLowerCase());
    if (!days || rest.length > 0) return null;
    for (const range of timeText.split(',')) {
      const [from, to] = range.split('-').map(readSlot);
      if (from == null || to == null || from === SLOTS) return null;
      days.forEach((day) => fill(week, day, from, to));
    }
  }
  return week;
}

function clockOf(slot: number): string {
  const minutes = slot * SLOT_MINUTES;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

// When the half hour `slot` begins, "08:30"; 48 is the end of the day.
export {clockOf};

function writeDay(slots: boolean[]): string {
  const ranges: string[] = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    if (!slots[slot]) continue;
    const from = slot;
    while (slot < SLOTS && slots[slot]) slot++;
    ranges.push(`${clockOf(from)}-${clockOf(slot)}`);
  }
  return ranges.join(',');
}

// Days that have the same times stand together.
export function writeWeek(week: Week): string {
  const texts = week.map(writeDay);
  const parts: string[] = [];
  for (let day = 0; day < 7; day++) {
    if (!texts[day] || texts.indexOf(texts[day]) < day) continue;
    const names: string[] = [];
    for (let at = day; at < 7; at++) {
      if (texts[at] !== texts[day]) continue;
      const first = at;
      while (at + 1 < 7 && texts[at + 1] === texts[day]) at++;
      names.push(at > first ? `${DAYS[first]}-${DAYS[at]}` : DAYS[first]);
    }
    const isWhole = texts[day] === '00:00-24:00';
    parts.push(isWhole ? names.join(',') : `${names.join(',')} ${texts[day]}`);
  }
  return parts.join('; ');
}

export interface Place {
  day: number;
  slot: number;
}

// The week with all half hours between two places, as a rectangle, set to `value`.
export function paint(week: Week, a: Place, b: Place, value: boolean): Week {
  const inside = (at: number, from: number, to: number) =>
    at >= Math.min(from, to) && at <= Math.max(from, to);
  return week.map((slots, day) => slots.map((was, slot) =>
    (inside(day, a.day, b.day) && inside(slot, a.slot, b.slot) ? value : was)));
}
