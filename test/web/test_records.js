// SPDX-License-Identifier: Apache-2.0
// What all records of the administrator have in common: tables of many that the server pages, many
// changed and exported at once, two who change the same thing, a connection that is lost meanwhile.
import {readFileSync} from 'node:fs';
import {startProxy} from './proxy.js';
import {check, run} from './stage.js';

const COUNT = 1200; // more than are tried, or read, at once

async function open(trial, path, {user = 'sales', ...options} = {}) {
  const page = await trial.signIn(user, {reducedMotion: 'reduce', ...options, path});
  await page.locator('main h1').first().waitFor();
  await page.locator('[aria-busy=true]').first().waitFor({state: 'detached'});
  return page;
}

// The rows of a table, each an object by the heads.
function rowsOf(csv) {
  const cells = [...csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)]
    .map(([, quoted, plain, end]) => ({text: quoted?.replaceAll('""', '"') ?? plain, end}));
  const rows = [[]];
  for (const {text, end} of cells) {
    rows.at(-1).push(text);
    if (end !== ',') rows.push([]);
  }
  const [heads, ...records] = rows.slice(0, -1);
  return records.map((record) =>
    Object.fromEntries(record.map((text, index) => [heads[index], text])));
}

const button = (page, name) => page.getByRole('button', {name, exact: true});

async function exported(page, name) {
  const [download] = await Promise.all([page.waitForEvent('download'),
    button(page, 'Export as a table').click()]);
  check(download.suggestedFilename() === name, download.suggestedFilename());
  return readFileSync(await download.path(), 'utf8');
}

// Holds the requests that fit until the returned function is called.
async function hold(page, fits) {
  let release;
  const isReleased = new Promise((resolve) => { release = resolve; });
  await page.route(fits, async (route) => {
    await isReleased;
    await route.continue().catch(() => {}); // it may have been ended by now
  });
  return release;
}

// Opens the form of the record that is called so, and changes one of its fields.
async function type(page, name, label, value) {
  await button(page, name).click();
  const field = page.getByRole('dialog').getByLabel(new RegExp(`^${label}( \\*)?$`));
  await field.fill(value);
  return field;
}

const tests = {
  async prepare(trial) {
    for (const user of ['sales', 'support']) {
      await trial.stage.api('PATCH', `users/${user}`, {role: 'administrator'});
    }
    const users = Array.from({length: COUNT}, (_, i) => ({name: `person${1000 + i}`,
      display_name: `Person ${1000 + i}`, mobile: `+49170${1000000 + i}`}));
    const lines = users.map(({name}, i) => ({group: 'many', extension: `${2000 + i}`,
      display_name: `Room ${i}`, user: name}));
    await trial.stage.api('POST', 'import', {users, lines, groups: [{name: 'many', enabled: false,
      server: '127.0.0.1:1', domain: 'many.example'}]});
  },

  // Paged, searched and sorted by the server; changed and exported as lines are.
  async 'many-users'(trial) {
    const {stage} = trial;
    const page = await open(trial, '/admin/users');
    const first = page.getByRole('row').nth(1);
    await page.getByText('1,204 entries').waitFor();
    await button(page, 'person1000').waitFor();
    await button(page, 'Next page').click();
    await button(page, 'person1050').waitFor();
    await button(page, 'Previous page').click();
    await button(page, 'person1000').waitFor();
    await page.getByRole('columnheader', {name: 'Name', exact: true}).getByRole('button').click();
    await page.getByRole('columnheader', {name: 'Name', exact: true}).getByRole('button').click();
    await first.getByText('Person 2199').waitFor();
    await page.getByRole('searchbox').fill('Person 11');
    await page.getByText('100 entries').waitFor();
    await page.getByLabel('Choose person1199').check();
    await button(page, 'Choose all found').click();
    await button(page, 'Change 100 users').click();
    await page.getByLabel('Signed in at the phone').selectOption('on');
    await trial.checkAccess(page, 'many users');
    await trial.picture(page, 'users-bulk');
    await button(page, 'Save').click();
    await page.getByText('100 users changed').waitFor();
    check((await stage.api('GET', 'users/person1150')).login === 'on', 'all are changed');
    check((await stage.api('GET', 'users/person1200')).login === 'auto', 'no others are');
    const csv = await exported(page, 'users.csv');
    const rows = csv.trim().split('\r\n');
    check(rows.length === 101 && rows[0].startsWith('user,user.display_name,'), rows[0]);
    check(rows[1].startsWith('person1199,Person 1199,user,'), rows[1]);
    // The import takes the same table, and finds nothing to change.
    await page.getByRole('link', {name: 'Import a table'}).click();
    await page.getByLabel('Table').fill(csv.replace('Person 1199', 'Person Last'));
    await button(page, 'Show what would happen').click();
    await page.getByText('Users: 0 new, 1 changed, 99 unchanged').waitFor();
    await page.getByLabel('Table').fill(csv.replace(',auto', ',maybe').replace(',on', ',maybe'));
    await button(page, 'Show what would happen').click();
    const wrong = page.getByRole('row').filter({hasText: 'login'});
    await wrong.getByRole('cell', {name: '2', exact: true}).waitFor();
    await wrong.getByRole('cell', {name: 'person1199'}).waitFor();
    await trial.checkAccess(page, 'an import of users');
    await trial.picture(page, 'users-import');
  },

  // Of more than can be tried at once: how far it is, and its end before its time.
  async 'many-are-told-and-ended'(trial) {
    const {stage} = trial;
    const page = await open(trial, '/admin/lines');
    await page.getByLabel('Line group').selectOption('many');
    await page.getByText('1,200 entries').waitFor();
    await page.getByLabel('Choose many/2000').check();
    const releaseReading = await hold(page, (url) => url.searchParams.get('limit') === '1000' &&
      url.searchParams.has('after'));
    await button(page, 'Choose all found').click();
    await page.getByText('Reading 1,000 of 1,200').waitFor();
    await trial.checkAccess(page, 'how far it is');
    await trial.picture(page, 'lines-reading');
    await button(page, 'End it').click();
    await button(page, 'Change one line').waitFor();
    releaseReading();
    await button(page, 'Choose all found').click();
    await button(page, 'Change 1200 lines').click();
    await page.getByLabel('A further call').selectOption('busy');
    const releaseTrying = await hold(page, (url) => url.searchParams.has('dry_run'));
    await button(page, 'Save').click();
    await page.getByText('Checking 0 of 1,200').waitFor();
    await button(page, 'End it').click();
    await page.getByText('Checking').waitFor({state: 'detached'});
    releaseTrying();
    check((await stage.api('GET', 'groups/many/lines/2000')).second_call === 'auto', 'changed');
    await page.getByLabel('Calls with which it is busy in any case').fill('lots');
    await button(page, 'Save').click();
    await page.getByText(/many\/2000: Calls with which.*: Must be a whole number/).waitFor();
    await page.getByText(/and \d+ more/).waitFor();
    await trial.checkAccess(page, 'what is refused');
    await page.getByLabel('Calls with which it is busy in any case').fill('3');
    // One is removed before they are saved: it is not made anew.
    await stage.api('DELETE', 'groups/many/lines/3199');
    await button(page, 'Save').click();
    await page.getByText('One of them is not there any more').waitFor();
    await button(page, 'Cancel').click();
    await button(page, 'Choose all found').click();
    await button(page, 'Change 1199 lines').click();
    await button(page, 'Save').click();
    await page.getByText('1199 lines changed').waitFor();
    const {count} = await stage.api('GET', 'groups/many/lines?count=true&limit=1');
    check(count === 1199, `${count} lines`);
    const last = await stage.api('GET', 'groups/many/lines/3198');
    check(last.second_call === 'busy' && last.max_calls === 3, JSON.stringify(last));
    check((await exported(page, 'lines.csv')).trim().split('\r\n').length === 1200, 'all of them');
  },

  // Every record is on one page, in its order, and what is changed on the last one is.
  async 'to-the-last-page'(trial) {
    const {stage} = trial;
    const wanted = [];
    for (let path = 'groups/many/lines?limit=1000'; path;) {
      const {items, next} = await stage.api('GET', path);
      wanted.push(...items.map(({extension}) => `many/${extension}`));
      path = next?.replace('/api/v1/', '');
    }
    const page = await open(trial, '/admin/lines');
    await page.getByLabel('Line group').selectOption('many');
    await page.getByText(`${wanted.length.toLocaleString('en-US')} entries`).waitFor();
    const names = () => page.locator('.la-open').allInnerTexts();
    const turn = async (name) => {
      const [before] = await names();
      await button(page, name).click();
      await page.waitForFunction((text) =>
        document.querySelector('.la-list')?.ariaBusy !== 'true' &&
        document.querySelector('.la-open')?.innerText !== text, before);
    };
    const seen = [...await names()];
    check(await button(page, 'Previous page').isDisabled(), 'there is a page before the first');
    let count = 1;
    for (; await button(page, 'Next page').isEnabled(); count++) {
      await turn('Next page');
      seen.push(...await names());
    }
    check(count === Math.ceil(wanted.length / 50), `${count} pages`);
    check(seen.join() === wanted.join(), `${seen.length} of ${wanted.length}, or in another order`);
    const last = await names();
    await page.getByLabel('Choose all on this page').check();
    await button(page, `Change ${last.length} lines`).click();
    await page.getByLabel('A further call').selectOption('ring');
    await button(page, 'Save').click();
    await page.getByText(`${last.length} lines changed`).waitFor();
    check((await names()).join() === last.join(), 'another page is shown');
    for (const name of [wanted.at(-last.length - 1), last[0], last.at(-1)]) {
      const line = await stage.api('GET', `groups/many/lines/${name.slice(5)}`);
      check((line.second_call === 'ring') === last.includes(name), `${name}: ${line.second_call}`);
    }
    for (let back = count; back > 1; back--) await turn('Previous page');
    check((await names()).join() === wanted.slice(0, 50).join(), 'the first page again');
    check(await button(page, 'Previous page').isDisabled(), 'one before the first');
  },

  // What is found of all users' devices, over all pages, with where they are registered.
  async 'devices-are-exported'(trial) {
    const {stage} = trial;
    const sipUser = await stage.do('device', {user: 'support', name: 'desk'});
    for (let i = 0; i < 60; i++) {
      await stage.api('POST', `users/person${1000 + i}/devices`, {name: `phone ${i}`});
    }
    await stage.api('POST', 'users/person1000/devices', {name: '=1+1, "2"'});
    const page = await open(trial, '/admin/devices');
    await page.getByText('62 entries').waitFor();
    const rows = rowsOf(await exported(page, 'devices.csv'));
    check(rows.length === 62, `${rows.length} devices`);
    const desk = rows.find(({name}) => name === 'desk');
    const [binding] = (await stage.api('GET', 'users/support/devices/desk')).bindings;
    check(desk.sip_user === sipUser && desk.registrations === '1' &&
      desk.until === binding.expires && desk.contact === binding.contact &&
      desk.source === `${binding.transport} ${binding.source}`, JSON.stringify(desk));
    const last = rows.find(({name}) => name === 'phone 59');
    check(last.user === 'person1059' && last.registrations === '0' && last.contact === '',
      JSON.stringify(last));
    check(rows.some(({name}) => name === `'=1+1, "2"`), 'a formula for the spreadsheet');
    await page.getByRole('searchbox').fill('phone 5');
    await page.getByText('11 entries').waitFor();
    const found = rowsOf(await exported(page, 'devices.csv'));
    check(found.length === 11 && found.every(({name}) => name.startsWith('phone 5')),
      JSON.stringify(found));
    await trial.checkAccess(page, 'devices to export');
  },

  // All changes that are found, not only those that the page shows, as the API tells them.
  async 'the-audit-is-exported'(trial) {
    const {stage} = trial;
    await stage.api('POST', 'calendars', {name: 'audited', days: '01-01'});
    await stage.api('PATCH', 'calendars/audited', {days: '01-01, 12-24'});
    await stage.api('DELETE', 'calendars/audited');
    const wanted = [];
    for (let path = 'audit?limit=1000'; path;) {
      const {items, next} = await stage.api('GET', path);
      wanted.push(...items);
      path = next?.replace('/api/v1/', '');
    }
    check(wanted.length > 2 * COUNT, `${wanted.length} changes`);
    const page = await open(trial, '/admin/audit');
    await page.getByText('Calendar audited').first().waitFor();
    const rows = rowsOf(await exported(page, 'audit.csv'));
    check(rows.length === wanted.length, `${rows.length} of ${wanted.length} changes`);
    for (const [index, entry] of wanted.entries()) {
      const {id, for_user: forUser, before, after, ...rest} = rows[index];
      check(id === String(entry.id) && forUser === (entry.for_user ?? '') &&
        (before || 'null') === JSON.stringify(entry.before) &&
        (after || 'null') === JSON.stringify(entry.after) && ['time', 'actor', 'action', 'kind',
        'key'].every((name) => rest[name] === entry[name]), JSON.stringify(rows[index]));
    }
    await page.getByRole('searchbox').fill('audited');
    await page.locator('[aria-busy=true]').waitFor({state: 'detached'});
    await page.getByText('person').first().waitFor({state: 'detached'});
    const found = rowsOf(await exported(page, 'audit.csv'));
    check(found.map(({action}) => action).join() === 'removed,changed,added',
      JSON.stringify(found));
    await trial.checkAccess(page, 'the audit to export');
    await trial.picture(page, 'audit-export');
  },

  // Whoever is second is told what the first has changed, and loses nothing that was typed.
  async 'two-administrators'(trial) {
    const {stage} = trial;
    await stage.api('POST', 'calendars', {name: 'days', days: '01-01'});
    await stage.api('POST', 'groups/trial/admin_forwardings', {name: 'night', target: '105'});
    const one = await open(trial, '/admin/lines');
    const other = await open(trial, '/admin/lines', {user: 'support'});
    for (const {path, search, name, label, item, field, texts} of [
      {path: 'lines', search: '102', name: 'trial/102', label: 'Name', field: 'display_name',
        item: 'groups/trial/lines/102', texts: ['First', 'Second']},
      {path: 'users', search: 'workshop', name: 'workshop', label: 'Name', field: 'display_name',
        item: 'users/workshop', texts: ['First', 'Second']},
      {path: 'calendars', name: 'days', label: 'Days', field: 'days', item: 'calendars/days',
        texts: ['02-02', '03-03']},
      {path: 'forwardings', name: 'night', label: 'Target', field: 'target',
        item: 'groups/trial/admin_forwardings/night', texts: ['101', '103']},
    ]) {
      for (const page of [one, other]) {
        await page.goto(`${stage.url}/admin/${path}`);
        if (path === 'forwardings') {
          await page.getByLabel('Line group').selectOption('trial');
        }
        if (search) await page.getByRole('searchbox').fill(search);
      }
      const typed = await type(other, name, label, texts[1]);
      await type(one, name, label, texts[0]);
      await button(one, 'Save').click();
      await one.getByRole('dialog').waitFor({state: 'detached'});
      await button(other, 'Save').click();
      const alert = other.getByRole('alert').filter({hasText: 'Somebody else was faster'});
      await alert.getByText(`${label}: ${texts[0]}`).waitFor();
      check(await typed.inputValue() === texts[1], 'what was typed is lost');
      check((await stage.api('GET', item))[field] === texts[0], 'it is overwritten unseen');
      if (path === 'users') {
        await trial.checkAccess(other, 'a conflict');
        await trial.picture(other, 'conflict');
      }
      await button(alert, 'Save mine all the same').click();
      await other.getByRole('dialog').waitFor({state: 'detached'});
      check((await stage.api('GET', item))[field] === texts[1], 'mine is not saved');
    }
  },

  // What somebody else removes while it is edited is told; so is a change before it is removed.
  async 'removed-while-it-is-edited'(trial) {
    const {stage} = trial;
    const page = await open(trial, '/admin/calendars');
    const days = await type(page, 'days', 'Days', '04-04');
    await stage.api('PATCH', 'calendars/days', {days: '05-05'});
    await button(page, 'Remove').click();
    await button(page, 'Really remove days').click();
    await page.getByText('Days: 05-05').waitFor();
    await stage.api('DELETE', 'calendars/days');
    await button(page, 'Save mine all the same').click();
    await page.getByRole('alert').filter({hasText: 'does not exist'}).waitFor();
    check(await days.inputValue() === '04-04', 'what was typed is lost');
  },

  // The server goes away while somebody types, and comes back: no reload, and nothing lost.
  async 'the-connection-is-lost'(trial) {
    const {stage} = trial;
    const page = await open(trial, '/admin/lines');
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    await page.evaluate(() => { window.isTheSame = true; });
    await page.getByRole('searchbox').fill('103');
    const name = await type(page, 'trial/103', 'Name', 'Typed before');
    await stage.do('stop');
    await page.locator('[data-live=live]').waitFor({state: 'detached'});
    await button(page, 'Save').click();
    await page.getByRole('dialog').getByRole('alert').filter({hasText: 'cannot be reached'})
      .waitFor();
    await trial.checkAccess(page, 'no connection');
    await trial.picture(page, 'connection-lost');
    await name.fill('Typed meanwhile');
    await stage.do('start');
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    check(await name.inputValue() === 'Typed meanwhile', 'what was typed is lost');
    await button(page, 'Save').click();
    await page.getByRole('cell', {name: 'Typed meanwhile'}).waitFor();
    check(await page.evaluate(() => window.isTheSame), 'the page was loaded anew');
    // What changes afterwards is told by events again.
    await stage.api('PATCH', 'groups/trial/lines/103', {display_name: 'Told'});
    await page.getByRole('cell', {name: 'Told', exact: true}).waitFor();
  },

  // Below a path that a proxy strips: pages by their addresses, changes, tables, events.
  async 'below-a-path'(trial) {
    const {stage} = trial;
    const proxy = await startProxy(stage.url, '/office/tel');
    try {
      const page = await trial.visit({reducedMotion: 'reduce'});
      await page.goto(`${proxy.url}/admin/trace/trial/102`);
      await trial.fillSignIn(page, 'sales');
      await page.waitForResponse((answer) => answer.url().includes('/messages'));
      await stage.call('106', '102');
      await page.getByRole('button', {name: /INVITE 102/}).first().waitFor();
      await page.getByRole('link', {name: 'Lines', exact: true}).click();
      await page.waitForURL(`${proxy.url}/admin/lines`);
      await page.locator('[data-live=live]').waitFor({state: 'attached'});
      await page.getByRole('searchbox').fill('104');
      await type(page, 'trial/104', 'Name', 'By proxy');
      await button(page, 'Save').click();
      await page.getByRole('cell', {name: 'By proxy'}).waitFor();
      await stage.api('PATCH', 'groups/trial/lines/104', {display_name: 'By event'});
      await page.getByRole('cell', {name: 'By event'}).waitFor();
      check(/trial,104,By event/.test(await exported(page, 'lines.csv')), 'the export');
      for (const [path, title] of [['dashboard', 'Dashboard'], ['audit', 'Audit'],
        ['groups/trial/checks', 'Check of trial']]) {
        await page.goto(`${proxy.url}/admin/${path}`);
        await page.getByRole('heading', {level: 1, name: title}).waitFor();
      }
      await page.goto(`${proxy.url}/setup?table`);
      await page.getByRole('heading', {level: 1, name: 'Guided set-up'}).waitFor();
    } finally {
      proxy.close();
    }
  },
};

await run(tests, {name: 'records', offset: 2650});
