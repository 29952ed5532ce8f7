// SPDX-License-Identifier: Apache-2.0
// The check of a line group in the browser, against the trial's PBX: without a fault, and then with
// two; watched as it goes on, ended before its time, compared, and read in German.
import {PHONE, check, run} from './stage.js';

const PATH = '/admin/groups/trial/checks';

async function open(trial, path, options = {}) {
  const page = await trial.signIn('sales', {reducedMotion: 'reduce', ...options, path});
  await page.locator('main h1').first().waitFor();
  await page.locator('[aria-busy=true]').waitFor({state: 'detached'});
  return page;
}

// Starts a quick check of the lines that it names.
async function start(page, {isQuick = true, external = ''} = {}) {
  const form = page.locator('.lk-start');
  if (await form.getAttribute('open') === null) await form.locator('summary').click();
  await page.getByLabel('These lines:').check();
  for (const [name, line] of [['Calls', '101'], ['Diverts', '102'], ['Is the target', '103']]) {
    await form.getByLabel(name, {exact: true}).fill(line);
  }
  if (external) await form.getByLabel('Test number outside').fill(external);
  const quick = page.getByLabel('Without the ring time-out of the PBX');
  if (await quick.isChecked() !== isQuick) await quick.click();
  await page.getByRole('button', {name: 'Start the check'}).click();
}

const rowOf = (page, name) => page.locator(`[data-row=${name}]`);
const reportIn = (page, state) => page.locator(`section[data-state=${state}]`);

// How the check that is shown ends.
async function expectEnd(page, state = 'done') {
  await reportIn(page, state).waitFor({timeout: 60000});
}

const tests = {
  async prepare(trial) {
    await trial.stage.api('PATCH', 'users/sales', {role: 'administrator'});
  },

  // From the group's page; nobody outside is called unless somebody says so; each row appears as it
  // is found out, told by events: nothing but the checks is read anew.
  async 'a-check-is-watched'(trial) {
    const page = await open(trial, '/admin/groups');
    await page.getByRole('link', {name: 'Check trial'}).click();
    await page.getByRole('heading', {level: 1, name: 'Check of trial'}).waitFor();
    await trial.checkAccess(page, 'starting a check');
    await start(page, {external: '0170 1234567'});
    await page.getByText('Without this, the number is not called').waitFor();
    check((await trial.stage.api('GET', 'groups/trial/checks')).items.length === 0, 'it began');
    await page.getByLabel('0170 1234567 may be called for this').check();
    await trial.picture(page, 'check-start');
    const asked = [];
    await page.getByRole('button', {name: 'Start the check'}).click();
    await reportIn(page, 'running').waitFor();
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await rowOf(page, 'registration').getByText('works').waitFor();
    await reportIn(page, 'running').waitFor();
    await trial.checkAccess(page, 'a check that runs');
    await trial.picture(page, 'check-running');
    await expectEnd(page);
    // The last row un-registers a line, which is an event of its own.
    const isExpected = /^\/api\/v1\/(groups\/trial\/(checks|directory)|lines$)/;
    const others = asked.filter((path) => !isExpected.test(path));
    check(asked.length >= 5 && others.length === 0, `asked for ${others}, ${asked.length} in all`);
    for (const name of ['incoming', 'second_call', 'redirect_internal', 'redirect_external']) {
      await rowOf(page, name).getByText('works').waitFor();
    }
    await rowOf(page, 'ring_timeout').getByText('not tested').waitFor();
    await page.getByText('101 calls, 102 diverts, 103 is the target').waitFor();
    await page.locator('dd', {hasText: '+491701234567'}).waitFor();
    await page.locator('dd', {hasText: 'trial PBX'}).waitFor();
  },

  async 'it-is-ended-before-its-time'(trial) {
    const page = await open(trial, PATH);
    await start(page, {isQuick: false});
    await reportIn(page, 'running').waitFor();
    await rowOf(page, 'registration').getByText('works').waitFor();
    await page.getByRole('button', {name: 'End it'}).click();
    await expectEnd(page, 'cancelled');
    await page.getByText('It was cancelled').waitFor();
    await rowOf(page, 'ring_timeout').getByText('The check was ended before').waitFor();
  },

  // What the check finds is said with what to do, and set against the one before.
  async 'faults-are-named-and-compared'(trial) {
    await trial.stage.do('pbx', {fault: 'NO_SECOND_CALL'});
    const page = await open(trial, PATH);
    await start(page);
    await reportIn(page, 'running').waitFor();
    await expectEnd(page);
    await rowOf(page, 'second_call').getByText('fails').waitFor();
    await rowOf(page, 'second_call').getByText('Set line 102 up for a second call in the PBX')
      .waitFor();
    const changes = page.getByRole('list', {name: 'What has changed since'});
    await changes.getByRole('listitem').filter({hasText: 'Second call'})
      .filter({hasText: 'works'}).filter({hasText: 'fails'}).waitFor();
    await trial.checkAccess(page, 'a report');
    await trial.picture(page, 'check-report');
    await page.getByRole('link', {name: 'Check 1', exact: true}).click();
    await page.getByRole('heading', {name: 'Check 1', exact: true}).waitFor();
    await page.getByLabel('Compared with').selectOption('3');
    await changes.getByText('Second call').waitFor();
    await page.goto(`${trial.stage.url}${PATH}/1`);
    await page.getByRole('heading', {name: 'Check 1', exact: true}).waitFor();
    await page.goto(`${trial.stage.url}/admin/dashboard`);
    await page.getByRole('link', {name: 'sends no second call to a line'}).click();
    await page.getByRole('heading', {name: 'Check 3', exact: true}).waitFor();
  },

  async 'in-every-look'(trial) {
    for (const [colorScheme, viewport, locale, suffix] of [['dark', undefined, 'en-US', '-dark'],
      ['light', PHONE, 'en-US', '-phone'], ['light', undefined, 'de-DE', '-german']]) {
      const page = await open(trial, PATH, {colorScheme, locale, ...(viewport && {viewport})});
      await reportIn(page, 'done').waitFor();
      await trial.checkAccess(page, `checks${suffix}`);
      await trial.picture(page, `check-report${suffix}`);
      if (locale !== 'de-DE') continue;
      await page.getByRole('heading', {level: 1, name: 'Prüfung von trial'}).waitFor();
      await rowOf(page, 'second_call').getByText('geht nicht').waitFor();
      await rowOf(page, 'second_call').getByText('Richten Sie Leitung 102 in der Anlage').waitFor();
      const text = await page.locator('.lk-rows').innerText();
      check(!/\b(the|call|line|was|PBX)\b/.test(text), `there is English: ${text}`);
    }
  },

  async 'by-keyboard-alone'(trial) {
    const page = await open(trial, PATH);
    await page.locator('.lk-start summary').focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Without the ring time-out of the PBX').focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await reportIn(page, 'running').waitFor();
    await page.getByRole('button', {name: 'End it'}).focus();
    await page.keyboard.press('Enter');
    await expectEnd(page, 'cancelled');
  },

  // A PBX that follows no redirect: the alarm on the dashboard leads to the check.
  async 'a-lost-redirect-leads-here'(trial) {
    await trial.stage.do('pbx', {is_following: false});
    await trial.stage.api('PUT', 'groups/trial/lines/104/forwardings/immediate/all',
      {target: '101'});
    const page = await open(trial, '/admin/dashboard');
    await trial.stage.call('106', '104');
    await page.getByText('One call that the line trial/104 forwards to 101 did not arrive')
      .waitFor();
    await trial.checkAccess(page, 'a lost redirect');
    await trial.picture(page, 'check-lost-redirect');
    await page.getByRole('link', {name: 'Check trial'}).click();
    await page.getByRole('heading', {level: 1, name: 'Check of trial'}).waitFor();
    await page.goBack();
    await page.getByRole('button', {name: 'Lift: trial/104'}).click();
    await page.getByRole('button', {name: 'Really lift'}).click();
    await page.getByText('The alarm of trial/104 is lifted').waitFor();
  },
};

await run(tests, {name: 'checks', offset: 2650});
