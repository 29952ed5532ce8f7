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

// Nor has English what the server's sentences on checks are in other languages.
const isServers = (key: string) => /^(seen|advice)(Of)?\./.test(key);

const values = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

test.each(namespaces)('%s is complete in both languages', (namespace) => {
  const english = read('en', namespace);
  const german = read('de', namespace);
  expect([...german.keys()].filter((key) => !isServers(key)).sort())
    .toEqual([...english.keys()].sort());
  for (const [key, text] of english) {
    expect(values(german.get(key)!), key).toEqual(values(text));
    expect(text.trim() + german.get(key)!.trim(), key).not.toBe('');
  }
});

test('German has a sentence for every finding of a check', () => {
  const document = readFileSync(new URL('../../../docs/openapi.yaml', import.meta.url), 'utf8');
  const findings = /enum: \[(nothing, registered, [^\]]+)\]/.exec(document)![1].split(', ');
  const german = read('de', 'checks.json');
  expect(findings.length).toBeGreaterThan(30);
  expect(findings.filter((finding) => !german.has(`seen.${finding}`))).toEqual([]);
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

// Keys that end in a value of the API: each value that it may have has a text.
const OPENAPI = readFileSync(new URL('../../../docs/openapi.yaml', import.meta.url), 'utf8');
const CALL_STATE = /state:\n\s+enum: \[(held[^\]]*)\]/;

test.each([
  ['outcome', /outcome: \{enum: \[([^\]]*)\]/],
  ['calls.state', CALL_STATE],
  ['legs.kind', /JournalLeg:[^]*?kind:\s+enum: \[([^\]]*)\]/],
  ['calls.direction', /direction: \{enum: \[([^\]]*)\]/],
])('%s has a text for each value', (prefix, pattern) => {
  const allowed = pattern.exec(OPENAPI)![1].split(', ').map((value) => `${prefix}.${value}`);
  const known = read('en', 'user.json');
  expect(allowed.filter((key) => !known.has(key))).toEqual([]);
});

// One word for one thing (docs/web.md, "German"): a forwarding is an Umleitung; weiterleiten is
// what is done by hand with a call that rings.
const BY_HAND = /^(calls\.(elsewhere|forward)|legs\.kind\.deflection)$/;
const AVOIDED = /weiterleitung|rufumleitung|anrufschutz|präsenz/i;
const ONLY_BY_HAND = /weiter(zu|ge)?leite/i;

test.each(readdirSync(join(LOCALES, 'de')))('de/%s has one word for one thing', (name) => {
  const texts = [...read('de', name)];
  const others = texts.filter(([key]) => !BY_HAND.test(key));
  expect(texts.filter(([, text]) => AVOIDED.test(text))).toEqual([]);
  expect(others.filter(([, text]) => ONLY_BY_HAND.test(text))).toEqual([]);
});

test('the server says them by the same words', () => {
  const server = new URL('../../../src/', import.meta.url).pathname;
  for (const name of ['fwd/words_german.c', 'api/alarms.c']) {
    const source = readFileSync(join(server, name), 'utf8');
    expect(source.length, name).toBeGreaterThan(1000);
    expect(AVOIDED.exec(source), name).toBeNull();
  }
});
