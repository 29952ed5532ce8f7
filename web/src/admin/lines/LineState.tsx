// SPDX-License-Identifier: Apache-2.0
// How a line stands with its PBX, what the PBX said, and what its desk phone is doing.
import {useTranslation} from 'react-i18next';
import type {Stored} from '../records/fields';

export function LineState({line}: {line: Stored}) {
  const {t} = useTranslation('admin');
  const registration = line.registration as
    {state: string; status?: number; reason?: string} | undefined;
  const desk = line.desk_phone as {calls: number} | undefined;
  if (!registration) return null;
  const {state, status, reason} = registration;
  const said = state === 'registered' ? '' : [status, reason].filter(Boolean).join(' ');
  return (
    <>
      <span className="la-state" data-state={state}>{t(`states.${state}`)}</span>
      {said && <span className="la-reason">{said}</span>}
      {desk && desk.calls > 0 &&
        <span className="la-reason">{t('deskPhoneCalls', {count: desk.calls})}</span>}
    </>
  );
}
