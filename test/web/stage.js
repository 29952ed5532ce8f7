// SPDX-License-Identifier: Apache-2.0
// What the tests of the web client share: a browser, the world behind it (stage.py), and what must
// hold on every page: no error in the console, nothing that axe finds.
import {spawn} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(join(ROOT, 'web/package.json'));
const SKIPPED = 77;
const CHROMIUM = '/usr/bin/chromium';
const OPTIONS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// For what a page waits for. It is the state that is waited for: on a machine with much else to do
// it comes late, and only what never comes is a failure.
const PATIENCE_MS = 40_000;

export const WIDE = {width: 1280, height: 860};
export const PHONE = {width: 390, height: 844};

export class Trouble extends Error {}

export function check(condition, why) {
  if (!condition) throw new Trouble(why);
}

// The world behind the browser.
class Stage {
  constructor(child) {
    this.child = child;
    this.lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  }

  static async start({bin, name, offset, isEmpty}) {
    const child = spawn('python3', ['-B', join(ROOT, 'test/web/stage.py'), '--bin', bin, '--name',
      name, '--offset', String(offset), ...(isEmpty ? ['--empty'] : [])],
    {stdio: ['pipe', 'pipe', 'inherit']});
    const stage = new Stage(child);
    Object.assign(stage, await stage.answer());
    return stage;
  }

  async answer() {
    const {value, done} = await this.lines.next();
    if (done) throw new Trouble('the stage has ended');
    if (!value.startsWith('{')) {
      console.log(value);
      if (value.startsWith('skipped')) process.exit(SKIPPED);
      return this.answer();
    }
    const answer = JSON.parse(value);
    if (answer.trouble) throw new Trouble(answer.trouble);
    return answer.ok;
  }

  do(what, order = {}) {
    this.child.stdin.write(`${JSON.stringify({do: what, ...order})}\n`);
    return this.answer();
  }

  command(...words) {
    return this.do('command', {arguments: words});
  }

  async api(method, path, body) {
    const {status, body: answer} = await this.do('api', {method, path, body});
    check(status < 300, `${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }

  call(from, to) {
    return this.do('call', {caller: from, callee: to});
  }

  async end() {
    await this.do('end');
    this.child.stdin.end();
    await new Promise((ended) => this.child.once('exit', ended));
  }
}

// What a page says that it should not; the browser itself reports answers of 400 and above, which
// belong to the tests.
function watch(page, faults) {
  page.on('console', (message) => {
    const isOfNetwork = /Failed to load resource|WebSocket connection to/.test(message.text());
    if (message.type() !== 'error' || isOfNetwork) return;
    faults.push(`${message.text()} (${message.location().url}:${message.location().lineNumber}:` +
      `${message.location().columnNumber})`);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    const {hostname} = new URL(request.url());
    if (!['127.0.0.1', ''].includes(hostname)) faults.push(`asks ${request.url()}`);
  });
}

// Waits until all animations and transitions have ended that end by themselves, and those that
// begin meanwhile.
async function settleAnimations(page) {
  await page.waitForFunction(() => document.getAnimations().every(({playState, effect}) =>
    playState !== 'running' || effect?.getComputedTiming().endTime === Infinity));
}

// A browser, a stage, and what the tests do with them.
export class Trial {
  constructor(stage, browser, options) {
    Object.assign(this, {stage, browser, ...options, faults: [], contexts: []});
    this.pictures = join(ROOT, 'build/web', options.name, 'screenshots');
    mkdirSync(this.pictures, {recursive: true});
  }

  // A new visitor's page, with nothing remembered; `prepare` runs in it before all else.
  async visit({viewport = WIDE, locale = 'en-US', colorScheme = 'light', reducedMotion,
    serviceWorkers, hasTouch, prepare} = {}) {
    const context = await this.browser.newContext({
      viewport, locale, colorScheme, reducedMotion, serviceWorkers, hasTouch,
      timezoneId: 'Europe/Berlin',
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    await page.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) =>
      console.error(event.violatedDirective, event.target.outerHTML?.slice(0, 300))));
    if (prepare) await page.addInitScript(prepare);
    watch(page, this.faults);
    this.contexts.push(context);
    return page;
  }

  // The page of somebody who has signed in by the form.
  async signIn(user, options = {}) {
    const page = await this.visit(options);
    await page.goto(this.stage.url + (options.path ?? '/'));
    await this.fillSignIn(page, user);
    return page;
  }

  async fillSignIn(page, user, password = this.stage.password) {
    await page.locator('input[autocomplete=username]').fill(user);
    await page.locator('input[autocomplete=current-password]').fill(password);
    await page.locator('button[type=submit]').click();
    await page.locator('nav.lw-nav').waitFor({state: 'attached'});
  }

  // axe finds nothing on the page as it is, once nothing on it fades in or moves any more: a text
  // that is half there has too little contrast.
  async checkAccess(page, what) {
    await settleAnimations(page);
    await page.evaluate(readFileSync(require.resolve('axe-core'), 'utf8'));
    const {violations} = await page.evaluate(() => window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      rules: {'target-size': {enabled: true}},
    }));
    const found = violations.map(({id, nodes}) =>
      `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`);
    check(found.length === 0, `${what}: ${found.join('\n  ')}`);
  }

  async picture(page, name) {
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({path: join(this.pictures, `${name}.png`), fullPage: true});
  }

  takeFaults() {
    return this.faults.splice(0);
  }
}

function readArguments() {
  const values = {names: []};
  const words = process.argv.slice(2);
  for (let i = 0; i < words.length; i++) {
    if (words[i] === '--bin') values.bin = words[++i];
    else values.names.push(words[i]);
  }
  return values;
}

async function runTests(trial, tests, names) {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const began = performance.now();
    try {
      await test(trial);
      const faults = trial.takeFaults();
      check(faults.length === 0, `the page says: ${faults.join('; ')}`);
      console.log(`ok ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      trial.takeFaults();
      console.log(`FAILED ${name}: ${error instanceof Trouble ? error.message : error.stack}`);
      await showFailure(trial, name);
    }
    await Promise.all(trial.contexts.splice(0).map((context) => context.close()));
  }
  return failed;
}

async function showFailure(trial, name) {
  const pages = trial.contexts.flatMap((context) => context.pages());
  for (const [number, page] of pages.entries()) {
    await trial.picture(page, `failed-${name}-${number}`).catch(() => {});
  }
}

// Runs the tests {name: async (trial) => ...} in their order; those whose names are on the command
// line, or all. Ends the process.
export async function run(tests, options) {
  if (!existsSync(CHROMIUM)) {
    const isRequired = process.env.CI === 'true';
    console.log(`${isRequired ? 'FAILED' : 'skipped'}: ${CHROMIUM} is not installed`);
    process.exit(isRequired ? 1 : SKIPPED);
  }
  const {bin, names} = readArguments();
  const {chromium} = require('playwright-core');
  const profile = mkdtempSync(join(tmpdir(), 'lineward-browser-'));
  let failed = 1;
  const browser = await chromium.launch({
    executablePath: CHROMIUM, args: OPTIONS, env: {...process.env, HOME: profile},
  });
  try {
    const stage = await Stage.start({bin, ...options});
    const trial = new Trial(stage, browser, options);
    failed = await runTests(trial, tests, names);
    await stage.end();
  } catch (error) {
    console.log(`FAILED: ${error instanceof Trouble ? error.message : error.stack}`);
    failed++;
  }
  await browser.close();
  rmSync(profile, {recursive: true, force: true});
  process.exit(failed > 0 ? 1 : 0);
}
