// SPDX-License-Identifier: Apache-2.0
// English and German say the same things, with the same values in them; every key that the sources
// name is there.
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';

const LOCALES = new URL('../../locales/', import.meta.url).pathname;
const SOURCES = new URL('../', import.meta.url).pathname;

function flatten(tree: object, before = ''): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') texts.set(before + key, value);
    else flatten(value, `${before}${key}.`).forEach((text, name) => texts.set(name, text));
  }
  return texts;
}

function read(language: string, namespace: string) {
  return flatten(JSON.parse(readFileSync(join(LOCALES, language, namespace), 'utf8')));
}

// Reasons are the server's English sentences, so English has only those with something in them.
const namespaces = readdirSync(join(LOCALES, 'en')).filter((name) => name !== 'reasons.json');

const values = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

test.each(namespaces)('%s is complete in both languages', (namespace) => {
  const english = read('en', namespace);
  const german = read('de', namespace);
  expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [key, text] of english) {
    expect(values(german.get(key)!), key).toEqual(values(text));
    expect(text.trim() + german.get(key)!.trim(), key).not.toBe('');
  }
});

function listSources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return listSources(path);
    return /\.tsx?$/.test(name) && !name.includes('.test.') ? [path] : [];
  });
}

test('every key in the sources has a text', () => {
  const known = new Set<string>();
  for (const namespace of namespaces) {
    for (const key of read('en', namespace).keys()) {
      known.add(key).add(key.replace(/_(one|other)$/, ''));
    }
  }
  const missing = listSources(SOURCES).flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/\bt\('(?:\w+:)?([\w.]+)'/g)]
      .map(([, key]) => key).filter((key) => !known.has(key)).map((key) => `${path}: ${key}`));
  expect(missing).toEqual([]);
});
