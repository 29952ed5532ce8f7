// SPDX-License-Identifier: Apache-2.0
// Records as a table that a spreadsheet reads, and that the import takes. RFC 4180.
import type {Stored} from './fields';

// Columns of the table: their heads, and the fields that they show.
export type Exported = Record<string, string>;

function cell(value: unknown): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvOf(columns: Exported, records: Stored[]): string {
  const row = (cells: unknown[]) => `${cells.map(cell).join(',')}\r\n`;
  const fields = Object.values(columns);
  return row(Object.keys(columns)) +
    records.map((record) => row(fields.map((field) => record[field]))).join('');
}
