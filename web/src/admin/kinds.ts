// SPDX-License-Identifier: Apache-2.0
// The records that an administrator keeps, as forms and tables show them.
import type {Kind, Stored} from './records/fields';

const DECLINES = ['486', '480', '603', 'ringing'];
const CONDITIONS = ['immediate', 'dnd', 'logged_off', 'unreachable', 'busy', 'no_answer'];
const ORIGINS = ['all', 'internal', 'external'];

function text(record: Stored, name: string): string {
  return String(record[name] ?? '');
}

export const GROUP: Kind = {
  name: 'group', list: '/groups', item: '/groups/{name}',
  parts: (record) => ({name: text(record, 'name')}),
  sections: [
    {name: 'pbx', fields: [
      {name: 'name', type: 'text', isKey: true, isRequired: true},
      {name: 'server', type: 'text', isRequired: true},
      {name: 'domain', type: 'text', isRequired: true},
      {name: 'transport', type: 'choice', options: ['udp', 'tcp', 'tls', 'auto']},
      {name: 'tls_verify', type: 'switch', initial: true},
      {name: 'tls_ca_file', type: 'text'},
      {name: 'realm', type: 'text'},
      {name: 'enabled', type: 'switch', initial: true}]},
    {name: 'numbering', fields: [
      {name: 'country_code', type: 'text'},
      {name: 'area_code', type: 'text'},
      {name: 'main_number', type: 'text'},
      {name: 'internal_ranges', type: 'text'},
      {name: 'outside_prefix', type: 'text'},
      {name: 'national_prefix', type: 'text', initial: '0'},
      {name: 'international_prefix', type: 'text', initial: '00'},
      {name: 'callers_as_dialled', type: 'switch'},
      {name: 'time_zone', type: 'text'}]},
    {name: 'barring', fields: [
      {name: 'bar_premium', type: 'switch', initial: true},
      {name: 'bar_foreign', type: 'switch', initial: true},
      {name: 'barred_prefixes', type: 'text'},
      {name: 'max_forwarded_calls', type: 'number', initial: 5},
      {name: 'max_forwarded_per_hour', type: 'number', initial: 60},
      {name: 'max_diversions', type: 'number', initial: 5}]},
    {name: 'calls', fields: [
      {name: 'diversion', type: 'choice', options: ['diversion', 'history-info', 'both', 'none']},
      {name: 'forward_by', type: 'choice', options: ['auto', 'redirect', 'bridge']},
      {name: 'bridge_caller_id', type: 'choice', options: ['caller_in_pai', 'line', 'caller']},
      {name: 'decline_unavailable', type: 'choice', options: DECLINES},
      {name: 'decline_rejected', type: 'choice',
        options: ['486', '480', '603', 'as_client', 'ringing']},
      {name: 'pbx_ring_timeout', type: 'number', initial: 30},
      {name: 'other_contacts_grace', type: 'number', initial: 15},
      {name: 'desk_phone_state', type: 'choice', options: ['auto', 'on', 'off']},
      {name: 'group_call', type: 'text'},
      {name: 'feature_codes', type: 'text',
        initial: 'immediate=21, dnd=26, logged_off=70, busy=67, no_answer=61'},
      {name: 'feature_tones', type: 'switch', initial: true}]},
    {name: 'operation', fields: [
      {name: 'register_interval_s', type: 'number', initial: 300},
      {name: 'register_rate', type: 'number', initial: 100},
      {name: 'allowed_sources', type: 'text'},
      {name: 'journal_days', type: 'number', initial: 90},
      {name: 'hep_server', type: 'text'}]},
  ],
};

export const LINE: Kind = {
  name: 'line', list: '/groups/{group}/lines', item: '/groups/{group}/lines/{extension}',
  parts: (record) => ({group: text(record, 'group'), extension: text(record, 'extension')}),
  sections: [
    {name: 'line', fields: [
      {name: 'extension', type: 'text', isKey: true, isRequired: true},
      {name: 'display_name', type: 'text'},
      {name: 'user', type: 'text', suggests: 'users'},
      {name: 'enabled', type: 'switch', initial: true}]},
    {name: 'access', fields: [
      {name: 'auth_user', type: 'text'},
      {name: 'password', type: 'password'}]},
    {name: 'calls', fields: [
      {name: 'second_call', type: 'choice', options: ['auto', 'ring', 'busy']},
      {name: 'max_calls', type: 'number', initial: 2},
      {name: 'other_contacts', type: 'switch'},
      {name: 'number_withheld', type: 'switch'}]},
  ],
};

export const USER: Kind = {
  name: 'user', list: '/users', item: '/users/{name}',
  parts: (record) => ({name: text(record, 'name')}),
  sections: [
    {name: 'person', fields: [
      {name: 'name', type: 'text', isKey: true, isRequired: true},
      {name: 'display_name', type: 'text'},
      {name: 'role', type: 'choice', options: ['user', 'administrator']},
      {name: 'password', type: 'password'}]},
    {name: 'numbers', fields: [
      {name: 'business', type: 'text'},
      {name: 'mobile', type: 'text'},
      {name: 'home', type: 'text'},
      {name: 'mailbox', type: 'text'}]},
    {name: 'state', fields: [
      {name: 'dnd', type: 'switch'},
      {name: 'login', type: 'choice', options: ['auto', 'on', 'off']},
      {name: 'presence', type: 'text'},
      {name: 'time_zone', type: 'text'}]},
  ],
};

export const ADMIN_FORWARDING: Kind = {
  name: 'admin_forwarding', list: '/groups/{group}/admin_forwardings',
  item: '/groups/{group}/admin_forwardings/{name}',
  parts: (record) => ({group: text(record, 'group'), name: text(record, 'name')}),
  sections: [
    {name: 'what', fields: [
      {name: 'name', type: 'text', isKey: true, isRequired: true},
      {name: 'target', type: 'text', isRequired: true},
      {name: 'condition', type: 'choice', options: CONDITIONS},
      {name: 'origin', type: 'choice', options: ORIGINS},
      {name: 'delay', type: 'number'},
      {name: 'enabled', type: 'switch', initial: true}]},
    {name: 'when', fields: [
      {name: 'schedule', type: 'text'},
      {name: 'calendar', type: 'text', suggests: 'calendars'},
      {name: 'holidays', type: 'choice', options: ['as_schedule', 'always', 'never']},
      {name: 'until', type: 'time'}]},
    {name: 'order', fields: [
      {name: 'mandatory', type: 'switch'},
      {name: 'position', type: 'number', initial: 1}]},
  ],
};

export const CALENDAR: Kind = {
  name: 'calendar', list: '/calendars', item: '/calendars/{name}',
  parts: (record) => ({name: text(record, 'name')}),
  sections: [
    {name: 'calendar', fields: [
      {name: 'name', type: 'text', isKey: true, isRequired: true},
      {name: 'days', type: 'area'}]},
  ],
};
