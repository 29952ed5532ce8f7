// SPDX-License-Identifier: Apache-2.0
// Why the server refuses a field, in the user's language. The server says it in English; what has
// no translation is shown as it is.
import {useTranslation} from 'react-i18next';

// Reasons that have something in them: what is kept, and the key of the rest.
const PATTERNS: [RegExp, string][] = [
  [/^leads back to this line: (.+)$/, 'leadsBack'],
  [/^calls can go in a circle: (.+?);.*$/, 'circle'],
];

export function useReason() {
  const {t, i18n} = useTranslation('reasons');
  return (reason: string | undefined): string | undefined => {
    if (!reason) return undefined;
    for (const [pattern, key] of PATTERNS) {
      const match = pattern.exec(reason);
      const path = match?.[1].replaceAll('->', '→');
      if (match && i18n.exists(key, {ns: 'reasons'})) return t(key, {path});
    }
    const text = t(reason, {keySeparator: false, nsSeparator: false, defaultValue: reason});
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
}
