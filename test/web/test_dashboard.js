// SPDX-License-Identifier: Apache-2.0
// What the dashboard's plots tell, held to calls that were really placed and to lines that really
// stand so.
import {PHONE, check, run} from './stage.js';
import {drawnOf, tableOf} from './plots.js';

const NOTED_MS = 75_000; // how lines stand is noted once a minute
const LINES = 'Lines over the last day';

// Two further lines at the same PBX, which knows neither.
async function branch(stage) {
  await stage.api('POST', 'groups', {name: 'branch', server: stage.pbx, domain: stage.domain});
  for (const extension of ['901', '902']) {
    await stage.api('POST', 'groups/branch/lines', {extension, password: 'wrong'});
  }
}

async function until(what, isThere, patienceMs) {
  for (const end = Date.now() + patienceMs; Date.now() < end;) {
    if (await isThere()) return;
    await new Promise((done) => setTimeout(done, 500));
  }
  check(false, `${what}: not within ${patienceMs} ms`);
}

// The last figure of each curve, drawn and in the table, which say the same.
async function newest(page) {
  const [table, drawn] = [await tableOf(page, LINES), await drawnOf(page, LINES)];
  return Object.fromEntries(Object.entries(table).map(([name, values]) => {
    check(drawn[name].at(-1) === values.at(-1),
      `${name}: ${drawn[name].at(-1)} is drawn, ${values.at(-1)} in the table`);
    return [name, values.at(-1)];
  }));
}

// Waits until the newest figures of the lines are those.
async function waitForLines(page, wanted) {
  let seen = '';
  await until(`lines ${wanted}`, async () => {
    seen = Object.values(await newest(page)).join();
    return seen === wanted;
  }, 5_000).catch((trouble) => {
    throw new Error(`${trouble.message}, but ${seen}`);
  });
}

function look(trial, options) {
  return trial.signIn('sales', {reducedMotion: 'reduce', path: '/admin/dashboard', ...options});
}

const tests = {
  async prepare(trial) {
    await trial.stage.api('PATCH', 'users/sales', {role: 'administrator'});
    await branch(trial.stage);
  },

  // Registered, refused, unreachable: of all lines, and of those of one group.
  async 'lines-of-one-group'(trial) {
    const {stage} = trial;
    const counts = async (query, state) =>
      (await stage.api('GET', `samples${query}`)).items.at(-1)?.[state];
    await until('the lines are noted', async () => await counts('', 'refused') === 2 &&
      await counts('?group=branch', 'refused') === 2 &&
      await counts('?group=trial', 'registered') === 4, NOTED_MS);
    const page = await look(trial);
    await waitForLines(page, '4,2,0');
    await page.getByText('Noted once a minute').waitFor();
    const group = page.getByLabel('Line group', {exact: true});
    await group.selectOption('branch');
    await waitForLines(page, '0,2,0');
    await page.getByText('Noted every five minutes').waitFor();
    await trial.checkAccess(page, 'the dashboard of a group');
    await trial.picture(page, 'dashboard-of-a-group');
    await group.selectOption('trial');
    await waitForLines(page, '4,0,0');
    await page.getByRole('link', {name: 'lines registered'}).click();
    await page.getByRole('row', {name: /trial\/104/}).waitFor();
    check(await page.getByRole('row').count() === 5, 'the head and the lines of the group');
    check(await page.locator('select').first().inputValue() === 'trial', 'the group is chosen');
    const german = await look(trial, {locale: 'de-DE', viewport: PHONE});
    await german.getByLabel('Leitungsgruppe', {exact: true}).selectOption('branch');
    await german.getByText('Alle fünf Minuten notiert').waitFor();
    const width = await german.evaluate(() => document.documentElement.scrollWidth);
    check(width <= PHONE.width, `${width} pixels wide`);
    await trial.picture(german, 'dashboard-of-a-group-phone');
  },

  // A group that is removed while somebody looks at it: all are shown again.
  async 'a-group-goes'(trial) {
    const {stage} = trial;
    const page = await look(trial);
    const group = page.getByLabel('Line group', {exact: true});
    await group.selectOption('branch');
    await page.getByText('Noted every five minutes').waitFor();
    for (const extension of ['901', '902']) {
      await stage.api('DELETE', `groups/branch/lines/${extension}`);
    }
    await stage.api('DELETE', 'groups/branch');
    check((await stage.api('GET', 'samples?group=branch')).items.length === 0, 'still there');
    await page.getByText('Noted once a minute').waitFor({timeout: 40_000});
    await group.waitFor({state: 'detached'});
    await stage.api('POST', 'groups', {name: 'branch', server: stage.pbx, domain: stage.domain});
    check((await stage.api('GET', 'samples?group=branch')).items.length === 0,
      'a new group of that name has the figures of the former one');
    await stage.api('DELETE', 'groups/branch');
  },
};

await run(tests, {name: 'dashboard', offset: 2650});
