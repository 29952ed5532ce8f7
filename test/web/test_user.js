// SPDX-License-Identifier: Apache-2.0
// What a user does in the web client, with real calls.
import {clearForwardings, forwardingOf} from './forwardings.js';
import {hasFocus} from './keyboard.js';
import {check, PHONE, run} from './stage.js';

const BUSY_EXTERNAL = '[data-slot="busy/external"]';

// In the page: keeps the titles of the notices that the browser is asked for, which are real ones.
function watchNotices() {
  const Real = window.Notification;
  window.notices = [];
  window.noticesOpen = 0;
  window.Notification = class extends Real {
    constructor(title, options) {
      super(title, options);
      window.notices.push(`${title}: ${options.body}`);
      window.lastNotice = this;
      window.noticesOpen++;
    }

    close() {
      super.close();
      window.noticesOpen--;
    }
  };
}

// The input has that value, or will have it soon.
async function expectValue(page, locator, wanted) {
  const pattern = wanted instanceof RegExp ? wanted.source : `^${wanted}$`;
  const element = await locator.elementHandle();
  await page.waitForFunction(([one, text]) => new RegExp(text).test(one.value), [element, pattern])
    .catch(async () => check(false, `it is "${await locator.inputValue()}", not ${pattern}`));
}

const tests = {
  async 'sign-in'(trial) {
    const page = await trial.visit();
    await page.goto(trial.stage.url);
    await page.getByLabel('Name').fill('sales');
    await page.getByLabel('Password', {exact: true}).fill('wrong password');
    await page.getByRole('button', {name: 'Sign in'}).click();
    await page.getByRole('alert').getByText('wrong').waitFor();
    await trial.checkAccess(page, 'signing in');
    await trial.fillSignIn(page, 'sales');
    await page.getByRole('heading', {level: 1, name: 'Home'}).waitFor();
    await page.waitForFunction(() => document.title.includes('Home'));
    await page.getByRole('button', {name: 'Your account'}).click();
    await page.getByRole('menuitem', {name: 'Sign out'}).click();
    await page.getByRole('heading', {level: 1, name: 'Sign in'}).waitFor();
  },

  // Busy, for external callers, set in the page; a real second call is forwarded; the journal says
  // why.
  async 'busy-external'(trial) {
    const page = await trial.signIn('sales', {path: '/forwardings'});
    await page.locator(`${BUSY_EXTERNAL} .lw-slot-open`).click();
    await page.getByRole('textbox', {name: 'Where to'}).fill('105');
    await page.getByRole('button', {name: 'Save', exact: true}).click();
    await page.locator(BUSY_EXTERNAL).getByText('for external callers').waitFor();
    await page.locator('.lw-forwarding').getByText('1 forwarding on').waitFor();
    await page.waitForFunction(() => document.title.startsWith('↪ 1 forwarding on'));
    await page.locator('link[rel=icon][href*=icon-forwarding]').waitFor({state: 'attached'});

    const journal = await page.context().newPage(); // open before the call comes
    await journal.goto(`${trial.stage.url}/journal`);
    await journal.getByText('No calls here.').waitFor();
    await journal.locator('[data-live=live]').waitFor({state: 'attached'});

    await trial.stage.api('PUT', 'groups/trial/lines/102/client-state',
      {clients: 'ring', calls: 1});
    const call = await trial.stage.call('+4930555123', '+49891234102');
    check(call.arrived === '105', `it arrived at ${call.arrived || 'nothing'}`);
    await journal.locator('.lw-journal').getByText('+49 30555123', {exact: true}).waitFor();
    await page.getByRole('link', {name: 'Journal'}).click();
    const entry = page.locator('.lw-journal > li').first();
    await entry.getByText('+49 30555123', {exact: true}).waitFor();
    await entry.getByText('Forwarded', {exact: true}).waitFor();
    await entry.getByRole('button', {name: /Why/}).click();
    await entry.locator('li[data-last]').getByText('busy').waitFor();
    await entry.getByText(/^Forwarded to 105: handed over to the telephone system/).waitFor();
    await page.locator('[data-figures="102"]').getByText(
      'Forwarded: 1 (handed over to the telephone system: 1). Forwarded by: Busy: 1').waitFor();
    await trial.checkAccess(page, 'the journal');
    await trial.picture(page, 'journal');
    await page.goto(`${trial.stage.url}/what-if`); // of a caller from outside, while it is busy
    await page.locator('form select').last().selectOption('busy');
    await page.getByRole('button', {name: 'Show', exact: true}).click();
    await page.locator('[data-executed=redirect]').getByText(
      'The telephone system is told to forward the call itself.').waitFor();
    await trial.stage.api('DELETE', 'groups/trial/lines/102/client-state');
  },

  // The quick way: all calls elsewhere by one field and one button of the home page, ended by one
  // click, each taken back by one; a forwarding for one kind of caller does not go before it.
  async 'all calls'(trial) {
    await clearForwardings(trial);
    await trial.stage.api('PUT', 'groups/trial/lines/102/forwardings/immediate/external',
      {target: '103'});
    await trial.stage.api('PATCH', 'users/support', {display_name: 'Ben Winter'});
    const page = await trial.signIn('sales');
    const field = page.getByRole('textbox', {name: 'Forward all calls to'});
    const begin = page.getByRole('button', {name: 'Forward all calls', exact: true});
    const end = page.getByRole('button', {name: 'End', exact: true});
    const expectBoth = async (target) => {
      for (const caller of ['106', '+4930555123']) {
        const {arrived} = await trial.stage.call(caller, caller === '106' ? '102' : '+49891234102');
        check(arrived === target, `the call of ${caller} arrived at ${arrived || 'nothing'}`);
      }
    };
    await begin.click();
    await hasFocus(page, field);
    await field.fill('110');
    await begin.click();
    await page.locator('.mantine-InputWrapper-error').getByText(/emergency/i).waitFor();
    const searched = page.waitForResponse(/directory\?q=Winter/); // not what was known before
    await field.fill('Winter');
    await searched;
    await page.getByRole('option', {name: /Ben Winter/}).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter'); // picks
    await page.keyboard.press('Enter'); // does it
    await page.getByText('All calls go to Ben Winter (103)', {exact: true}).waitFor();
    await hasFocus(page, end);
    await page.locator('[data-origin=internal]').getByText('go to Ben Winter').waitFor();
    await trial.checkAccess(page, 'all calls go elsewhere');
    check((await forwardingOf(trial, 'immediate/external')).enabled === false, 'it goes before');
    await page.getByRole('button', {name: 'Undo'}).last().click();
    await begin.waitFor();
    const external = await forwardingOf(trial, 'immediate/external');
    check(external.enabled && !await forwardingOf(trial, 'immediate/all'), 'it is not taken back');
    await field.fill('105');
    await begin.click();
    await page.getByText('All calls go to 105', {exact: true}).waitFor();
    await trial.picture(page, 'home-all');
    await expectBoth('105');
    await end.click();
    await hasFocus(page, field);
    check(await field.inputValue() === '105', 'where it went to is not offered again');
    check((await forwardingOf(trial, 'immediate/all')).enabled === false, 'it is still on');
    const {arrived} = await trial.stage.call('106', '102');
    check(arrived !== '105', 'a call is still forwarded');
    // Somebody else was faster: nothing is overwritten unseen.
    let isSlower = true;
    await page.route('**/forwardings', async (route) => {
      const isChange = route.request().method() === 'PUT' && isSlower;
      if (isChange) {
        isSlower = false;
        await trial.stage.api('PUT', 'groups/trial/lines/102/forwardings/busy/all',
          {target: '106'});
      }
      await route.continue();
    });
    await begin.click();
    await page.getByRole('alert').getByText('Somebody else').waitFor();
    check((await forwardingOf(trial, 'busy/all')).target === '106', 'it was overwritten');
    await begin.click();
    await end.waitFor();
    check(await forwardingOf(trial, 'busy/all'), 'it was overwritten');
    await clearForwardings(trial);
    await begin.waitFor(); // told by the event
  },

  // By number, by name and by what became of it; the server searches, and says where nothing is.
  async 'journal-search'(trial) {
    const slot = 'groups/trial/lines/102/forwardings/immediate/external';
    await trial.stage.call('101', '102'); // which nobody else has called from
    await trial.stage.api('PUT', slot, {target: '105'});
    await trial.stage.do('call_named',
      {name: 'Rosa Quast', number: '+4930888', callee: '+49891234102'});
    await trial.stage.api('DELETE', slot);
    const page = await trial.signIn('sales', {path: '/journal'});
    const entries = page.locator('.lw-journal > li');
    const [quast, colleague] = ['Rosa Quast', '101'].map((text) =>
      entries.filter({has: page.getByText(text, {exact: true})}));
    const search = page.getByRole('searchbox');
    await quast.waitFor();
    await colleague.waitFor();
    for (const [text, isQuast] of [['30888', true], ['rosa q', true], ['101', false]]) {
      await search.fill(text);
      await (isQuast ? colleague : quast).waitFor({state: 'detached'});
      await (isQuast ? quast : colleague).waitFor();
      check(await entries.count() === 1, `${text}: ${await entries.count()} calls`);
      await search.fill('');
      await (isQuast ? colleague : quast).waitFor();
    }
    await page.getByLabel('What became of it').selectOption('forwarded');
    await colleague.waitFor({state: 'detached'});
    await quast.waitFor();
    await search.fill('nobody');
    await page.getByText('No calls here.').waitFor();
    await trial.checkAccess(page, 'nothing is found');
  },

  // What the server refuses stands at the field; a loop is warned of.
  async refused(trial) {
    await clearForwardings(trial);
    const page = await trial.signIn('sales', {path: '/forwardings', locale: 'de-DE'});
    await page.locator('[data-slot="immediate/all"] .lw-slot-open').click();
    const target = page.getByRole('textbox', {name: 'Wohin'});
    for (const [typed, said] of [['110', 'Notrufnummer'], ['102', 'dieser Anschluss selbst'],
      ['+43153454', 'ausländische Nummer']]) {
      await target.fill(typed);
      await page.getByRole('button', {name: 'Speichern', exact: true}).click();
      await page.locator('.mantine-InputWrapper-error').getByText(said).waitFor();
    }
    await trial.checkAccess(page, 'a refused target');
    await trial.picture(page, 'refused-de');
    await page.getByRole('button', {name: 'Abbrechen'}).click();
    await trial.stage.api('PUT', 'groups/trial/lines/103/forwardings/busy/all', {target: '102'});
    await page.locator('[data-slot="busy/all"] .lw-slot-open').click();
    await target.fill('103');
    await page.getByRole('button', {name: 'Speichern', exact: true}).click();
    await page.locator('[data-slot="busy/all"]').getByText('im Kreis').waitFor();
    await clearForwardings(trial, '103');
    await clearForwardings(trial);
  },

  // What the server says is German: at fields, with figures in it, and of whole requests.
  async 'refused in German'(trial) {
    const page = await trial.signIn('sales', {path: '/exceptions', locale: 'de-DE'});
    await page.getByRole('button', {name: 'Neue Ausnahme'}).click();
    await page.getByRole('textbox', {name: 'Wohin'}).fill('keine Nummer!');
    await page.getByRole('textbox', {name: 'Anrufer'}).fill('wer?');
    const save = page.getByRole('button', {name: 'Speichern', exact: true});
    const error = page.locator('.mantine-InputWrapper-error');
    await save.click();
    await error.getByText('Muss eine Nummer sein, der Anfang von Nummern').waitFor();
    await page.getByRole('textbox', {name: 'Anrufer'}).fill('');
    await save.click();
    await error.getByText('Muss eine Nebenstelle, eine Telefonnummer').waitFor();
    await page.goto(`${trial.stage.url}/account`);
    await page.getByLabel('Ihr bisheriges Passwort').fill(trial.stage.password);
    await page.getByLabel('Neues Passwort').fill('kurz');
    await page.getByRole('button', {name: 'Passwort ändern'}).click();
    await error.getByText(/Muss mindestens \d+ Zeichen lang sein/).waitFor();
    await page.goto(`${trial.stage.url}/devices`);
    await page.getByLabel('Neues Gerät').fill('a/b');
    await page.getByRole('button', {name: 'Zugangsdaten erzeugen'}).click();
    await error.getByText('Darf kein / enthalten').waitFor();
  },

  // The daemon goes and comes back: the page does, too, with what was being typed.
  async reconnection(trial) {
    const page = await trial.signIn('sales', {path: '/forwardings'});
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    await page.locator('[data-slot="dnd/all"] .lw-slot-open').click();
    await page.getByRole('textbox', {name: 'Where to'}).fill('106');
    await page.evaluate(() => {
      window.wasNotReloaded = true;
    });
    await trial.stage.do('stop');
    await page.getByText('Connection lost').waitFor();
    await page.getByRole('button', {name: 'Save', exact: true}).click();
    await page.getByRole('alert').getByText('cannot be reached').waitFor();
    await trial.stage.do('start');
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    await trial.stage.command('forward', 'set', '102', 'logged_off', '--to', 'mailbox');
    await page.locator('[data-slot="logged_off/all"]').getByText('Mailbox').waitFor();
    check(await page.evaluate(() => window.wasNotReloaded), 'the page was loaded again');
    check(await page.getByRole('textbox', {name: 'Where to'}).inputValue() === '106',
      'what was typed is lost');
    await page.getByRole('button', {name: 'Save', exact: true}).click();
    await page.locator('[data-slot="dnd/all"]').getByText('106').waitFor();
    await clearForwardings(trial);
  },

  // A call rings: it is on every page, and is sent away by hand.
  async ringing(trial) {
    await trial.stage.api('PUT', 'groups/trial/lines/102/client-state', {clients: 'ring'});
    const page = await trial.signIn('sales');
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    await trial.stage.do('begin_call',
      {name: 'ringing', caller: '105', callee: '102', patience_s: 20});
    const call = page.getByRole('region', {name: 'Your calls now'});
    await call.getByText('105').first().waitFor();
    await trial.checkAccess(page, 'a ringing call');
    await trial.picture(page, 'ringing');
    await call.getByRole('textbox', {name: 'Forward this call to'}).fill('106');
    await call.getByRole('button', {name: 'Forward', exact: true}).click();
    await page.getByText('The call goes to 106.').waitFor();
    await call.waitFor({state: 'detached'});
    await trial.stage.do('end_call', {name: 'ringing'});
    for (const [button, target] of [['To my mobile', 'Mobile'], ['To the mailbox', 'Mailbox'],
      [null, '+4930777']]) {
      await trial.stage.do('begin_call',
        {name: 'sent', caller: '105', callee: '102', patience_s: 60});
      await call.waitFor();
      if (button) {
        await call.getByRole('button', {name: button}).click();
      } else {
        await call.getByRole('textbox', {name: 'Forward this call to'}).fill(target);
        await page.keyboard.press('Enter');
      }
      await page.getByText(`The call goes to ${button ? target : '+49 30777'}.`).waitFor();
      await call.waitFor({state: 'detached'});
      await trial.stage.do('end_call', {name: 'sent'});
      const [entry] = (await trial.stage.api('GET', 'journal?limit=1')).items;
      check(entry.outcome === 'forwarded', `to ${target}: ${entry.outcome}`);
    }
    await trial.stage.do('begin_call',
      {name: 'declined', caller: '105', callee: '102', patience_s: 20});
    await call.getByRole('button', {name: 'Decline'}).click();
    await page.getByText('The call was declined.').waitFor();
    await call.waitFor({state: 'detached'});
    await trial.stage.do('end_call', {name: 'declined'});
    await page.getByRole('link', {name: 'Journal'}).click();
    await page.locator('.lw-journal > li').first().getByText('Declined').first().waitFor();
    await page.locator('.lw-journal > li').nth(4).getByText('106').first().waitFor();
    await trial.stage.api('DELETE', 'groups/trial/lines/102/client-state');
  },

  // Calls of a telephone of one's own: one that it has answered and one that it makes are seen,
  // with whom and since when, and ended by the page.
  async 'answered and made'(trial) {
    await trial.stage.command('user', 'set', 'sales', '--login', 'auto');
    await trial.stage.do('device', {user: 'sales', name: 'desk'});
    const page = await trial.signIn('sales');
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    const calls = page.getByRole('region', {name: 'Your calls now'});
    await trial.stage.do('begin_call',
      {name: 'answered', caller: '105', callee: '102', patience_s: 60, talk_s: 60});
    await calls.getByRole('button', {name: 'Decline'}).waitFor();
    await trial.stage.do('device_answer', {name: 'desk'});
    const talk = calls.getByRole('region', {name: 'Call from 105'});
    await talk.getByText('Talking').waitFor();
    await talk.getByText(/has called you · with desk · on line 102 · since \d/).waitFor();
    check(await calls.getByRole('button', {name: 'Decline'}).count() === 0, 'it still rings');
    await trial.checkAccess(page, 'an answered call');
    await trial.picture(page, 'answered');
    await page.reload();
    await talk.getByRole('button', {name: 'Hang up: 105'}).focus();
    await page.keyboard.press('Enter');
    await trial.stage.do('device_hung_up', {name: 'desk'});
    await page.getByText('The call with 105 is over.').waitFor();
    await calls.waitFor({state: 'detached'});
    await trial.stage.do('end_call', {name: 'answered'});

    await trial.stage.do('device_call', {name: 'desk', number: '106'});
    const made = calls.getByRole('region', {name: 'Call to 106'});
    await made.getByText(/called by you · with desk/).waitFor();
    await made.getByText('Talking').waitFor();
    await made.getByRole('button', {name: 'Hang up: 106'}).click();
    await trial.stage.do('device_hung_up', {name: 'desk'});
    await calls.waitFor({state: 'detached'});
    await page.getByRole('link', {name: 'Journal'}).click();
    const entries = page.locator('.lw-journal > li');
    await entries.nth(0).getByText('106', {exact: true}).waitFor();
    await entries.nth(0).getByText(/Called by you · with desk/).waitFor();
    await entries.nth(1).getByText(/with desk · rang .* · talked \d/).waitFor();
    await entries.nth(0).getByRole('button', {name: /Why/}).click();
    await entries.nth(0).getByText(/^Called 106: answered/).waitFor();
    await entries.nth(1).getByRole('button', {name: /Why/}).click();
    await entries.nth(1).getByText(/^desk: answered/).waitFor();
    await trial.checkAccess(page, 'whom a call went to');
    await trial.picture(page, 'journal-legs');
    await trial.stage.api('DELETE', 'users/sales/devices/desk');
    await trial.stage.command('user', 'set', 'sales', '--login', 'on');
  },

  // The desktop tells of a call where that is allowed and the page is out of sight, and only then.
  async notices(trial) {
    await trial.stage.api('PUT', 'groups/trial/lines/102/client-state', {clients: 'ring'});
    for (const [isAllowed, isHidden] of [[true, true], [true, false], [false, true]]) {
      const page = await trial.signIn('sales', {path: '/journal', prepare: watchNotices});
      if (isAllowed) await page.context().grantPermissions(['notifications']);
      await page.evaluate((hidden) => Object.defineProperty(document, 'hidden', {value: hidden}),
        isHidden);
      await page.locator('[data-live=live]').waitFor({state: 'attached'});
      await trial.stage.do('begin_call',
        {name: 'notice', caller: '105', callee: '102', patience_s: 60});
      await page.locator('.lw-ringing').getByText('105').first().waitFor();
      const shown = await page.evaluate(() => window.notices);
      const wanted = isAllowed && isHidden ? ['105 is calling: 105'] : [];
      check(shown.join() === wanted.join(), `allowed ${isAllowed}, hidden ${isHidden}: ${shown}`);
      if (wanted.length > 0) { // it leads to the call
        await page.evaluate(() => window.lastNotice.onclick());
        await page.waitForFunction(() => document.activeElement.matches('.lw-ringing'));
      }
      await page.locator('.lw-ringing').getByRole('button', {name: 'Decline'}).click();
      await page.waitForFunction(() => window.noticesOpen === 0); // it goes with the call
      await trial.stage.do('end_call', {name: 'notice'});
      if (wanted.length > 0) {
        const call = trial.stage.do('call_named',
          {name: 'Erika Muster', number: '+4930777', callee: '+49891234102'});
        await page.waitForFunction(() => window.notices.includes(
          'Erika Muster is calling: +49 30777'));
        await call;
      }
      await page.context().close();
    }
    await trial.stage.api('DELETE', 'groups/trial/lines/102/client-state');
  },

  // Everything by keyboard: a forwarding is set, and a week is drawn.
  async keyboard(trial) {
    const page = await trial.signIn('sales', {path: '/forwardings', reducedMotion: 'reduce'});
    await page.locator('[data-slot="immediate/external"] .lw-slot-open').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', {name: 'Where to'}).waitFor();
    await page.keyboard.type('mob');
    await page.getByRole('option', {name: /Mobile/}).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.locator('[data-slot="immediate/external"]').getByText('Mobile').waitFor();
    check((await forwardingOf(trial, 'immediate/external')).target === 'mobile', 'not the mobile');
    await page.goto(`${trial.stage.url}/exceptions`);
    await page.getByRole('button', {name: 'New exception'}).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', {name: 'Where to'}).fill('106');
    await page.getByRole('switch', {name: 'Only at certain times of the week'}).focus();
    await page.keyboard.press('Space');
    const grid = page.getByRole('grid');
    await grid.focus();
    await page.keyboard.press('Delete'); // Monday
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowRight');
    await trial.checkAccess(page, 'a week');
    await trial.picture(page, 'exception-week');
    await page.getByRole('button', {name: 'Save', exact: true}).focus();
    await page.keyboard.press('Enter');
    await page.getByText('mo 08:00-10:30; tu-fr 08:00-17:00').waitFor();
    await clearForwardings(trial);
  },

  // By mouse: a rectangle of the week is dragged. The header tells of it and leads there.
  async 'drag-week'(trial) {
    const page = await trial.signIn('sales', {path: '/forwardings'});
    await page.locator('.lw-forwarding').getByText('1 exception on').click();
    await page.getByRole('button', {name: /^Edit/}).first().click();
    const cell = (day, slot) =>
      page.locator(`[role=gridcell][data-day="${day}"][data-slot="${slot}"]`);
    const from = await cell(5, 18).boundingBox();
    const to = await cell(6, 25).boundingBox();
    await page.mouse.move(from.x + 3, from.y + 8);
    await page.mouse.down();
    await page.mouse.move(to.x + 3, to.y + 8, {steps: 6});
    await page.mouse.up();
    await page.getByRole('button', {name: 'Save', exact: true}).click();
    await page.getByText('sa-su 09:00-13:00').waitFor();
    await page.getByRole('button', {name: /^Remove/}).first().click();
    await page.getByText('No exceptions').waitFor();
    await page.locator('.lw-forwarding').waitFor({state: 'detached'});
  },

  // With a finger, on a telephone: sideways it draws, up and down it scrolls the page and draws
  // nothing, a touch switches one half hour; at its edge the week goes along, as it does by the row
  // of hours.
  async 'draw the week by finger'(trial) {
    const page = await trial.signIn('sales',
      {path: '/exceptions', viewport: PHONE, hasTouch: true, reducedMotion: 'reduce'});
    await page.getByRole('button', {name: 'New exception'}).click();
    await page.getByText('Only at certain times of the week').click();
    const written = page.getByLabel('As text');
    await written.fill('su 23:30-24:00');
    const cell = (day, slot) =>
      page.locator(`[role=gridcell][data-day="${day}"][data-slot="${slot}"]`);
    const centre = async (locator) => {
      const {x, y, width, height} = await locator.boundingBox();
      return {x: x + width / 2, y: y + height / 2};
    };
    const scrolled = () => page.evaluate(() =>
      [window.scrollY, document.querySelector('.lw-week-frame').scrollLeft].map(Math.round));
    await cell(3, 4).evaluate((one) => one.scrollIntoView({block: 'center'}));
    const rest = async () => { // what was pushed goes on a little
      for (let last = ''; last !== String(await scrolled());) {
        last = String(await scrolled());
        await page.waitForTimeout(300);
      }
    };
    const finger = await page.context().newCDPSession(page);
    const touch = (type, point) => finger.send('Input.dispatchTouchEvent',
      {type, touchPoints: point ? [point] : []});
    const drag = async (from, to, waitMs = 0) => {
      const steps = 12;
      await touch('touchStart', from);
      for (let i = 1; i <= steps; i++) {
        await touch('touchMove', {x: from.x + (to.x - from.x) * i / steps,
          y: from.y + (to.y - from.y) * i / steps});
        await page.waitForTimeout(16);
      }
      await page.waitForTimeout(waitMs);
      await touch('touchEnd');
    };
    const before = await scrolled();
    await drag(await centre(cell(0, 4)), await centre(cell(1, 11))); // sideways, then down
    await expectValue(page, written, 'mo-tu 02:00-06:00; su 23:30-24:00');
    check(String(await scrolled()) === String(before), 'drawing has moved the page');
    const one = await centre(cell(3, 8));
    await touch('touchStart', one);
    await touch('touchEnd');
    await expectValue(page, written, 'mo-tu 02:00-06:00; th 04:00-04:30; su 23:30-24:00');
    const from = await centre(cell(6, 6));
    await drag(from, {x: from.x, y: from.y + 200});
    await page.waitForFunction((y) => window.scrollY < y - 50, before[0]);
    check(await written.inputValue() === 'mo-tu 02:00-06:00; th 04:00-04:30; su 23:30-24:00',
      `scrolling has drawn ${await written.inputValue()}`);
    await rest();
    await cell(3, 4).evaluate((one) => one.scrollIntoView({block: 'center'}));
    await rest();
    const hours = await centre(page.locator('.lw-week-hours span').nth(6));
    await drag(hours, {x: hours.x - 100, y: hours.y});
    await page.waitForFunction((x) =>
      document.querySelector('.lw-week-frame').scrollLeft > x + 50, before[1]);
    await rest();
    await page.evaluate(() => document.querySelector('.lw-week-frame').scrollTo(0, 0));
    await rest();
    // To the edge, and held there: until the end of the day.
    const start = await centre(cell(4, 12));
    await drag(start, {x: PHONE.width - 34, y: start.y}, 3000);
    await expectValue(page, written, /fr 06:00-2[34]:[03]0/);
    await trial.picture(page, 'week-by-finger');
  },

  // A profile is put on with one touch, and what it does is seen at once.
  async profile(trial) {
    const page = await trial.signIn('sales', {path: '/profiles'});
    await page.getByRole('button', {name: 'In a meeting'}).click();
    await page.getByRole('button', {name: 'Put on'}).click();
    await page.getByText(/On until/).waitFor();
    await trial.picture(page, 'profiles');
    const call = await trial.stage.call('105', '102');
    check(call.arrived === '700', `it arrived at ${call.arrived || 'nothing'}`);
    await page.getByRole('button', {name: 'Undo'}).last().click();
    await page.getByRole('button', {name: 'Put on'}).waitFor();
    const {items} = await trial.stage.api('GET', 'users/sales/profiles');
    check(!items[0].applied, 'it is still on');
  },

  // Asked for first; who goes elsewhere has revoked nothing.
  async 'a device is revoked'(trial) {
    await trial.stage.api('POST', 'users/support/devices', {name: 'bench'});
    const page = await trial.signIn('support', {path: '/devices'});
    const device = page.getByRole('region', {name: 'bench'});
    await device.getByRole('button', {name: 'Revoke', exact: true}).click();
    await device.getByRole('button', {name: 'Really revoke bench'}).waitFor();
    await trial.checkAccess(page, 'whether to revoke it');
    await page.keyboard.press('Tab');
    await device.getByRole('button', {name: 'Revoke', exact: true}).waitFor();
    const {items} = await trial.stage.api('GET', 'users/support/devices');
    check(items.some(({name}) => name === 'bench'), 'it was revoked unasked');
    await device.getByRole('button', {name: 'Revoke', exact: true}).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.getByText('bench is revoked').waitFor();
    await device.waitFor({state: 'detached'});
  },

  // "What if?" at a time: a rule of Monday mornings decides then, and at no other time.
  async 'what if, by time'(trial) {
    const made = await trial.stage.api('POST', 'groups/trial/lines/102/exceptions',
      {target: '105', schedule: 'mo 08:00-12:00'});
    const page = await trial.signIn('sales', {path: '/what-if'});
    const goesTo = page.locator('section[aria-live]').getByText(/105/);
    for (const [at, isThen] of [['2031-01-06T09:00', true], ['2031-01-06T15:00', false],
      ['2031-01-07T09:00', false], ['2031-01-13T11:30', true]]) {
      const answer = page.waitForResponse((response) => response.url().includes('/explain') &&
        (response.request().postData() ?? '').includes(at.slice(0, 10)));
      await page.getByLabel('When (empty: now)').fill(at);
      await page.getByRole('button', {name: 'Show', exact: true}).click();
      const {verdict} = await (await answer).json();
      check((verdict.target === '105') === isThen, `${at}: ${JSON.stringify(verdict)}`);
      if (isThen) await goesTo.first().waitFor();
    }
    await trial.stage.api('DELETE', `groups/trial/lines/102/exceptions/${made.position}`);
  },

  // The password is changed, and every session ends where that is asked for.
  async account(trial) {
    const page = await trial.signIn('workshop', {path: '/account'});
    await page.getByLabel('Your password until now').fill('not this one');
    await page.getByLabel('New password').fill('another horse battery');
    await page.getByRole('button', {name: 'Change the password'}).click();
    await page.locator('.mantine-InputWrapper-error').waitFor();
    await page.getByLabel('Your password until now').fill(trial.stage.password);
    await page.getByRole('button', {name: 'Change the password'}).click();
    await page.getByText('The password is changed.').waitFor();
    const other = await page.context().newPage(); // another tab of the same session
    await other.goto(page.url());
    await other.getByRole('button', {name: 'Sign out everywhere'}).waitFor();
    await page.getByRole('button', {name: 'Sign out everywhere'}).click();
    await page.getByRole('heading', {name: 'Sign in'}).waitFor();
    await other.getByRole('heading', {name: 'Sign in'}).waitFor({timeout: 60_000});
    await trial.fillSignIn(page, 'workshop', 'another horse battery');
  },
};

await run(tests, {name: 'user', offset: 900});
