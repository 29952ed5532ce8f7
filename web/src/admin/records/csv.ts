// SPDX-License-Identifier: Apache-2.0
// Records as a table that a spreadsheet reads, and that the import takes. RFC 4180.
import type {Stored} from './fields';

// Columns of the table: their heads, and the fields that they show, or what is made of them.
export type Exported = Record<string, string | ((record: Stored) => unknown)>;

// A text as no spreadsheet takes it for a formula: what devices say of themselves is anybody's.
// A number with its sign is none.
export function inert(text: string): string {
  return /^[=@\t]|^[+-](?![\d ]*$)/.test(text) ? `'${text}` : text;
}

function cell(value: unknown): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvOf(columns: Exported, records: Stored[]): string {
  const row = (cells: unknown[]) => `${cells.map(cell).join(',')}\r\n`;
  const shows = Object.values(columns).map((column) =>
    (typeof column === 'string' ? (record: Stored) => record[column] : column));
  return row(Object.keys(columns)) +
    records.map((record) => row(shows.map((show) => show(record)))).join('');
}
