// SPDX-License-Identifier: Apache-2.0
// A table of lines as a spreadsheet reads it, and as the import takes it. RFC 4180.
import type {Stored} from '../records/fields';

export const COLUMNS = ['group', 'extension', 'display_name', 'user', 'enabled', 'auth_user',
  'second_call', 'max_calls', 'other_contacts', 'number_withheld'];

function cell(value: unknown): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvOf(lines: Stored[]): string {
  const rows = lines.map((line) => COLUMNS.map((column) => cell(line[column])).join(','));
  return [COLUMNS.join(','), ...rows].join('\r\n') + '\r\n';
}
