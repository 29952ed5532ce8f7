// SPDX-License-Identifier: Apache-2.0
// What a user changes can be taken back exactly, and two people, or two tabs, who change the same
// never overwrite each other unseen: for all that a user can change. What holds then is asked of
// the API.
import {isDeepStrictEqual} from 'node:util';
import {clearForwardings, forwardingOf, setForwarding} from './forwardings.js';
import {check, run} from './stage.js';

const LINE = 'groups/trial/lines/102';
const USER = 'users/sales';
const CHANGED = 'Somebody else has just changed this';

const fieldsOf = (record, names) =>
  Object.fromEntries(names.map((name) => [name, record[name] ?? null]));

// What of the user, of their line, their exceptions and profiles is theirs to set.
const read = {
  user: async (trial) => fieldsOf(await trial.stage.api('GET', USER),
    ['dnd', 'presence', 'login', 'mobile', 'home', 'business']),
  line: async (trial) => fieldsOf(await trial.stage.api('GET', LINE),
    ['second_call', 'number_withheld']),
  forwardings: async (trial) => (await trial.stage.api('GET', `${LINE}/forwardings`)).items,
  exceptions: async (trial) => (await trial.stage.api('GET', `${LINE}/exceptions`)).items,
  profiles: async (trial) => (await trial.stage.api('GET', `${USER}/profiles`)).items,
};

// Waits until what the API says is as it should be.
async function holds(trial, what, isRight, why) {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    if (isRight(await read[what](trial))) return;
    await new Promise((passed) => setTimeout(passed, 100));
  }
  check(false, `${why}: ${JSON.stringify(await read[what](trial))}`);
}

// Something is done, which changes what `what` names and is told as `message`; and taken back.
async function takesBack(trial, page, {what, message, act}) {
  const before = await read[what](trial);
  await act();
  const notice = page.locator('.mantine-Notification-root').filter({hasText: message}).last();
  await notice.waitFor();
  await holds(trial, what, (now) => !isDeepStrictEqual(now, before), `${message}: not done`);
  await notice.getByRole('button', {name: 'Undo'}).click();
  await holds(trial, what, (now) => isDeepStrictEqual(now, before), `${message}: not taken back`);
}

async function clearExceptions(trial) {
  for (const {position} of await read.exceptions(trial)) {
    await trial.stage.api('DELETE', `${LINE}/exceptions/${position}`);
  }
}

const save = (page) => page.getByRole('button', {name: 'Save', exact: true}).click();

// A page that hears of no change of others: what is clicked there is clicked on what was before.
async function signInDeaf(trial, path) {
  const page = await trial.visit();
  await page.routeWebSocket(/./, () => {});
  await page.goto(trial.stage.url + path);
  await trial.fillSignIn(page, 'sales');
  return page;
}

// What two versions the page shows, after a change that came too late.
async function conflictOf(page, {theirs, mine}) {
  const alert = page.getByRole('alert').filter({hasText: CHANGED});
  await alert.waitFor();
  for (const [version, text] of [['theirs', theirs], ['mine', mine]]) {
    const shown = await alert.locator(`[data-version=${version}]`).innerText();
    check(shown.includes(text), `${version}: ${shown}`);
  }
  return alert;
}

const tests = {
  async 'undo: forwardings'(trial) {
    await clearForwardings(trial);
    await trial.stage.api('PUT', `${LINE}/forwardings/no_answer/all`,
      {target: 'mailbox', delay: 25, until: '2099-12-24T17:00:00Z'});
    const page = await trial.signIn('sales', {path: '/forwardings'});
    const slot = page.locator('[data-slot="no_answer/all"]');
    const undone = (message, act) => takesBack(trial, page, {what: 'forwardings', message, act});
    await undone('Busy, External callers: goes to 105.', () =>
      setForwarding(page, 'busy/external', '105'));
    await undone('No answer, All callers: goes to 106.', async () => {
      await slot.locator('.lw-slot-open').click();
      await page.getByRole('textbox', {name: 'Where to'}).fill('106');
      await page.getByLabel('After').fill('15');
      await page.getByRole('button', {name: '1 hour'}).click();
      await save(page);
    });
    await undone('No answer, All callers: removed.', async () => {
      await slot.locator('.lw-slot-open').click();
      await page.getByRole('button', {name: 'Remove'}).click();
    });
    await undone('No answer, All callers: off.', () => slot.getByRole('switch').press('Space'));
    await clearForwardings(trial);
  },

  async 'undo: exceptions'(trial) {
    await clearExceptions(trial);
    await trial.stage.api('POST', `${LINE}/exceptions`, {caller: '+4989112233', target: '105',
      schedule: 'mo-fr 08:00-12:00', presence: 'meeting', until: '2099-12-24T17:00:00Z', calls: 3});
    await trial.stage.api('POST', `${LINE}/exceptions`, {caller: 'anonymous', ring: true});
    const page = await trial.signIn('sales', {path: '/exceptions'});
    const undone = (message, act) => takesBack(trial, page, {what: 'exceptions', message, act});
    const edit = () => page.getByRole('button', {name: 'Edit: +49 89112233'}).click();
    await undone('The exception is added.', async () => {
      await page.getByRole('button', {name: 'New exception'}).click();
      await page.getByRole('textbox', {name: 'Caller'}).fill('+4930*');
      await page.getByRole('textbox', {name: 'Where to'}).fill('106');
      await save(page);
    });
    await undone('The exception is saved.', async () => {
      await edit();
      await page.getByRole('textbox', {name: 'Where to'}).fill('106');
      await page.getByLabel('For so many calls').fill('5');
      await save(page);
    });
    await undone('The exception is saved.', async () => { // its times: a week is drawn
      await edit();
      await page.getByRole('grid').focus();
      await page.keyboard.press('Delete');
      await save(page);
    });
    await undone('The exception is saved.', () =>
      page.getByRole('switch', {name: 'On: +49 89112233'}).press('Space'));
    await undone('The order is changed.', () =>
      page.getByRole('button', {name: 'Move down: +49 89112233'}).click());
    await undone('The exception is removed.', () =>
      page.getByRole('button', {name: 'Remove: +49 89112233'}).click());
    await clearExceptions(trial);
  },

  // Do-not-disturb by hand ends the profile that is on: it is on again, until when it was.
  async 'undo: do-not-disturb and presence'(trial) {
    await trial.stage.api('PUT', `${USER}/profiles/Meeting`, {presence: 'meeting', minutes: 60});
    await trial.stage.api('POST', `${USER}/profiles/Meeting/apply`, {});
    const page = await trial.signIn('sales');
    const undone = (message, act) => takesBack(trial, page, {what: 'user', message, act});
    const profiles = await read.profiles(trial);
    const dnd = page.getByRole('switch', {name: 'Do not disturb'});
    await page.getByRole('button', {name: /^Meeting/, pressed: true}).waitFor();
    await undone('Do not disturb is on.', () => dnd.press('Space'));
    await holds(trial, 'profiles', (now) => isDeepStrictEqual(now, profiles), 'the profile');
    await page.getByRole('button', {name: /^Meeting/, pressed: true}).click();
    await page.getByRole('button', {name: /^Meeting/, pressed: false}).waitFor();
    await undone('Presence: vacation', async () => {
      await page.getByRole('textbox', {name: 'Presence'}).fill('vacation');
      await page.keyboard.press('Enter');
    });
    await undone('You are signed off', () => page.getByText('No', {exact: true}).click());
    await trial.stage.api('DELETE', `${USER}/profiles/Meeting`);
  },

  async 'undo: numbers and line settings'(trial) {
    const page = await trial.signIn('sales', {path: '/account'});
    await takesBack(trial, page, {what: 'user', message: 'Your numbers are saved.', async act() {
      await page.getByLabel('Mobile').fill('0171 7654321');
      await page.getByLabel('Home').fill('030 7654');
      await save(page);
    }});
    const undone = (act) => takesBack(trial, page,
      {what: 'line', message: 'Line 102 is saved.', act});
    await undone(() => page.getByLabel(/a further call on 102/).selectOption('ring'));
    await undone(() => page.getByRole('switch', {name: /Hide my number/}).press('Space'));
  },

  async 'undo: profiles'(trial) {
    const fields = {presence: 'meeting', minutes: 60, forwardings: 'immediate/all=mailbox'};
    await trial.stage.api('PUT', `${USER}/profiles/Meeting`, fields);
    await trial.stage.api('PUT', `${USER}/profiles/Travel`, {presence: 'travel'});
    const page = await trial.signIn('sales', {path: '/profiles'});
    const undone = (message, act) => takesBack(trial, page, {what: 'profiles', message, act});
    const card = (name) => page.getByRole('region', {name});
    const press = (name, button) => card(name).getByRole('button', {name: button}).click();
    await undone('“Quiet hours” is added.', () =>
      page.getByRole('button', {name: 'Quiet hours'}).click());
    await undone('“Meeting” is saved.', async () => {
      await press('Meeting', 'Edit');
      await page.getByRole('textbox', {name: 'Presence'}).fill('break');
      await page.getByRole('textbox', {name: 'Where to'}).fill('106');
      await save(page);
    });
    await undone('“Meeting” is on.', () => press('Meeting', 'Put on'));
    await press('Meeting', 'Put on');
    await card('Meeting').getByText('On until').waitFor();
    await undone('“Travel” is on.', () => press('Travel', 'Put on'));
    await undone('“Meeting” has ended.', () => press('Meeting', 'End'));
    await undone('“Meeting” is removed.', () => press('Meeting', 'Remove'));
    await undone('“Travel” is removed.', () => press('Travel', 'Remove'));
    await trial.stage.api('DELETE', `${USER}/profiles/Meeting`);
    await trial.stage.api('DELETE', `${USER}/profiles/Travel`);
  },

  // Taking back comes too late as well: what somebody else has set meanwhile stays.
  async 'undo that comes too late'(trial) {
    await clearForwardings(trial);
    await clearExceptions(trial);
    const page = await trial.signIn('sales');
    const refused = async () => {
      await page.getByRole('button', {name: 'Undo'}).last().click();
      await page.getByRole('alert').getByText('Somebody else has changed it').last().waitFor();
      await page.reload();
    };
    await page.getByRole('textbox', {name: 'Presence'}).fill('vacation');
    await page.keyboard.press('Enter');
    await page.getByText('Presence: vacation').waitFor();
    await trial.stage.api('PATCH', USER, {presence: 'break'});
    await refused();
    check((await read.user(trial)).presence === 'break', 'the presence was overwritten');
    await trial.stage.api('PATCH', USER, {presence: ''});
    await page.goto(`${trial.stage.url}/forwardings`);
    await setForwarding(page, 'busy/all', '105');
    await page.getByText('Busy, All callers: goes to 105.').waitFor();
    await trial.stage.api('PATCH', `${LINE}/forwardings/busy/all`, {target: '106'});
    await page.getByRole('button', {name: 'Undo'}).last().click();
    await page.locator('[data-slot="busy/all"]').getByText('106').waitFor();
    check((await forwardingOf(trial, 'busy/all'))?.target === '106', 'it was overwritten');
    await page.goto(`${trial.stage.url}/exceptions`);
    await page.getByRole('button', {name: 'New exception'}).click();
    await page.getByRole('textbox', {name: 'Where to'}).fill('106');
    await save(page);
    await page.getByText('The exception is added.').waitFor();
    const [{position}] = await read.exceptions(trial);
    await trial.stage.api('PATCH', `${LINE}/exceptions/${position}`, {target: '105'});
    await refused();
    check((await read.exceptions(trial))[0]?.target === '105', 'the exception is gone');
    await clearExceptions(trial);
    await clearForwardings(trial);
  },

  // Two tabs change the same: nothing is overwritten unasked.
  async 'conflict: forwardings'(trial) {
    await clearForwardings(trial);
    const page = await trial.signIn('sales', {path: '/forwardings'});
    await page.locator('[data-slot="busy/all"] .lw-slot-open').click();
    await page.getByRole('textbox', {name: 'Where to'}).fill('105');
    const other = await page.context().newPage();
    await other.goto(`${trial.stage.url}/forwardings`);
    await setForwarding(other, 'busy/all', '106');
    await other.locator('[data-slot="busy/all"]').getByText('106').waitFor();
    await page.getByRole('button', {name: 'Save', exact: true}).click();
    const alert = page.getByRole('alert');
    await alert.getByText('Somebody else has just changed this').waitFor();
    check((await alert.locator('[data-version=theirs]').innerText()).includes('106'), 'theirs');
    check((await alert.locator('[data-version=mine]').innerText()).includes('105'), 'mine');
    check((await forwardingOf(trial, 'busy/all')).target === '106', 'it was overwritten');
    await trial.checkAccess(page, 'a conflict');
    await trial.picture(page, 'conflict');
    await alert.getByRole('button', {name: 'Save mine instead'}).click();
    await page.locator('[data-slot="busy/all"]').getByText('105').waitFor();
    check((await forwardingOf(trial, 'busy/all')).target === '105', 'mine was not saved');
    await clearForwardings(trial);
  },

  // Two people edit an exception; one removes it while the other types.
  async 'conflict: exceptions'(trial) {
    await clearExceptions(trial);
    const {position} = await trial.stage.api('POST', `${LINE}/exceptions`,
      {caller: '+4989112233', target: '105'});
    const path = `${LINE}/exceptions/${position}`;
    const page = await trial.signIn('sales', {path: '/exceptions'});
    const target = page.getByRole('textbox', {name: 'Where to'});
    await page.getByRole('button', {name: /^Edit/}).click();
    await target.fill('106');
    await trial.stage.api('PATCH', path, {target: '104'});
    await save(page);
    let alert = await conflictOf(page, {theirs: '104', mine: '106'});
    check((await trial.stage.api('GET', path)).target === '104', 'it was overwritten');
    await trial.checkAccess(page, 'an exception in conflict');
    await trial.picture(page, 'conflict-exception');
    await alert.getByRole('button', {name: 'Back to editing'}).click();
    check(await target.inputValue() === '106', 'what was typed is lost');
    await save(page);
    await page.getByText('The exception is saved.').waitFor();
    check((await trial.stage.api('GET', path)).target === '106', 'mine was not saved');

    await page.getByRole('button', {name: /^Edit/}).click();
    await target.fill('103');
    await trial.stage.api('DELETE', path);
    await page.locator('.lw-forwarding').waitFor({state: 'detached'}); // the page has heard of it
    check(await target.inputValue() === '103', 'what was typed is lost');
    await save(page);
    alert = await conflictOf(page, {theirs: 'it was removed', mine: '103'});
    await alert.getByRole('button', {name: 'Save mine instead'}).click();
    await page.getByRole('button', {name: /^Edit/}).waitFor();
    check((await trial.stage.api('GET', path)).target === '103', 'it is not there again');
    await clearExceptions(trial);
  },

  // Two people edit a profile; one removes it while the other types; both make one of a name.
  async 'conflict: profiles'(trial) {
    const path = `${USER}/profiles/Meeting`;
    const page = await trial.signIn('sales', {path: '/profiles'});
    const minutes = page.getByLabel('For minutes');
    const edit = async () => {
      const answer = page.waitForResponse((one) => one.url().endsWith('/profiles/Meeting'));
      await page.getByRole('region', {name: 'Meeting'}).getByRole('button', {name: 'Edit'}).click();
      await answer;
    };
    await trial.stage.api('PUT', path, {minutes: 60});
    await edit();
    await minutes.fill('90');
    await trial.stage.api('PATCH', path, {minutes: 15});
    await save(page);
    let alert = await conflictOf(page, {theirs: '15 minutes', mine: '90 minutes'});
    check((await trial.stage.api('GET', path)).minutes === 15, 'it was overwritten');
    await trial.checkAccess(page, 'a profile in conflict');
    await alert.getByRole('button', {name: 'Back to editing'}).click();
    check(await minutes.inputValue() === '90', 'what was typed is lost');
    await save(page);
    await page.getByText('“Meeting” is saved.').waitFor();
    check((await trial.stage.api('GET', path)).minutes === 90, 'mine was not saved');

    await edit();
    await minutes.fill('45');
    await trial.stage.api('DELETE', path);
    await page.getByRole('button', {name: 'In a meeting'}).waitFor();
    await save(page);
    alert = await conflictOf(page, {theirs: 'it was removed', mine: '45 minutes'});
    await alert.getByRole('button', {name: 'Keep it as it is now'}).click();
    check((await read.profiles(trial)).length === 0, 'it is there again');

    await page.getByRole('button', {name: 'New profile'}).click();
    await page.getByLabel('Name', {exact: true}).fill('Meeting');
    await minutes.fill('30');
    await trial.stage.api('PUT', path, {minutes: 10});
    await save(page);
    alert = await conflictOf(page, {theirs: '10 minutes', mine: '30 minutes'});
    await alert.getByRole('button', {name: 'Save mine instead'}).click();
    await page.getByText('for 30 minutes').waitFor();
    check((await trial.stage.api('GET', path)).minutes === 30, 'mine was not saved');
    await trial.stage.api('DELETE', path);
  },

  async 'conflict: numbers and presence'(trial) {
    const before = await read.user(trial);
    const page = await trial.signIn('sales', {path: '/account'});
    await page.getByLabel('Mobile').fill('+491717654321');
    await trial.stage.api('PATCH', USER, {mobile: '+491711111111', presence: 'break'});
    await save(page);
    const alert = await conflictOf(page, {theirs: '171 1111111', mine: '171 7654321'});
    check((await read.user(trial)).mobile === '+491711111111', 'it was overwritten');
    await alert.getByRole('button', {name: 'Back to editing'}).click();
    check(await page.getByLabel('Mobile').inputValue() === '+491717654321', 'it is lost');
    await save(page);
    await page.getByText('Your numbers are saved.').waitFor();
    check((await read.user(trial)).mobile === '+491717654321', 'mine was not saved');

    await page.goto(trial.stage.url);
    const presence = page.getByRole('textbox', {name: 'Presence'});
    await presence.fill('vaca');
    await trial.stage.api('PATCH', USER, {presence: 'meeting', dnd: true});
    await page.getByRole('switch', {name: 'Do not disturb', checked: true})
      .waitFor({state: 'attached'});
    check(await presence.inputValue() === 'vaca', 'what was typed is lost');
    await presence.press('Enter');
    await page.getByText('Somebody else has just set “meeting”.').waitFor();
    check((await read.user(trial)).presence === 'meeting', 'it was overwritten');
    check(await presence.inputValue() === 'vaca', 'what was typed is lost');
    await presence.press('Enter');
    await page.getByText('Presence: vaca').waitFor();
    check((await read.user(trial)).presence === 'vaca', 'mine was not saved');
    await trial.stage.api('PATCH', USER, before);
  },

  // One click on what has changed unseen does not overwrite it, and the page shows what holds.
  async 'conflict: one click'(trial) {
    await clearForwardings(trial);
    await clearExceptions(trial);
    const {position} = await trial.stage.api('POST', `${LINE}/exceptions`,
      {caller: 'anonymous', target: '105'});
    await trial.stage.api('PUT', `${USER}/profiles/Meeting`, {minutes: 60});
    await trial.stage.api('PUT', `${LINE}/forwardings/busy/all`, {target: '105'});
    const before = {user: await read.user(trial), line: await read.line(trial)};
    // Opens the page, changes what it shows, clicks there; then the API's say must be this.
    const tries = async (path, {change, click, what}) => {
      const page = await signInDeaf(trial, path);
      await click(page).waitFor({state: 'attached'});
      await page.waitForLoadState('networkidle');
      await trial.stage.api(...change);
      const theirs = await read[what](trial);
      const act = click(page);
      if (what === 'line') await act.selectOption('busy');
      else if (await act.getAttribute('role') === 'switch') await act.press('Space');
      else await act.click();
      await page.getByRole('alert').getByText(/Somebody else has (just )?changed/).waitFor();
      check(isDeepStrictEqual(await read[what](trial), theirs), `${path}: overwritten`);
      await page.context().close();
    };
    await tries('/exceptions', {what: 'exceptions',
      change: ['PATCH', `${LINE}/exceptions/${position}`, {target: '106'}],
      click: (page) => page.getByRole('switch', {name: /^On:/})});
    await tries('/exceptions', {what: 'exceptions',
      change: ['PATCH', `${LINE}/exceptions/${position}`, {target: '104'}],
      click: (page) => page.getByRole('button', {name: /^Remove/})});
    await tries('/profiles', {what: 'profiles',
      change: ['PATCH', `${USER}/profiles/Meeting`, {minutes: 30}],
      click: (page) => page.getByRole('button', {name: 'Remove'})});
    await tries('/forwardings', {what: 'forwardings',
      change: ['PATCH', `${LINE}/forwardings/busy/all`, {target: '106'}],
      click: (page) => page.locator('[data-slot="busy/all"]').getByRole('switch')});
    await tries('/account', {what: 'line', change: ['PATCH', LINE, {second_call: 'ring'}],
      click: (page) => page.getByLabel(/a further call on 102/)});
    await trial.stage.api('PATCH', USER, before.user);
    await trial.stage.api('PATCH', LINE, before.line);
    await trial.stage.api('DELETE', `${USER}/profiles/Meeting`);
    await clearExceptions(trial);
    await clearForwardings(trial);
  },
};

await run(tests, {name: 'edits', offset: 900});
