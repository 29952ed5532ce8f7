// SPDX-License-Identifier: Apache-2.0
// How long administrators wait for tables of many lines and users: run by hand against a server
// that has them (bench_load), medians of seven; docs/web.md has the figures.
//
//     node test/web/tables.js URL USER PASSWORD
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const {chromium} = createRequire(join(ROOT, 'web/package.json'))('playwright-core');
const [url, user, password] = process.argv.slice(2);
const TIMES = 7;
const PATIENCE_MS = 300_000;
const BULK = 10_000;

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

// Tells how long `act` takes, of so many times.
async function measure(name, act, times = TIMES) {
  const taken = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await act(i);
    taken.push((performance.now() - began) / 1000);
  }
  console.log(`${name}: ${median(taken).toFixed(2)} s (${Math.min(...taken).toFixed(2)} to ` +
    `${Math.max(...taken).toFixed(2)})`);
}

const row = (page, number) => page.getByRole('row').nth(number);
const button = (page, name) => page.getByRole('button', {name, exact: true});

// Waits until what the table's first row says is another text.
async function changed(page, act) {
  const before = await row(page, 1).innerText();
  await act();
  await page.waitForFunction((text) =>
    document.querySelector('.la-table tbody tr')?.innerText !== text, before);
}

async function sortBy(page, name) {
  const head = page.getByRole('columnheader', {name, exact: false}).first().getByRole('button');
  await page.reload(); // by the first column
  await row(page, 1).waitFor();
  if (await head.evaluate((one) => one.closest('th').ariaSort) === 'none') {
    await Promise.all([page.waitForResponse((answer) => answer.url().includes('sort=')),
      head.click()]);
    await page.waitForLoadState('networkidle');
  }
  await measure(`sorted by ${name}`, () => changed(page, () => head.click()));
}

async function measureTable(page, path, {first, columns, hit, list}) {
  await measure(`${path}: opened by its address`, async () => {
    await page.goto(`${url}/admin/${path}`);
    await button(page, first).waitFor();
  });
  await measure('next page', () => changed(page, () => button(page, 'Next page').click()));
  await page.reload();
  await button(page, first).waitFor();
  for (const name of columns) await sortBy(page, name);
  await page.reload();
  await button(page, first).waitFor();
  await measure('search that finds one, from the last key', async (i) => {
    await page.getByRole('searchbox').fill(`${hit}${String(i)}`);
    await page.getByText('1 entry').waitFor();
    await page.waitForFunction((text) => document.querySelector('.la-table tbody tr')
      ?.innerText.includes(text), `${hit}${i}`);
  });
  await measure('search that finds none', async (i) => {
    await page.getByRole('searchbox').fill(`no such ${i}`);
    await page.getByText('Nothing found').waitFor();
    await page.getByRole('searchbox').fill('');
    await button(page, first).waitFor();
  }, 3);
  await measure('all exported', async () => {
    await Promise.all([page.waitForEvent('download', {timeout: PATIENCE_MS}),
      button(page, 'Export as a table').click()]);
  }, 1);
  // Ten thousand that are found.
  await page.getByRole('searchbox').fill('user11');
  await page.getByText('10,000 entries').waitFor();
  await page.getByRole('checkbox', {name: 'Choose all on this page'}).check();
  const change = new RegExp(`^Change ${BULK} ${list}$`);
  await measure(`${BULK} chosen`, async () => {
    await button(page, 'Choose all found').click();
    await page.getByRole('button', {name: change}).waitFor({timeout: PATIENCE_MS});
  }, 1);
  await page.getByRole('button', {name: change}).click();
  const field = page.getByRole('dialog').getByRole('combobox').first();
  await field.selectOption({index: 1});
  await measure(`${BULK} changed`, async () => {
    await button(page, 'Save').click();
    await page.getByText(`${BULK} ${list} changed`).waitFor({timeout: PATIENCE_MS});
  }, 1);
}

// From page to page to the end, as fast as they come.
async function measurePages(page, path, first) {
  await page.goto(`${url}/admin/${path}`);
  await button(page, first).waitFor();
  let count = 1;
  await measure('all pages, one after the other', async () => {
    const next = button(page, 'Next page');
    while (await next.isEnabled()) {
      await changed(page, () => next.click());
      count++;
    }
  }, 1);
  console.log(`${count} pages`);
}

const browser = await chromium.launch({executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu']});
const page = await (await browser.newContext({locale: 'en-US', reducedMotion: 'reduce',
  viewport: {width: 1280, height: 860}})).newPage();
page.setDefaultTimeout(PATIENCE_MS);
await page.goto(url);
await page.locator('input[autocomplete=username]').fill(user);
await page.locator('input[autocomplete=current-password]').fill(password);
await page.locator('button[type=submit]').click();
await page.locator('nav.lw-nav').waitFor({state: 'attached'});
await measureTable(page, 'lines', {first: 'bench/100000', list: 'lines', hit: '12345',
  columns: ['Line', 'Name', 'User', 'State']});
await measureTable(page, 'users', {first: 'chief', list: 'users', hit: 'user12345',
  columns: ['User name', 'Name']});
await measurePages(page, 'lines', 'bench/100000');
await browser.close();
