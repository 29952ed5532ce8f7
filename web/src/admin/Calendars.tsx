// SPDX-License-Identifier: Apache-2.0
// Calendars of holidays, which administrative forwardings refer to.
import {CALENDAR} from './kinds';
import {RecordPage} from './RecordPage';

export default function Calendars() {
  return (
    <RecordPage kind={CALENDAR} isSearched={false} columns={[
      {name: 'name', show: (calendar) => String(calendar.name)},
      {name: 'days', show: (calendar) => String(calendar.days)}]}/>
  );
}
