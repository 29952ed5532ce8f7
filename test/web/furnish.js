// SPDX-License-Identifier: Apache-2.0
// A user with something of everything, so that no page is empty.

export async function furnish({stage}) {
  const line = 'groups/trial/lines/102';
  await stage.api('PATCH', 'users/sales', {display_name: 'Anna Sommer'});
  for (const [user, name] of [['reception', 'Reception'], ['support', 'Ben Winter'],
    ['workshop', 'Workshop']]) {
    await stage.api('PATCH', `users/${user}`, {display_name: name});
  }
  await stage.api('PUT', `${line}/forwardings`, {items: [
    {condition: 'immediate', origin: 'external', target: 'mobile',
      until: new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z/, 'Z')},
    {condition: 'busy', origin: 'all', target: '103'},
    {condition: 'busy', origin: 'internal', target: '101', enabled: false},
    {condition: 'no_answer', origin: 'all', target: 'mailbox', delay: 20},
  ]});
  await stage.api('POST', `${line}/exceptions`,
    {caller: '+4989112233', ring: true, schedule: 'mo-fr 08:00-12:00,13:00-17:00; sa 09:00-13:00'});
  await stage.api('POST', `${line}/exceptions`,
    {caller: 'anonymous', condition: 'busy', target: 'mailbox', calls: 3});
  await stage.api('POST', 'groups/trial/admin_forwardings',
    {name: 'night', condition: 'dnd', target: '101', mandatory: true});
  await stage.api('POST', 'users/sales/profiles', {name: 'In a meeting', presence: 'meeting',
    minutes: 60, forwardings: 'immediate/all=mailbox'});
  await stage.api('POST', 'users/sales/devices', {name: 'desk'});
  await stage.call('105', '102');
  await stage.call('+4930555123', '+49891234102');
}
