// SPDX-License-Identifier: Apache-2.0
// Makes the pictures of the documents (docs/pictures), by the same stage as the tests:
//
//     node test/web/pictures.js --bin build/release/bin/lineward
import {join} from 'node:path';
import {furnish} from './furnish.js';
import {ROOT, run, WIDE} from './stage.js';

const VIEWPORT = {width: 1080, height: 660};
const PAGES = {
  home: '/', forwardings: '/forwardings', exceptions: '/exceptions', profiles: '/profiles',
  journal: '/journal', 'what-if': '/what-if',
};

async function take(page, name) {
  await page.waitForLoadState('networkidle');
  await page.screenshot({path: join(ROOT, 'docs/pictures', `${name}.png`)});
}

const ADMIN_PAGES = {
  'admin-dashboard': '/admin/dashboard', 'admin-lines': '/admin/lines',
  'admin-devices': '/admin/devices',
};

const tests = {
  async pictures(trial) {
    await furnish(trial);
    const page = await trial.signIn('sales', {viewport: VIEWPORT});
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(trial.stage.url + path);
      await page.locator('main h1').waitFor();
      if (name === 'journal') await page.getByRole('button', {name: /Why/}).first().click();
      if (name === 'exceptions') {
        await page.getByRole('button', {name: /^Edit/}).first().click();
        await page.getByRole('grid').scrollIntoViewIfNeeded();
      }
      await take(page, name);
    }
    await trial.stage.api('PUT', 'groups/trial/lines/102/forwardings', {items: []});
    const exceptions = await trial.stage.api('GET', 'groups/trial/lines/102/exceptions');
    for (const {position} of exceptions.items) {
      await trial.stage.api('DELETE', `groups/trial/lines/102/exceptions/${position}`);
    }
    await trial.stage.api('PUT', 'groups/trial/lines/102/client-state', {clients: 'ring'});
    await page.goto(trial.stage.url);
    await page.locator('[data-live=live]').waitFor({state: 'attached'});
    await trial.stage.do('begin_call',
      {name: 'picture', caller: '105', callee: '102', patience_s: 20});
    await page.locator('.lw-ringing').waitFor();
    await take(page, 'ringing');
    await trial.stage.do('end_call', {name: 'picture'});
    await page.locator('.lw-ringing').waitFor({state: 'detached'});
    await trial.stage.do('device', {user: 'sales', name: 'mobile-app'});
    await trial.stage.do('device_call', {name: 'mobile-app', number: '106'});
    await page.locator('.lw-ongoing').getByText('Talking').waitFor();
    await take(page, 'calls');
    await page.getByRole('button', {name: 'Hang up'}).click();
    await trial.stage.do('device_hung_up', {name: 'mobile-app'});
  },

  async administration(trial) {
    const {stage} = trial;
    await stage.api('PATCH', 'users/sales', {role: 'administrator'});
    await stage.do('device', {user: 'support', name: 'desk'});
    const page = await trial.signIn('sales', {viewport: WIDE});
    for (const [name, path] of Object.entries(ADMIN_PAGES)) {
      await page.goto(stage.url + path);
      await page.locator('main h1').waitFor();
      await page.locator('[aria-busy=true]').waitFor({state: 'detached'});
      await take(page, name);
    }
    await stage.api('POST', 'groups/trial/checks', {quick: true, lines: ['101', '104', '103']});
    await page.setViewportSize({width: WIDE.width, height: 1180});
    await page.goto(`${stage.url}/admin/groups/trial/checks`);
    await page.locator('section[data-state=done]').waitFor();
    await take(page, 'group-check');
  },
};

await run(tests, {name: 'pictures', offset: 900});
