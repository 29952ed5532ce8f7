// SPDX-License-Identifier: Apache-2.0
// The administrator's pages, against the real daemon with the trial's lines and real calls.
import {readFileSync} from 'node:fs';
import {PHONE, WIDE, check, run} from './stage.js';

const PAGES = ['dashboard', 'groups', 'lines', 'users', 'devices', 'forwardings',
  'calendars', 'tokens', 'audit'];
const ALL_PAGES = [...PAGES.map((name) => [name, `/admin/${name}`]),
  ['messages', '/admin/trace/trial/103'], ['check', '/admin/groups/trial/checks'],
  ['setup', '/setup'], ['setup-table', '/setup?table']];
const SIZES = {'-narrow': {width: 360, height: 780}, '': WIDE,
  '-large': {width: 1920, height: 1080}};

const EVENT_MS = 20_000; // in less the dashboard does not ask by itself

async function open(trial, path, options = {}) {
  const page = await trial.signIn('sales', {reducedMotion: 'reduce', ...options, path});
  await page.locator('main h1').first().waitFor();
  await settled(page);
  return page;
}

// What was asked for is there.
async function settled(page) {
  await page.locator('[aria-busy=true]').first().waitFor({state: 'detached'});
}

// An alarm that is lifted by somebody else just before: that is told, and it is gone. Its line's
// changes are a link away.
async function somebodyIsFaster(trial, page) {
  await page.getByRole('button', {name: 'Lift: trial/104'}).click();
  await page.route('**/alarms/*/lift', async (route) => {
    const [alarm] = (await trial.stage.api('GET', 'alarms')).items;
    await trial.stage.api('POST', `alarms/${alarm.id}/lift`, {});
    await route.continue();
  });
  await page.getByRole('button', {name: 'Lift: forward calls again'}).click();
  await page.getByRole('alert').filter({hasText: 'no such alarm'}).waitFor();
  await page.getByText('to the line trial/104').waitFor({state: 'detached'});
  for (let i = 0; i < 2; i++) await trial.stage.call('106', '104'); // another one
  await page.getByRole('link', {name: 'Who changed its forwardings'}).click();
  await page.getByText('Forwarding trial/104/immediate/all').first().waitFor();
  check(await page.getByText('trial/103').count() === 0, 'changes of other lines');
}

// All lines that are found, of which the page shows 50.
async function changeAllFound(trial, page) {
  await page.getByLabel('Choose many/2011').check();
  await page.getByRole('button', {name: 'Choose all found'}).click();
  await page.getByRole('button', {name: 'Change 111 lines'}).waitFor();
  await trial.checkAccess(page, 'all that is found');
  await trial.picture(page, 'admin-found');
  await page.getByRole('button', {name: 'Choose none'}).click();
  await page.getByRole('button', {name: /^Change/}).waitFor({state: 'detached'});
  await page.getByLabel('Choose many/2011').check();
  await page.getByRole('button', {name: 'Choose all found'}).click();
  await page.getByRole('button', {name: 'Change 111 lines'}).click();
  await page.getByLabel('A further call').selectOption('ring');
  await page.getByRole('button', {name: 'Save'}).click();
  await page.getByText('111 lines changed').waitFor();
  const changed = await trial.stage.api('GET', 'groups/many/lines?q=Room&limit=1000');
  check(changed.items.filter((line) => line.second_call === 'ring')
    .every((line) => line.display_name.startsWith('Room 11')), 'others were changed');
  const last = await trial.stage.api('GET', 'groups/many/lines/3199');
  check(last.second_call === 'ring', last.second_call);
}

const tests = {
  // The trial's user sales may administrate here.
  async prepare(trial) {
    await trial.stage.api('PATCH', 'users/sales', {role: 'administrator'});
    await trial.stage.api('POST', 'calendars', {name: 'holidays', days: '12-24..12-26, 01-01'});
    await trial.stage.api('POST', 'groups/trial/admin_forwardings', {name: 'night', target: '105',
      schedule: 'mo-fr 18:00-08:00; sa,su', calendar: 'holidays', holidays: 'always',
      condition: 'logged_off'});
    await trial.stage.api('PUT', 'groups/trial/lines/102/forwardings/immediate/external',
      {target: 'mobile'});
    await trial.stage.api('PUT', 'groups/trial/lines/103/forwardings/immediate/all',
      {target: '105'});
    await trial.stage.do('device', {user: 'support', name: 'desk'});
    await trial.stage.api('POST', 'users/sales/devices', {name: 'softphone'});
    await trial.stage.call('105', '103');
    await trial.stage.call('106', '103');
    await trial.stage.call('106', '101');
  },

  // Nothing is cut off at any width, and axe finds nothing where pages differ: narrow, wide, dark.
  async 'every-page'(trial) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await open(trial, '/admin/dashboard', {colorScheme});
      for (const [name, path] of ALL_PAGES) {
        await page.goto(trial.stage.url + path);
        await page.locator('main h1').first().waitFor();
        await page.waitForLoadState('networkidle');
        await settled(page);
        for (const [size, viewport] of Object.entries(SIZES)) {
          const what = `${name}${size}-${colorScheme}`;
          await page.setViewportSize(viewport);
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          check(width <= viewport.width, `${what} is ${width} pixels wide`);
          const cut = await page.locator('.la-scroll:has(.la-records)').evaluateAll((tables) =>
            tables.filter((table) => table.scrollWidth > table.clientWidth).length);
          check(cut === 0, `a table of ${what} is cut off`);
          if (size === '' || what.endsWith('-narrow-light')) await trial.checkAccess(page, what);
          await trial.picture(page, `admin-${what}`);
        }
      }
    }
  },

  // Forwardings to the neighbour and back: the call is ended where it has been, and that is told.
  async 'warnings'(trial) {
    await trial.stage.api('PUT', 'groups/trial/lines/104/forwardings/no_answer/all',
      {target: '101', delay: 5});
    await trial.stage.api('PUT', 'groups/trial/lines/101/forwardings/immediate/all',
      {target: '104'});
    await trial.stage.api('PUT', 'groups/trial/lines/104/forwardings/logged_off/all',
      {target: '101'});
    await trial.stage.call('106', '101');
    const page = await open(trial, '/admin/dashboard');
    await page.getByText(/because (its|their) forwardings went in a circle/).waitFor();
    await trial.checkAccess(page, 'warnings');
    await trial.picture(page, 'admin-warnings');
    for (const slot of ['101/forwardings/immediate', '104/forwardings/logged_off',
      '104/forwardings/no_answer']) {
      await trial.stage.api('DELETE', `groups/trial/lines/${slot}/all`);
    }
  },

  // Before any call goes there: what is set to forward abroad, told when it is set, with the way to
  // all such lines. What the group bars does not count.
  async 'forwardings-abroad'(trial) {
    const {stage} = trial;
    const page = await open(trial, '/admin/dashboard');
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    await page.getByText('lines registered').waitFor();
    check(await page.getByText('abroad:').count() === 0, 'nothing is set yet');
    await stage.api('PATCH', 'groups/trial', {bar_foreign: false});
    await stage.api('PUT', 'groups/trial/lines/104/forwardings/busy/all', {target: '+43 1 53454'});
    await page.getByText('One line has a forwarding set to a number abroad:')
      .waitFor({timeout: EVENT_MS});
    await page.getByText('→ +43153454').waitFor();
    await stage.api('POST', 'groups/trial/lines/101/exceptions', {target: '+41 44 6681800'});
    await page.getByText('2 lines have forwardings set to numbers abroad:')
      .waitFor({timeout: EVENT_MS});
    await stage.api('POST', 'groups/trial/admin_forwardings',
      {name: 'vienna', condition: 'unreachable', target: '+43 1 53454'});
    await page.getByText('“vienna” of the group trial leads abroad').waitFor({timeout: EVENT_MS});
    await trial.checkAccess(page, 'forwardings abroad');
    await trial.picture(page, 'admin-abroad');
    await page.getByRole('link', {name: 'Show them all'}).click();
    await page.getByRole('row', {name: /trial\/101.*\+41446681800/}).waitFor();
    await page.getByRole('row', {name: /trial\/104.*\+43153454/}).waitFor();
    check(await page.getByRole('row').count() === 3, 'the head and two lines');
    await trial.checkAccess(page, 'lines that forward abroad');
    const german = await open(trial, '/admin/dashboard', {locale: 'de-DE'});
    await german.getByText('2 Leitungen haben Umleitungen ins Ausland:').waitFor();
    await page.getByLabel('State').selectOption('');
    await page.getByRole('row', {name: /trial\/102/}).waitFor();
    await stage.api('PATCH', 'groups/trial', {bar_foreign: true});
    await german.getByText('Leitungen haben Umleitungen ins Ausland')
      .waitFor({state: 'detached', timeout: EVENT_MS});
    for (const path of ['lines/104/forwardings/busy/all', 'lines/101/exceptions/1',
      'admin_forwardings/vienna']) await stage.api('DELETE', `groups/trial/${path}`);
  },

  // Calls beyond a low limit: told at once where the dashboard is open, and lifted there, after
  // which they are forwarded again.
  async 'an-alarm-is-lifted'(trial) {
    const {stage} = trial;
    await stage.api('PATCH', 'groups/trial', {max_forwarded_per_hour: 1});
    await stage.api('PATCH', 'users/workshop', {login: 'off'}); // what is not forwarded is declined
    await stage.api('PUT', 'groups/trial/lines/104/forwardings/immediate/all', {target: '105'});
    const page = await open(trial, '/admin/dashboard');
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    const calls = async (finals) => {
      for (const final of finals) {
        const call = await stage.call('106', '104');
        check((call.final === 200) === final, `${call.final} instead of being forwarded: ${final}`);
      }
    };
    await calls([true, false]);
    await page.getByText('One call to the line trial/104 was not forwarded')
      .waitFor({timeout: EVENT_MS});
    await calls([false]); // no event tells of further ones
    for (const [colorScheme, viewport, locale, suffix] of [['light', undefined, 'en-US', ''],
      ['dark', undefined, 'en-US', '-dark'], ['light', PHONE, 'de-DE', '-phone']]) {
      const looking = await open(trial, '/admin/dashboard',
        {colorScheme, locale, ...(viewport && {viewport})});
      await looking.getByText(locale === 'de-DE'
        ? '2 Anrufe an die Leitung trial/104 wurden nicht umgeleitet' : '2 calls to the line')
        .waitFor();
      await trial.checkAccess(looking, `an alarm${suffix}`);
      await trial.picture(looking, `admin-alarm${suffix}`);
    }
    const other = await open(trial, '/admin/dashboard');
    await other.getByText('2 calls to the line trial/104').waitFor();
    await other.locator('[data-live=live]').waitFor({state: 'attached'});
    await page.getByRole('button', {name: 'Lift: trial/104'}).focus();
    await page.keyboard.press('Enter');
    await trial.checkAccess(page, 'whether to lift it');
    check((await stage.api('GET', 'alarms')).items.length === 1, 'it is asked for first');
    await page.keyboard.press('Enter');
    await page.getByText('The alarm of trial/104 is lifted').waitFor();
    await page.getByText('to the line trial/104').waitFor({state: 'detached'});
    // An event tells whoever else looks.
    await other.getByText('to the line trial/104')
      .waitFor({state: 'detached', timeout: EVENT_MS});
    await calls([true, false]);
    await somebodyIsFaster(trial, page);
    await page.goto(`${stage.url}/admin/audit`);
    await page.getByLabel('Kind of setting').selectOption('alarm');
    await page.getByText('Alarm trial/104/forwarded_per_hour').first().waitFor();
    // It is no setting. What was found before stays until the search has its answer.
    await page.getByRole('button', {name: /Take back/}).first().waitFor({state: 'detached'});
    await stage.api('PATCH', 'groups/trial', {max_forwarded_per_hour: 60});
    await stage.api('PATCH', 'users/workshop', {login: 'auto'});
    await stage.api('DELETE', 'groups/trial/lines/104/forwardings/immediate/all');
  },

  async german(trial) {
    const page = await open(trial, '/admin/dashboard', {locale: 'de-DE'});
    for (const name of PAGES) {
      await page.goto(`${trial.stage.url}/admin/${name}`);
      await page.locator('main h1').first().waitFor();
      const text = await page.locator('main').innerText();
      check(!/\b[a-z_]+\.[a-z_]+\.[a-z_]+\b/.test(text.replaceAll(/[\w.]+\.trial/g, '')),
        `${name} shows a key: ${text.slice(0, 300)}`);
    }
    await page.getByRole('heading', {level: 1, name: 'Änderungen'}).waitFor();
  },

  async 'a-line-is-changed'(trial) {
    const page = await open(trial, '/admin/lines');
    await page.getByRole('searchbox').fill('103');
    await page.getByRole('row').nth(2).waitFor({state: 'detached'});
    await page.getByRole('button', {name: 'trial/103'}).click();
    const name = page.getByRole('dialog').getByLabel('Name', {exact: true});
    await name.fill('Support desk');
    await page.locator('[data-figures="103"]').getByText(
      'Forwarded: 2 (handed over to the telephone system: 2). Forwarded by: Always: 2').waitFor();
    await trial.checkAccess(page, 'the form of a line');
    await trial.picture(page, 'admin-line-form');
    await page.getByRole('button', {name: 'Save'}).click();
    await page.getByRole('cell', {name: 'Support desk'}).waitFor();
  },

  async 'a-wrong-value-is-told-at-its-field'(trial) {
    const page = await open(trial, '/admin/groups');
    await page.getByRole('button', {name: 'trial', exact: true}).click();
    await page.getByLabel('Internal numbers').fill('9-1');
    await page.getByRole('button', {name: 'Save'}).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    check(await page.getByLabel('Internal numbers').getAttribute('aria-invalid') === 'true',
      'the field is marked');
    await trial.picture(page, 'admin-group-form');
  },

  async 'two-change-the-same-group'(trial) {
    const page = await open(trial, '/admin/groups');
    await page.getByRole('button', {name: 'trial', exact: true}).click();
    await page.getByLabel('Area code').fill('40');
    await trial.stage.api('PATCH', 'groups/trial', {register_rate: 77});
    await page.getByRole('button', {name: 'Save'}).click();
    const alert = page.getByRole('alert').filter({hasText: 'Somebody else was faster'});
    await alert.getByText('Registrations per second').waitFor();
    await trial.checkAccess(page, 'a conflict');
    await trial.picture(page, 'admin-conflict');
    await alert.getByRole('button', {name: 'Save mine all the same'}).click();
    await page.getByRole('dialog').waitFor({state: 'detached'});
    const group = await trial.stage.api('GET', 'groups/trial');
    check(group.area_code === '40' && group.register_rate === 77, JSON.stringify(group));
    await trial.stage.api('PATCH', 'groups/trial', {area_code: '89'});
  },

  async 'a-change-is-taken-back'(trial) {
    await trial.stage.api('PATCH', 'users/support', {display_name: 'Wrong name'});
    const page = await open(trial, '/admin/audit');
    await page.getByRole('searchbox').fill('Wrong name');
    await settled(page);
    await page.getByText('"Wrong name"').waitFor();
    await page.getByRole('button', {name: /change of support/}).first().click();
    await page.getByText('Taken back', {exact: true}).waitFor();
    const user = await trial.stage.api('GET', 'users/support');
    check(user.display_name === '', user.display_name);
    // It cannot be taken back twice.
    await page.getByRole('article').filter({hasText: '"Wrong name" → ""'}).waitFor();
    await page.getByRole('article').filter({hasText: '→ "Wrong name"'})
      .getByRole('button', {name: /change of support/}).click();
    await page.getByText('has been changed since').waitFor();
  },

  async 'many-lines'(trial) {
    const lines = Array.from({length: 1200}, (_, i) => ({group: 'many', extension: `${2000 + i}`,
      display_name: `Room ${i}`}));
    await trial.stage.api('POST', 'import', {lines, groups: [{name: 'many', enabled: false,
      server: '127.0.0.1:1', domain: 'many.example'}]});
    const page = await open(trial, '/admin/lines');
    await page.getByText('1,204 entries').waitFor();
    await page.getByLabel('Line group').selectOption('many');
    await page.getByText('1,200 entries').waitFor();
    await page.getByRole('button', {name: 'Next page'}).click();
    await page.getByRole('button', {name: 'many/2050'}).waitFor();
    await page.getByLabel('Choose all on this page').check();
    await page.getByRole('button', {name: 'Change 50 lines'}).click();
    await page.getByLabel('A further call').selectOption('busy');
    await trial.checkAccess(page, 'bulk edit');
    await trial.picture(page, 'admin-bulk');
    await page.getByRole('button', {name: 'Save'}).click();
    await page.getByText('50 lines changed').waitFor();
    const line = await trial.stage.api('GET', 'groups/many/lines/2060');
    check(line.second_call === 'busy', line.second_call);
    await page.getByRole('searchbox').fill('Room 11');
    await page.getByText('111 entries').waitFor(); // 11, 110 to 119, 1100 to 1199
    const [download] = await Promise.all([page.waitForEvent('download'),
      page.getByRole('button', {name: 'Export as a table'}).click()]);
    check(download.suggestedFilename() === 'lines.csv', 'the export has a name');
    const rows = readFileSync(await download.path(), 'utf8').trim().split('\r\n');
    check(rows.length === 112, `what is found is exported: ${rows.length} rows`);
    await changeAllFound(trial, page);
  },

  // By the server, whatever the number of lines: the order goes on over the pages.
  async 'columns-are-sorted'(trial) {
    await trial.stage.api('PATCH', 'groups/many/lines/3050', {display_name: 'aardvark'});
    const page = await open(trial, '/admin/lines');
    const first = page.getByRole('row').nth(1);
    const head = page.getByRole('columnheader', {name: 'Name'});
    await page.getByLabel('Line group').selectOption('many');
    await first.getByText('many/2000').waitFor();
    await head.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await first.getByText('aardvark').waitFor();
    check(await head.getAttribute('aria-sort') === 'ascending', 'the head says so');
    await trial.checkAccess(page, 'a sorted table');
    await trial.picture(page, 'admin-sorted');
    await head.getByRole('button').click();
    await first.getByText('Room 999').waitFor();
    await page.getByRole('button', {name: 'Next page'}).click();
    await first.getByText('Room 953', {exact: true}).waitFor();
    check(await head.getAttribute('aria-sort') === 'descending', 'it is the other way round');
    // By their state at the PBX, which no setting tells: those of the group that is off at last.
    await page.getByLabel('Line group').selectOption('');
    const state = page.getByRole('columnheader', {name: 'State'});
    await state.getByRole('button').click();
    await first.getByText('trial/').waitFor();
    await first.getByText('Registered').waitFor();
    await state.getByRole('button').click();
    await first.getByText('many/3199').waitFor();
    await first.getByText('Switched off').waitFor();
  },

  // Where each is registered, told by events; revoked after being asked; those of one user.
  async 'devices-of-all'(trial) {
    const page = await open(trial, '/admin/users');
    await page.getByRole('link', {name: 'Devices of support'}).click();
    await page.getByRole('heading', {level: 1, name: 'Devices'}).waitFor();
    const desk = page.getByRole('row', {name: /support.*desk/});
    await desk.getByText(/until/).waitFor();
    await desk.getByText(/from 127\.0\.0\.1:\d+ by UDP/).waitFor();
    check(await page.getByRole('row', {name: /softphone/}).count() === 0, 'of another user');
    await page.getByRole('link', {name: 'Show those of all'}).click();
    const soft = page.getByRole('row', {name: /sales.*softphone/});
    await soft.getByText('not registered').waitFor();
    const name = await trial.stage.do('device', {user: 'workshop', name: 'bench'});
    await page.reload();
    await page.getByRole('searchbox').fill(name);
    await soft.waitFor({state: 'detached'});
    await page.getByRole('row', {name: /workshop.*bench/}).getByText(/until/).waitFor();
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', {name: 'Device', exact: true}).click();
    await page.getByRole('row').nth(1).getByText('bench').waitFor();
    await soft.getByRole('button', {name: /Revoke/}).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await soft.waitFor({state: 'detached'});
    await trial.checkAccess(page, 'devices');
  },

  async 'a-number-is-tried'(trial) {
    const page = await open(trial, '/admin/groups');
    await page.getByRole('region', {name: 'Try a number'}).getByLabel('Line group')
      .selectOption('trial');
    await page.getByLabel('Number, in any notation').fill('0 089 1234-101');
    await page.locator('dd', {hasText: /^101$/}).first().waitFor();
    await page.getByLabel('Number, in any notation').fill('+43 1 53454');
    await page.getByText('is a number of another country').waitFor();
    await trial.checkAccess(page, 'a number');
    await trial.picture(page, 'admin-number');
  },

  async 'messages-of-a-call'(trial) {
    const page = await open(trial, '/admin/trace/trial/103');
    await page.waitForResponse((answer) => answer.url().includes('/messages'));
    await trial.stage.call('106', '103');
    await page.getByRole('button', {name: /INVITE 103/}).first().waitFor();
    await page.getByRole('button', {name: /302 Moved Temporarily/}).first().click();
    await page.getByText(/Diversion: /).first().waitFor();
    await trial.checkAccess(page, 'messages');
    await trial.picture(page, 'admin-trace');
  },

  // Both legs of a call: the PBX's at the right, the device's at the left, Lineward between them;
  // also what a device says before it is registered.
  async 'messages-of-a-device'(trial) {
    const {stage} = trial;
    await stage.api('PATCH', 'users/workshop', {login: 'auto'});
    const page = await open(trial, '/admin/trace/trial/104');
    await page.waitForResponse((answer) => answer.url().includes('/messages'));
    await stage.do('device', {user: 'workshop', name: 'ladder'});
    const arrow = (what) => page.getByRole('button', {name: what}).first();
    await arrow(/^from the device: REGISTER/).waitFor();
    await arrow(/^to the device: 401 Unauthorized/).waitFor();
    await arrow(/^to the device: 200 OK \(REGISTER\)/).waitFor();
    await stage.do('begin_call', {name: 'ladder', caller: '106', callee: '104', patience_s: 20,
      talk_s: 0.5});
    await stage.do('device_answer', {name: 'ladder'});
    await stage.do('device_hung_up', {name: 'ladder'});
    await stage.do('end_call', {name: 'ladder'});
    for (const what of [/^from the PBX: INVITE 104/, /^to the device: INVITE/,
      /^from the device: 200 OK \(INVITE\)/, /^to the PBX: 200 OK \(INVITE\)/,
      /^to the device: ACK/, /^from the PBX: BYE/, /^to the device: BYE/]) {
      await arrow(what).waitFor();
    }
    const names = await page.locator('.la-arrow').allInnerTexts();
    const order = [/the PBX: INVITE 104/, /the device: INVITE/, /the device: 200 .*INVITE/,
      /the PBX: 200 .*INVITE/].map((what) => names.findIndex((name) => what.test(name)));
    check(order.join() === [...order].sort((a, b) => a - b).join(), `the order: ${names}`);
    for (const [locale, size] of [['light', WIDE], ['phone', PHONE]]) {
      await page.setViewportSize(size);
      const left = await arrow(/^to the device: INVITE/).boundingBox();
      const right = await arrow(/^from the PBX: INVITE 104/).boundingBox();
      check(Math.abs(left.x + left.width - right.x) <= 2.5 &&
        Math.abs(left.width - right.width) <= 4, `${JSON.stringify([left, right])}`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      check(width <= size.width, `${width} pixels wide`);
      await trial.checkAccess(page, `messages of a device, ${locale}`);
      await trial.picture(page, `admin-trace-device-${locale}`);
    }
    // What another user's device says is nobody's business here.
    await page.goto(`${stage.url}/admin/trace/trial/101`);
    await page.waitForResponse((answer) => answer.url().includes('/messages'));
    await stage.do('device', {user: 'workshop', name: 'other'});
    await page.waitForResponse((answer) => answer.url().includes('/messages'));
    check(await page.locator('[data-with=device]').count() === 0, 'of another user');
    for (const name of ['ladder', 'other']) {
      await stage.api('DELETE', `users/workshop/devices/${name}`);
    }
  },

  async 'a-token-is-shown-once'(trial) {
    const page = await open(trial, '/admin/tokens');
    await page.getByRole('button', {name: 'Make a token'}).click();
    await page.getByLabel('What it is for').fill('Grafana');
    await page.getByRole('button', {name: 'Make it'}).click();
    await page.getByText('Shown this once').waitFor();
    await trial.checkAccess(page, 'a new token');
    await page.getByRole('button', {name: 'I have it'}).click();
    const row = page.getByRole('row', {name: /Grafana/});
    await row.getByRole('button', {name: 'Revoke'}).click();
    await row.getByRole('button', {name: 'Really revoke'}).click();
    await row.waitFor({state: 'detached'});
  },

  async 'by-keyboard-alone'(trial) {
    const page = await open(trial, '/admin/calendars');
    await page.getByRole('button', {name: 'holidays'}).focus();
    await page.keyboard.press('Enter');
    const days = page.getByRole('textbox', {name: 'Days'});
    await days.focus();
    await page.keyboard.press('End');
    await page.keyboard.type(', 05-01');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText(/05-01/).waitFor();
    await page.getByRole('dialog').waitFor({state: 'detached'});
  },

  async 'for-administrators-only'(trial) {
    const page = await trial.signIn('support', {path: '/admin/lines'});
    await page.getByRole('heading', {name: 'There is no such page'}).waitFor();
    check(await page.getByRole('link', {name: 'Audit'}).count() === 0, 'no link leads there');
  },
};

await run(tests, {name: 'admin', offset: 2650});
