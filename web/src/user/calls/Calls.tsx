// SPDX-License-Identifier: Apache-2.0
// The user's calls of this moment, on every page: those that ring first.
import {useEffect} from 'react';
import {useTranslation} from 'react-i18next';
import {isWaiting, useCalls} from './data';
import {OngoingCall} from './OngoingCall';
import {RingingCall} from './RingingCall';

export function Calls() {
  const {t} = useTranslation('user');
  const calls = useCalls();
  const waiting = calls.filter(({call}) => isWaiting(call));
  const ongoing = calls.filter(({call}) => !isWaiting(call));
  useEffect(() => {
    document.documentElement.toggleAttribute('data-ringing', waiting.length > 0);
  }, [waiting.length]);
  if (calls.length === 0) return null;
  return (
    <div className="lw-calls" aria-label={t('calls.name')} role="region">
      {waiting.map((one) => <RingingCall key={one.call.id} {...one}/>)}
      {ongoing.map((one) => <OngoingCall key={one.call.id} {...one}/>)}
    </div>
  );
}
