// SPDX-License-Identifier: Apache-2.0
// What the fields of the records are like, so that one form shows and saves them all.

export type Value = string | number | boolean;
export type Stored = Record<string, unknown>; // a record as the server has it

export interface Field {
  name: string;
  type: 'text' | 'area' | 'password' | 'number' | 'switch' | 'choice' | 'time';
  options?: readonly string[]; // of a choice; each has a name of its own in the language
  initial?: Value;
  isKey?: boolean; // given once, when the record is added
  isRequired?: boolean;
  suggests?: 'users' | 'groups' | 'calendars'; // names that are there already
}

interface Section {
  name: string;
  fields: Field[];
}

// One kind of records: where they are, and what they consist of.
export interface Kind {
  name: string; // in the languages: "group"
  list: string; // the operation's path: "/groups"
  item: string; // "/groups/{name}"
  parts: (record: Stored) => Record<string, string>; // of the item's path
  sections: Section[];
}

export function fieldsOf(kind: Kind): Field[] {
  return kind.sections.flatMap((section) => section.fields);
}

export function initialOf(field: Field): Value {
  if (field.initial !== undefined) return field.initial;
  if (field.type === 'switch') return false;
  if (field.type === 'number') return 0;
  return field.options?.[0] ?? '';
}

// What a form begins with.
export function valuesOf(kind: Kind, record: Stored | null): Record<string, Value> {
  return Object.fromEntries(fieldsOf(kind).map((field) =>
    [field.name, (record?.[field.name] as Value | undefined) ?? initialOf(field)]));
}

// What is sent: of a record that is there only what differs; secrets only where one is given.
export function changesOf(kind: Kind, before: Stored | null,
  values: Record<string, Value>): Stored {
  const known = valuesOf(kind, before);
  const changes: Stored = {};
  for (const field of fieldsOf(kind)) {
    const value = typed(field, values[field.name]);
    if (field.type === 'password' ? value === '' : before && value === known[field.name]) continue;
    if (before && field.isKey) continue;
    changes[field.name] = value;
  }
  return changes;
}

// A value as the server takes it.
export function typed(field: Field, value: Value): Value {
  if (field.type !== 'number') return value;
  const text = String(value).trim();
  return /^\d+$/.test(text) ? Number(text) : text; // the server says what is wrong with it
}

// The fields in which two records differ.
export function differing(kind: Kind, a: Stored, b: Stored): string[] {
  return fieldsOf(kind).map((field) => field.name).filter((name) => a[name] !== b[name]);
}
