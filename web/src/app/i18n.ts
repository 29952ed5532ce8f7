// SPDX-License-Identifier: Apache-2.0
// The languages: each is a folder of locales/. What a language lacks is said in English.
import i18next from 'i18next';
import {initReactI18next} from 'react-i18next';
import {again} from '../shared/again';

const files = import.meta.glob<Record<string, unknown>>('../../locales/*/*.json',
  {import: 'default'});
const COMPLETE = ['en', 'de']; // these need no other language beside them
const STORED = 'lineward-language';

export const languages = [...new Set(Object.keys(files).map((path) => path.split('/').at(-2)!))]
  .sort();

// A language as those call it who speak it.
export function languageName(language: string): string {
  const name = new Intl.DisplayNames([language], {type: 'language'}).of(language) ?? language;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

function preferred(): string {
  const wanted = [localStorage.getItem(STORED) ?? '', ...navigator.languages];
  return wanted.map((code) => code.split('-')[0]).find((code) => languages.includes(code)) ?? 'en';
}

const locales = {
  type: 'backend' as const,
  init() {},
  read(language: string, namespace: string,
    done: (error: unknown, data: Record<string, unknown> | null) => void) {
    const load = files[`../../locales/${language}/${namespace}.json`];
    if (!load) return done(new Error(`no ${namespace} in ${language}`), null);
    again(load).then((data) => done(null, data), (error) => done(error, null));
  },
};

function showLanguage() {
  document.documentElement.lang = i18next.language;
}

// Fails where not even these words can be had: keys instead of words are no page.
export async function startLanguages() {
  await i18next.use(locales).use(initReactI18next).init({
    lng: preferred(),
    supportedLngs: languages,
    fallbackLng: (code) => (COMPLETE.includes(code) ? [] : ['en']),
    ns: ['common', 'user'], // what else there is, is read when it is asked for
    defaultNS: 'common',
    interpolation: {escapeValue: false}, // React escapes
    returnNull: false,
  });
  const language = i18next.resolvedLanguage ?? i18next.language;
  if (!i18next.hasResourceBundle(language, 'common')) throw new Error(`no words in ${language}`);
  i18next.on('languageChanged', showLanguage);
  showLanguage();
}

export async function chooseLanguage(language: string) {
  localStorage.setItem(STORED, language);
  await i18next.changeLanguage(language);
}
