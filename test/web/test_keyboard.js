// SPDX-License-Identifier: Apache-2.0
// Everything by keyboard alone: each control of each page is come to and is seen to have the focus,
// the focus never gets lost, and calls are sent away; nothing moves for who wants no motion.
import {clearForwardings, forwardingOf} from './forwardings.js';
import {furnish} from './furnish.js';
import {hasFocus, walk} from './keyboard.js';
import {check, run} from './stage.js';

const LINE = 'groups/trial/lines/102';
const SMALL = {width: 360, height: 640};

// The pages, and what is opened on them first.
const press = (name) => async (page) => page.getByRole('button', {name}).first().click();
const USER_PAGES = [
  ['/'], ['/forwardings'], ['/forwardings', (page) =>
    page.locator('[data-slot="no_answer/all"] .lw-slot-open').click()],
  ['/exceptions'], ['/exceptions', press(/^Edit/)], ['/profiles'], ['/profiles', press('Edit')],
  ['/journal', press(/Why/)], ['/what-if'], ['/devices'], ['/account'],
];
const ADMIN_PAGES = ['dashboard', 'groups', 'lines', 'users', 'devices', 'forwardings',
  'calendars', 'tokens', 'audit', 'groups/trial/checks', 'trace/trial/102']
  .map((name) => [`/admin/${name}`]);

async function walkAll(trial, page, pages) {
  const faults = [];
  for (const [path, open] of pages) {
    await page.goto(trial.stage.url + path);
    await page.locator('main h1').first().waitFor();
    await page.waitForLoadState('networkidle');
    await page.locator('[aria-busy=true]').first().waitFor({state: 'detached'});
    if (open) await open(page);
    await page.evaluate(() => document.activeElement?.blur());
    await page.locator('.lw-skip').focus();
    await page.keyboard.press('Enter');
    await hasFocus(page, page.locator('#main'));
    const found = await walk(page, {within: '#main'});
    found.push(...await walk(page, {within: '#main', key: 'Shift+Tab'}));
    faults.push(...found.map((fault) => `${path}${open ? ', opened' : ''}: ${fault}`));
  }
  check(faults.length === 0, faults.slice(0, 20).join('\n  '));
}

async function furnishOnce(trial) {
  if (!trial.isFurnished) await furnish(trial);
  trial.isFurnished = true;
}

// In the page: keeps what is set in motion.
function watchMotion() {
  window.motions = [];
  for (const kind of ['animationstart', 'transitionrun']) {
    document.addEventListener(kind, (event) => window.motions.push(
      `${kind} ${event.animationName ?? event.propertyName} of ${event.target.className}`), true);
  }
}

const tests = {
  async 'header and navigation'(trial) {
    await furnishOnce(trial);
    const page = await trial.signIn('sales', {reducedMotion: 'reduce'});
    await page.waitForLoadState('networkidle');
    await page.evaluate(() => document.activeElement?.blur());
    const faults = await walk(page);
    check(faults.length === 0, faults.join('\n  '));
    // The first key leads to the way past all this.
    await page.reload();
    await page.locator('main h1').waitFor();
    await page.keyboard.press('Tab');
    await hasFocus(page, page.locator('.lw-skip'));
    check((await page.locator('.lw-skip').boundingBox()).x >= 0, 'the skip link is out of sight');
    await page.keyboard.press('Enter');
    await hasFocus(page, page.locator('#main'));
    // A menu: opened, walked, left; the focus is back.
    const language = page.getByRole('button', {name: 'Language'});
    await language.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', {name: 'Deutsch'}).waitFor();
    await page.waitForFunction(() => document.activeElement?.closest('[role=menu]'));
    await page.keyboard.press('Escape');
    await hasFocus(page, language);
    // To another page: the focus is on it.
    await page.getByRole('link', {name: 'Forwardings', exact: true}).focus();
    await page.keyboard.press('Enter');
    await hasFocus(page, page.locator('#main'));
  },

  async "the user's pages"(trial) {
    await furnishOnce(trial);
    const page = await trial.signIn('sales', {reducedMotion: 'reduce'});
    await walkAll(trial, page, USER_PAGES);
  },

  async "the user's pages on a phone"(trial) {
    await furnishOnce(trial);
    const page = await trial.signIn('sales', {reducedMotion: 'reduce', viewport: SMALL});
    await walkAll(trial, page, USER_PAGES);
  },

  async "the administrator's pages"(trial) {
    await furnishOnce(trial);
    await trial.stage.api('PATCH', 'users/sales', {role: 'administrator'});
    const page = await trial.signIn('sales', {reducedMotion: 'reduce'});
    await walkAll(trial, page, ADMIN_PAGES);
    await trial.stage.api('PATCH', 'users/sales', {role: 'user'});
  },

  // What is closed, saved or removed gives the focus back to where it was opened.
  async 'the focus returns'(trial) {
    await furnishOnce(trial);
    const page = await trial.signIn('sales', {path: '/forwardings', reducedMotion: 'reduce'});
    const slot = page.locator('[data-slot="unreachable/all"] .lw-slot-open');
    const target = page.getByRole('textbox', {name: 'Where to'});
    const enter = async (locator) => {
      await locator.focus();
      await page.keyboard.press('Enter');
    };
    await enter(slot);
    await hasFocus(page, target);
    await page.keyboard.press('Escape'); // the list of targets
    await page.keyboard.press('Escape');
    await target.waitFor({state: 'detached'});
    await hasFocus(page, slot);
    await enter(slot);
    await hasFocus(page, target);
    await page.keyboard.type('106');
    await page.getByLabel('Until', {exact: true}).focus();
    await page.keyboard.press('Tab');
    while (await page.evaluate(() => document.activeElement.type !== 'button')) {
      await page.keyboard.press('Tab'); // the parts of the date
    }
    await page.keyboard.press('Space'); // for an hour
    await enter(page.getByRole('button', {name: 'Save', exact: true}));
    await page.getByText('Unreachable, All callers: goes to 106.').waitFor();
    await hasFocus(page, slot);
    check((await forwardingOf(trial, 'unreachable/all')).until, 'it has no end');
    const toggle = page.locator('[data-slot="unreachable/all"]').getByRole('switch');
    await toggle.focus();
    await page.keyboard.press('Space');
    await page.getByText('Unreachable, All callers: off.').waitFor();
    await hasFocus(page, toggle);
    await enter(page.getByRole('button', {name: 'Undo'}).last());
    await page.getByText('Taken back.').waitFor();
    await hasFocus(page, page.locator('#main'));

    await page.goto(`${trial.stage.url}/exceptions`);
    const edit = page.getByRole('button', {name: 'Edit: +49 89112233'});
    await enter(edit);
    await enter(page.getByRole('button', {name: 'Cancel'}));
    await hasFocus(page, edit);
    await enter(page.getByRole('button', {name: 'New exception'}));
    await enter(page.getByRole('button', {name: 'Cancel'}));
    await hasFocus(page, page.getByRole('button', {name: 'New exception'}));
    await enter(page.getByRole('button', {name: 'Remove: +49 89112233'}));
    await hasFocus(page, page.getByRole('button', {name: 'Edit: Hidden numbers'}));

    await page.goto(`${trial.stage.url}/profiles`);
    const editProfile = page.getByRole('region', {name: 'In a meeting'})
      .getByRole('button', {name: 'Edit'});
    await enter(editProfile);
    await enter(page.getByRole('button', {name: 'Save', exact: true}));
    await hasFocus(page, editProfile);
    await clearForwardings(trial);
  },

  // A call rings: it is sent to a colleague who is picked, and another one is declined.
  async 'a call'(trial) {
    for (const {position} of (await trial.stage.api('GET', `${LINE}/exceptions`)).items) {
      await trial.stage.api('DELETE', `${LINE}/exceptions/${position}`);
    }
    await clearForwardings(trial);
    await trial.stage.api('PUT', `${LINE}/client-state`, {clients: 'ring'});
    const page = await trial.signIn('sales', {reducedMotion: 'reduce', prepare: watchMotion});
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    const calls = page.getByRole('region', {name: 'Your calls now'});
    const ring = (name) => trial.stage.do('begin_call',
      {name, caller: '105', callee: '102', patience_s: 60});
    await ring('forwarded');
    await calls.waitFor();
    await page.locator('#main').focus();
    const to = page.getByRole('textbox', {name: 'Forward this call to'});
    while (!await to.evaluate((one) => one === document.activeElement)) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.type('Winter');
    await page.getByRole('option', {name: /Ben Winter/}).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.getByText(/^The call goes to Ben Winter/).waitFor();
    await calls.waitFor({state: 'detached'});
    await hasFocus(page, page.locator('#main'));
    await trial.stage.do('end_call', {name: 'forwarded'});
    await ring('declined');
    await calls.getByRole('button', {name: 'Decline'}).focus();
    await page.keyboard.press('Enter');
    await page.getByText('The call was declined.').waitFor();
    await calls.waitFor({state: 'detached'});
    await hasFocus(page, page.locator('#main'));
    await trial.stage.do('end_call', {name: 'declined'});
    const motions = await page.evaluate(() => window.motions);
    check(motions.length === 0, `what moves: ${motions.join('; ')}`);
    await trial.stage.api('DELETE', `${LINE}/client-state`);
  },

  // Who wants no motion sees none: pages, menus, switches, notices, a week; who has not asked for
  // that sees some, so the look at it is a true one.
  async 'reduced motion'(trial) {
    const moved = async (reducedMotion) => {
      const page = await trial.signIn('sales',
        {path: '/forwardings', reducedMotion, prepare: watchMotion});
      await page.locator('[data-slot="busy/all"] .lw-slot-open').click();
      await page.getByRole('textbox', {name: 'Where to'}).fill('106');
      await page.getByRole('button', {name: 'Save', exact: true}).click();
      await page.getByText('Busy, All callers: goes to 106.').waitFor();
      await page.locator('[data-slot="busy/all"]').getByRole('switch').press('Space');
      await page.getByText('Busy, All callers: off.').waitFor();
      await page.getByRole('button', {name: 'Language'}).click();
      await page.getByRole('menuitem', {name: 'Deutsch'}).waitFor();
      await page.keyboard.press('Escape');
      for (const link of ['Home', 'Exceptions', 'Profiles', 'Journal', 'Account']) {
        await page.getByRole('link', {name: link, exact: true}).first().click();
        await page.getByRole('heading', {level: 1, name: link}).waitFor();
      }
      await clearForwardings(trial);
      return page.evaluate(() => window.motions);
    };
    const motions = await moved('reduce');
    check(motions.length === 0, `what moves: ${motions.join('; ')}`);
    check((await moved('no-preference')).length > 0, 'nothing moves at all');
  },
};

await run(tests, {name: 'keyboard', offset: 900});
