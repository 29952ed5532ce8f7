// SPDX-License-Identifier: Apache-2.0
// What the dashboard's plots tell, held to calls that were really placed and to lines that really
// stand so.
import {PHONE, check, run} from './stage.js';
import {drawnOf, tableOf} from './plots.js';

const NOTED_MS = 75_000; // how lines stand is noted once a minute
const CALLS = 'What became of calls';
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

const sum = (values) => values.reduce((total, value) => total + value, 0);

// What the plot of calls tells together, drawn and in the table, and the figures beside it.
async function callsOn(page) {
  const [table, drawn] = [await tableOf(page, CALLS), await drawnOf(page, CALLS)];
  const counts = Object.fromEntries(Object.entries(table).map(([name, values]) => {
    check(drawn[name].join() === values.filter((value) => value > 0).join(),
      `${name}: ${drawn[name]} is drawn, ${values} in the table`);
    return [name, sum(values)];
  }));
  const figure = page.locator('.la-figure').filter({hasText: 'calls forwarded'});
  counts.figure = Number(await figure.locator('strong').innerText());
  const targets = page.locator('section').filter({hasText: 'Where calls are forwarded to'});
  counts.targets = (await targets.locator('.la-share').allInnerTexts())
    .map((text) => text.replaceAll(/\s+/g, ' ')).join();
  return counts;
}

// Looks at the dashboard until it tells of so many calls: it is written down when one has ended.
async function waitForCalls(trial, wanted) {
  const page = await look(trial);
  let seen;
  await until(`calls ${JSON.stringify(wanted)}`, async () => {
    await page.reload();
    await page.getByRole('img', {name: CALLS}).waitFor();
    seen = await callsOn(page);
    return JSON.stringify(seen) === JSON.stringify(wanted);
  }, 5_000).catch((trouble) => {
    throw new Error(`${trouble.message}, but ${JSON.stringify(seen)}`);
  });
  return page;
}

function look(trial, options) {
  return trial.signIn('sales', {reducedMotion: 'reduce', path: '/admin/dashboard', ...options});
}

const tests = {
  async prepare(trial) {
    await trial.stage.api('PATCH', 'users/sales', {role: 'administrator'});
    await branch(trial.stage);
  },

  // Each call that is placed is in the plot of calls, and where it was forwarded to; also one that
  // the server bridges itself, once, and none that is under way.
  async 'calls-as-they-were'(trial) {
    const {stage} = trial;
    const line = (extension) => `groups/trial/lines/${extension}/forwardings/immediate/all`;
    await waitForCalls(trial, {Forwarded: 0, figure: 0, targets: ''});
    await stage.api('PUT', line('103'), {target: '105'});
    await stage.api('PUT', line('101'), {target: '+49 170 1234567'});
    // Without a mailbox its calls are declined.
    await stage.api('PATCH', 'users/workshop', {login: 'off'});
    for (const callee of ['103', '104', '103', '101']) await stage.call('106', callee);
    await waitForCalls(trial,
      {Forwarded: 3, Declined: 1, figure: 3, targets: 'Internal 2,Mobile 1'});
    await stage.api('PATCH', 'groups/trial', {forward_by: 'bridge'});
    const call = await stage.call('106', '103');
    check(call.final === 200, `${call.final} of the bridged call`);
    const wanted = {Forwarded: 4, Declined: 1, figure: 4, targets: 'Internal 3,Mobile 1'};
    const page = await waitForCalls(trial, wanted);
    const {executed} = await stage.api('GET', 'statistics');
    check(executed.bridge === 1 && executed.redirect === 3, JSON.stringify(executed));
    await trial.picture(page, 'dashboard-calls');
    await page.getByLabel('Period').selectOption('week');
    await page.getByText('figures as a table').first().waitFor();
    const week = await callsOn(page);
    check(week.Forwarded === 4 && week.Declined === 1, JSON.stringify(week));
    const begun = async () => (await stage.api('GET', 'status')).calls.count;
    const before = await begun();
    await stage.do('begin_call', {name: 'long', caller: '106', callee: '103', patience_s: 20,
      talk_s: 5});
    await until('the call', async () => await begun() > before, 5_000);
    await waitForCalls(trial, wanted);
    await until('its end', async () =>
      (await stage.api('GET', 'statistics')).outcomes.forwarded === 5, 10_000);
    await stage.do('end_call', {name: 'long'});
    await waitForCalls(trial, {...wanted, Forwarded: 5, figure: 5, targets: 'Internal 4,Mobile 1'});
    const other = await look(trial);
    await other.getByLabel('Line group', {exact: true}).selectOption('branch');
    await other.getByText('No call was forwarded in this period.').waitFor();
    check(JSON.stringify(await callsOn(other)) === '{"Forwarded":0,"figure":0,"targets":""}',
      'the other group had calls');
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
