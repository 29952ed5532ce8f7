// SPDX-License-Identifier: Apache-2.0
// Every text with which the server can refuse something is there in German: the texts are read from
// the server's sources, so a new one without a translation fails here.
import {readdirSync, readFileSync} from 'node:fs';
import {expect, test} from 'vitest';

globalThis.document ??= {baseURI: 'http://x/'} as Document;
const {translateReason} = await import('./reasons');

const at = (path: string) => new URL(`../../../${path}`, import.meta.url).pathname;
const german = JSON.parse(readFileSync(at('web/locales/de/reasons.json'), 'utf8'));

// The sources that refuse what is asked by the API. Left out are those whose texts are for other
// ears: metrics and readiness are read by programs, order.c speaks to feature codes' displays;
// titles and routes are no reasons.
const FOLDERS = ['api', 'calendar', 'phone', 'settings'];
const OTHERS = ['model/field.c', 'store/memory.c', 'store/sqlite_records.c'];
const LEFT_OUT = ['api/http_reply.c', 'api/metrics.c', 'api/ready.c', 'api/routes.c',
  'settings/order.c'];

// Texts with a space that no person is refused with: headers, frames, assertions, names of groups.
const NO_REFUSAL = new RegExp([
  '^(private|public|default-src|connect-src|form-action|event:|token \\{1\\}$)',
  '^\\{1\\}[: \\w]*\\{2\\}', // made of parts that stand elsewhere, or of damaged files
  '^(each has a|a hash fits|a (line|group)\'s block must hold)',
  '^(as many calls (are|were) forwarded|so viele Anrufe )', // of alarms, which the server
  '^(a redirected call did|ein umgeleiteter Anruf kam) ', // says in both languages
  '^(cannot find |no connection to the PBX: |cannot listen on )', // beginnings of the engine's own
].join('|'));

function listSources(): string[] {
  const listed = FOLDERS.flatMap((folder) =>
    readdirSync(at(`src/${folder}`)).map((name) => `${folder}/${name}`));
  return [...listed, ...OTHERS].filter((path) => path.endsWith('.c') && !LEFT_OUT.includes(path));
}

// A format of printf as keys have it: {1}, {2} ... for what varies.
function keyOf(format: string): string {
  let count = 0;
  return format.replaceAll('\\"', '"')
    .replace(/%[.*\d]*(?:ll|l|z)?[sudc]/g, () => `{${++count}}`);
}

const LITERAL = /"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*/g;

function readTexts(path: string): string[] {
  const source = readFileSync(at(`src/${path}`), 'utf8')
    .replace(/("(?:[^"\\\n]|\\.)*")|\/\/[^\n]*/g, (_, literal?: string) => literal ?? '');
  const isHelp = path === 'model/field.c'; // the fields' descriptions are there, too
  return [...source.matchAll(LITERAL)]
    .map(([found]) => keyOf(found.replace(/"\s*"/g, '').slice(1, -1)))
    .filter((text) => (isHelp ? /^(must|is|has|contains) /
      : /^(?:[a-zA-Z]|\{1\})[^ ]* .*[a-z]/).test(text))
    .filter((text) => !/^[A-Z]{2,} /.test(text) && !/\\[rn]/.test(text)); // SQL, HTTP
}

const isSaid = (text: string) => text in german ||
  (text === 'must be one of' && 'must be one of {1}' in german);

test('every refusal of the server has a German text', () => {
  const missing = listSources().flatMap((path) => readTexts(path)
    .filter((text) => !NO_REFUSAL.test(text) && !isSaid(text)).map((text) => `${path}: ${text}`));
  expect(missing).toEqual([]);
});

test('what varies is kept, and known words in it are translated', () => {
  const say = (reason: string) => translateReason(german, reason);
  expect(say('must be a number from 5 to 120')).toBe('muss eine Zahl von 5 bis 120 sein');
  expect(say('leads back to this line: trial/102 -> trial/103'))
    .toBe('So käme jeder Anruf auf diesen Anschluss zurück: trial/102 → trial/103');
  expect(say('must be one of on, off')).toBe('muss eines hiervon sein: on, off');
  expect(say('profile meeting does not exist')).toBe('Profil meeting gibt es nicht');
  expect(say('is missing; is too long')).toBe('fehlt; ist zu lang');
  expect(say('busy/all: is the line itself')).toBe('busy/all: ist dieser Anschluss selbst');
  expect(say('something quite new')).toBe('something quite new');
});

test('each translation has all that varies', () => {
  for (const [key, text] of Object.entries<string>(german)) {
    const places = new Set(text.match(/\{\d\}/g));
    // An English plural's s, as in record{2}, is no value.
    const wanted = key.match(/(?<![a-z])\{\d\}/g) ?? [];
    expect(wanted.filter((place) => !places.has(place)), key).toEqual([]);
  }
});
