// SPDX-License-Identifier: Apache-2.0
// Forms whose saving is refused, by the page or by the server: the focus is on the field at fault,
// which says what is wrong with it to who sees the page and to who listens to it.
import {clearForwardings} from './forwardings.js';
import {hasFocus} from './keyboard.js';
import {check, run} from './stage.js';

const MISSING = 'Please fill this in.';

// The control that `locator` finds is at fault, by `reason`, and the only one with the focus.
async function expectFault(page, locator, reason) {
  await page.locator('[aria-invalid=true]').first().waitFor({state: 'attached'});
  await hasFocus(page, locator);
  const [invalid, description] = await locator.evaluate((one) => [one.getAttribute('aria-invalid'),
    (one.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean)
      .map((id) => document.getElementById(id)?.textContent ?? `no ${id}`).join(' | ')]);
  check(invalid === 'true', `it is not marked, and should say ${reason}`);
  check(description.includes(reason), `it says "${description}", not "${reason}"`);
}

const press = (page, name) => page.getByRole('button', {name, exact: true}).last().click();

async function open(trial, path, role = 'user') {
  await trial.stage.api('PATCH', 'users/sales', {role});
  return trial.signIn('sales', {path, reducedMotion: 'reduce'});
}

const tests = {
  async 'signing in'(trial) {
    const page = await trial.visit();
    await page.goto(trial.stage.url);
    const [name, password] = [page.getByLabel('Name'), page.getByLabel('Password', {exact: true})];
    await name.fill('sales');
    await press(page, 'Sign in');
    await expectFault(page, password, MISSING);
    await page.keyboard.type('wrong');
    check(await password.getAttribute('aria-invalid') !== 'true', 'it is at fault for ever');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('wrong').waitFor();
    check(await page.locator('[aria-invalid=true]').count() === 0, 'it tells which is wrong');
    await page.waitForFunction(() => document.activeElement !== document.body);
  },

  async 'a forwarding'(trial) {
    const page = await open(trial, '/forwardings');
    await page.locator('[data-slot="busy/all"] .lw-slot-open').click();
    const target = page.getByRole('textbox', {name: 'Where to'});
    await press(page, 'Save');
    await expectFault(page, target, MISSING);
    await trial.checkAccess(page, 'a forwarding without a target');
    await target.fill('110');
    await press(page, 'Save');
    await expectFault(page, target, 'mergency');
    check(await page.getByRole('option').count() === 0, 'the list covers what is wrong');
    await target.fill('106');
    const until = page.getByLabel('Until', {exact: true});
    await until.focus();
    await page.keyboard.press('1'); // the month alone
    await press(page, 'Save');
    await expectFault(page, until, 'This is not complete.');
    check(await page.locator('[aria-invalid=true]').count() === 1, 'more than one is at fault');
  },

  async 'an exception and a profile'(trial) {
    const page = await open(trial, '/exceptions');
    await press(page, 'New exception');
    await press(page, 'Save');
    await expectFault(page, page.getByRole('textbox', {name: 'Where to'}), MISSING);
    await page.getByRole('textbox', {name: 'Where to'}).fill('105');
    await page.getByText('Only at certain times of the week').click();
    const written = page.getByLabel('As text');
    await written.fill('mo 25:00-26:00');
    await press(page, 'Save');
    await expectFault(page, written, '08:00');
    await page.goto(`${trial.stage.url}/profiles`);
    await press(page, 'New profile');
    await press(page, 'Save');
    await expectFault(page, page.getByLabel('Name', {exact: true}), MISSING);
    await page.getByLabel('Name', {exact: true}).fill('Away');
    await page.getByLabel('Or until the time').fill('17:00');
    for (const [number, condition, target] of [[1, 'immediate', '105'], [2, 'busy', '110']]) {
      await press(page, 'Add a forwarding');
      const row = page.getByRole('group', {name: `Forwarding ${number}`});
      await row.getByRole('combobox').first().selectOption(condition);
      await row.getByRole('textbox').fill(target);
    }
    await press(page, 'Save');
    const second = page.getByRole('group', {name: 'Forwarding 2'}).getByRole('textbox');
    await expectFault(page, second, 'mergency');
    check(await page.locator('[aria-invalid=true]').count() === 1, 'another one is at fault, too');
    await trial.checkAccess(page, 'a profile with a fault');
    await trial.picture(page, 'profile-fault');
    await second.fill('106');
    await press(page, 'Save');
    await page.getByRole('region', {name: 'Away'}).waitFor();
    await trial.stage.api('DELETE', 'users/sales/profiles/Away');
  },

  async 'an account'(trial) {
    const page = await open(trial, '/account');
    const current = page.getByLabel('Your password until now');
    await current.fill('not mine');
    await page.getByLabel('New password').fill('long enough, and new');
    await press(page, 'Change the password');
    await expectFault(page, current, 'Is not the user');
    const mobile = page.getByLabel('Mobile', {exact: true});
    await mobile.fill('nobody');
    await page.getByLabel('Home', {exact: true}).last().fill('030 1234567');
    await press(page, 'Save');
    await expectFault(page, mobile, 'Must be');
    await page.goto(`${trial.stage.url}/devices`);
    const device = page.getByLabel('New device');
    await press(page, 'Make credentials');
    await expectFault(page, device, MISSING);
    await device.fill('a/b');
    await press(page, 'Make credentials');
    await expectFault(page, device, 'contain');
    await page.goto(`${trial.stage.url}/what-if`);
    await page.getByLabel('Who calls').selectOption('number');
    await press(page, 'Show');
    await expectFault(page, page.getByLabel('Number', {exact: true}), MISSING);
  },

  // A call that rings is sent where it must not go.
  async 'a call'(trial) {
    await clearForwardings(trial);
    await trial.stage.api('PUT', 'groups/trial/lines/102/client-state', {clients: 'ring'});
    const page = await open(trial, '/');
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    await trial.stage.do('begin_call', {name: 'a', caller: '105', callee: '102', patience_s: 60});
    const to = page.getByRole('textbox', {name: 'Forward this call to'});
    await to.waitFor();
    await press(page, 'Forward');
    await expectFault(page, to, MISSING);
    await to.fill('110');
    await page.keyboard.press('Enter');
    await page.getByText(/emergency/i).waitFor();
    await expectFault(page, to, 'mergency');
    await trial.stage.do('end_call', {name: 'a'});
    await trial.stage.api('DELETE', 'groups/trial/lines/102/client-state');
  },

  async 'records, tokens and checks'(trial) {
    const page = await open(trial, '/admin/users', 'administrator');
    const panel = page.getByRole('dialog');
    await page.getByRole('button', {name: 'Add a user'}).click();
    await panel.getByRole('button', {name: 'Save'}).click();
    await expectFault(page, panel.getByLabel('User name'), MISSING);
    await trial.checkAccess(page, 'a user without a name');
    await panel.getByLabel('User name').fill('new');
    await panel.getByLabel('Mobile').fill('nobody');
    await panel.getByRole('button', {name: 'Save'}).click();
    await expectFault(page, panel.getByLabel('Mobile'), 'Must be');
    await page.goto(`${trial.stage.url}/admin/groups`);
    await page.getByRole('button', {name: 'trial', exact: true}).click();
    await panel.getByLabel('Internal numbers').fill('9-1');
    await panel.getByRole('button', {name: 'Save'}).click();
    await expectFault(page, panel.getByLabel('Internal numbers'), 'backwards');
    await page.goto(`${trial.stage.url}/admin/tokens`);
    await page.getByRole('button', {name: 'Make a token'}).click();
    await panel.getByRole('button', {name: 'Make it'}).click();
    await expectFault(page, panel.getByLabel('What it is for'), MISSING);
    await panel.getByLabel('What it is for').fill('reader');
    await panel.getByLabel('Days that it is valid').fill('many');
    await panel.getByRole('button', {name: 'Make it'}).click();
    await expectFault(page, panel.getByLabel('Days that it is valid'), 'umber');
    await page.goto(`${trial.stage.url}/admin/groups/trial/checks`);
    await page.getByText('These lines:').click();
    await page.getByLabel('Calls', {exact: true}).fill('101');
    await page.getByRole('button', {name: 'Start the check'}).click();
    await expectFault(page, page.getByLabel('Diverts'), MISSING);
    await page.getByLabel('Diverts').fill('102');
    await page.getByLabel('Is the target').fill('999');
    await page.getByRole('button', {name: 'Start the check'}).click();
    await expectFault(page, page.getByLabel('Is the target'), '999 is no line');
    await page.getByLabel('Is the target').fill('103');
    await page.getByLabel('Test number outside').fill('0170 1234567');
    await page.getByRole('button', {name: 'Start the check'}).click();
    await expectFault(page, page.getByRole('checkbox', {name: /may be called/}), 'not called');
    await page.goto(`${trial.stage.url}/setup`);
    await page.getByRole('button', {name: 'Next'}).click();
    await expectFault(page, page.getByLabel(/^Name/), MISSING);
    for (const [label, text] of [[/^Name/, 'second'], [/^Address/, trial.stage.pbx],
      [/^SIP domain/, trial.stage.domain]]) {
      await page.getByLabel(label).fill(text);
    }
    await page.getByRole('button', {name: 'Next'}).click();
    await page.getByRole('button', {name: 'Test the connection'}).click();
    await expectFault(page, page.getByLabel('Extension'), 'Is missing');
  },
};

await run(tests, {name: 'forms', offset: 900});
