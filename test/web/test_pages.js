// SPDX-License-Identifier: Apache-2.0
// Each page of the user as it looks: both themes, wide and as a phone has it, German; what axe
// finds; how much is fetched before home works, and how long that takes; below a proxy's path.
import {furnish} from './furnish.js';
import {startProxy} from './proxy.js';
import {check, PHONE, run, WIDE} from './stage.js';

const PAGES = ['home', 'forwardings', 'exceptions', 'profiles', 'journal', 'what-if', 'devices',
  'account'];
const HOME_KB_MAX = 250;
const HOME_MS_MAX = 1000;

const pathOf = (name) => (name === 'home' ? '/' : `/${name}`);

async function open(page, trial, name) {
  await page.goto(trial.stage.url + pathOf(name));
  await page.locator('main h1').waitFor();
  await page.waitForLoadState('networkidle');
}

// How many times longer than the processor's time work takes here just now: 1 where nobody else
// wants the processor. What a browser needs is divided by it.
function contention() {
  const began = performance.now();
  const used = process.cpuUsage();
  let spent = 0;
  while (spent < 60_000) {
    const {user, system} = process.cpuUsage(used);
    spent = user + system;
  }
  return Math.max(1, (performance.now() - began) / (spent / 1000));
}

// What the browser has against installing the page as a program; but that of a private window,
// which each page of a test is.
async function whyNotInstalled(page) {
  const session = await page.context().newCDPSession(page);
  const {installabilityErrors} = await session.send('Page.getInstallabilityErrors');
  const {errors, data} = await session.send('Page.getAppManifest');
  check(data, 'there is no manifest');
  return [...installabilityErrors.map(({errorId}) => errorId).filter((id) => id !== 'in-incognito'),
    ...errors.map(({message}) => message)];
}

// The manifest's icons, and that of the page for iOS, as the browser sees them: each of its type
// and size; a maskable one full to its corners and with nothing of the drawing outside of the inner
// circle that no mask cuts, others with round corners.
async function checkIcons(page) {
  const icons = await page.evaluate(async () => {
    const link = document.querySelector('link[rel=manifest]').href;
    const touch = document.querySelector('link[rel=apple-touch-icon]').href;
    const manifest = await (await fetch(link)).json();
    const all = [...manifest.icons.map((icon) => ({...icon, url: new URL(icon.src, link)})),
      {url: touch, type: 'image/png', sizes: '180x180', purpose: 'maskable'}];
    return Promise.all(all.map(async ({url, type, sizes, purpose}) => {
      const answer = await fetch(url);
      const seen = {name: String(url), is: `${answer.status} ${answer.headers.get('content-type')}`,
        type, sizes, purpose};
      if (type !== 'image/png') return seen;
      const bitmap = await createImageBitmap(await answer.blob());
      const {width, height} = bitmap;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(bitmap, 0, 0);
      const {data} = context.getImageData(0, 0, width, height);
      const isWhite = (at) => data[at] > 128 && data[at + 3] > 128;
      let farthest = 0, whites = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (!isWhite(at)) continue;
        const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
        farthest = Math.max(farthest, Math.hypot(x + 0.5 - width / 2, y + 0.5 - height / 2));
        whites++;
      }
      return {...seen, drawn: `${width}x${height}`, corner: [...data.slice(0, 4)].join(),
        farthest: farthest / width, whites: whites / (width * height)};
    }));
  });
  const purposes = icons.map(({purpose, sizes}) => `${purpose} ${sizes}`);
  for (const wanted of ['any 192x192', 'any 512x512', 'maskable 192x192', 'maskable 512x512']) {
    check(purposes.includes(wanted), `no icon for ${wanted}: ${purposes}`);
  }
  for (const icon of icons) {
    const what = JSON.stringify(icon);
    check(icon.is === `200 ${icon.type}`, what);
    if (icon.type !== 'image/png') continue;
    check(icon.drawn === icon.sizes, what);
    check(icon.corner === (icon.purpose === 'maskable' ? '59,91,219,255' : '0,0,0,0'), what);
    check(icon.farthest < 0.4 && icon.whites > 0.05 && icon.whites < 0.3, what);
  }
}

// The client can be installed from where it is, and starts there while nobody answers.
async function checkInstalled(page, url) {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.getByRole('heading', {level: 1, name: 'Home'}).waitFor();
  const why = await whyNotInstalled(page);
  check(why.length === 0, `it cannot be installed: ${why}`);
  const scope = await page.evaluate(async () => (await navigator.serviceWorker.ready).scope);
  check(scope === `${url}/`, `the service worker is for ${scope}`);
  await checkIcons(page);
  await page.context().setOffline(true);
  await page.reload();
  await page.getByText('The server cannot be reached').waitFor();
  await page.context().setOffline(false);
  await page.getByRole('heading', {level: 1, name: 'Home'}).waitFor();
}

// The first requests that fit get no answer; returns a function that tells how many there were.
async function failFirst(page, fits, count) {
  let asked = 0;
  await page.route(fits, (route) => (asked++ < count ? route.abort() : route.continue()));
  return () => asked;
}

// In a page: what is waited for while nothing is drawn is over as soon as the page has been read.
function hurryPatience() {
  const real = window.setTimeout;
  window.setTimeout = (action, ms, ...more) => (ms === 20_000
    ? document.addEventListener('DOMContentLoaded', action) : real(action, ms, ...more));
}

async function furnishOnce(trial) {
  if (!trial.isFurnished) await furnish(trial);
  trial.isFurnished = true;
}

async function tour(trial, options, suffix) {
  await furnishOnce(trial);
  const page = await trial.signIn('sales', options);
  for (const name of PAGES) {
    await open(page, trial, name);
    await trial.checkAccess(page, `${name}, ${suffix}`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    check(width <= options.viewport.width, `${name} is ${width} pixels wide, ${suffix}`);
    await trial.picture(page, `${name}-${suffix}`);
  }
  return page;
}

const tests = {
  async light(trial) {
    await tour(trial, {viewport: WIDE}, 'light');
  },

  async dark(trial) {
    await tour(trial, {viewport: WIDE, colorScheme: 'dark'}, 'dark');
  },

  async 'phone, German'(trial) {
    const page = await tour(trial, {viewport: PHONE, locale: 'de-DE'}, 'phone');
    await page.getByRole('button', {name: 'Menü'}).click();
    await page.getByRole('link', {name: 'Umleitungen', exact: true}).click();
    await page.getByRole('heading', {level: 1, name: 'Umleitungen'}).waitFor();
    check(await page.evaluate(() => document.documentElement.lang) === 'de', 'not German');
    const raw = await page.evaluate(() =>
      document.body.innerText.match(/\b(?:forwardings|condition|common|happening)\.[a-z_.]+/));
    check(!raw, `a key is shown: ${raw}`);
  },

  // The theme is chosen and kept; so is the language.
  async choices(trial) {
    const page = await trial.signIn('sales');
    await page.getByRole('button', {name: 'Dark appearance'}).click();
    await page.getByRole('button', {name: 'Language'}).click();
    await page.getByRole('menuitem', {name: 'Deutsch'}).click();
    await page.getByRole('heading', {level: 1, name: 'Startseite'}).waitFor();
    await page.reload();
    await page.getByRole('heading', {level: 1, name: 'Startseite'}).waitFor();
    const scheme = await page.evaluate(() =>
      document.documentElement.getAttribute('data-mantine-color-scheme'));
    check(scheme === 'dark', `the theme is ${scheme}`);
  },

  // What an administrator has set for all is marked as such where it applies.
  async administrative(trial) {
    await furnishOnce(trial);
    const page = await trial.signIn('sales', {path: '/forwardings'});
    const row = page.getByRole('region', {name: 'Do not disturb'});
    await row.getByText('set by your administrator').first().waitFor();
    await page.getByRole('region', {name: 'Busy'}).getByText('for colleagues').waitFor();
  },

  // Files that cannot be had at first, for good, or not for long: the page is never left blank.
  async 'files that fail'(trial) {
    const visit = (options) => trial.visit({serviceWorkers: 'block', ...options});
    const form = (page) => page.getByRole('heading', {level: 1, name: 'Sign in'}).waitFor();
    for (const file of ['common', 'index']) { // the words, the client itself
      const page = await visit();
      const asked = await failFirst(page, `**/assets/${file}-*.js`, 1);
      await page.goto(trial.stage.url);
      await form(page);
      check(asked() > 1, `${file} was asked for ${asked()} times`);
    }
    const page = await visit();
    await failFirst(page, '**/assets/index-*.js', Infinity);
    await page.goto(trial.stage.url);
    await page.getByRole('alert').getByText('Lineward could not be loaded.').waitFor();
    await trial.checkAccess(page, 'the client cannot be loaded');
    await trial.picture(page, 'not-loaded');
    await page.unroute('**/assets/index-*.js');
    await page.getByRole('button', {name: 'Reload'}).click();
    await form(page);
    await trial.fillSignIn(page, 'sales');
    await failFirst(page, '**/assets/Profiles-*.js', Infinity);
    await page.getByRole('link', {name: 'Profiles'}).click();
    await page.getByRole('heading', {level: 1, name: 'This page could not be loaded'}).waitFor();
    await trial.checkAccess(page, 'a page cannot be loaded');
    await page.getByRole('link', {name: 'Home'}).first().click();
    await page.getByRole('heading', {level: 1, name: 'Home'}).waitFor();
    trial.takeFaults(); // of what failed

    const late = await visit({locale: 'de-DE', prepare: hurryPatience});
    let release;
    const isReleased = new Promise((resolve) => { release = resolve; });
    await late.route('**/assets/common-*.js', async (route) => {
      await isReleased;
      await route.continue();
    });
    await late.goto(trial.stage.url);
    await late.getByText('Lineward wird noch geladen.').waitFor();
    release();
    await late.getByRole('heading', {level: 1, name: 'Anmelden'}).waitFor();
    check(await late.getByText('noch geladen').count() === 0, 'it still says so');
  },

  // A caller may call themselves anything: it is text.
  async 'a caller named <script>'(trial) {
    const name = '<script>window.wasRun=true</script><img src=x onerror=window.wasRun=true>';
    await trial.stage.do('call_named', {name, number: '+4930777', callee: '+49891234102'});
    const page = await trial.signIn('sales', {path: '/journal'});
    await page.locator('.lw-journal').getByText('<script>', {exact: false}).first().waitFor();
    await page.locator('.lw-journal > li').first().getByRole('button', {name: /Why/}).click();
    check(!await page.evaluate(() => window.wasRun), 'it was run');
    check(await page.locator('.lw-journal img, .lw-journal script').count() === 0, 'it is HTML');
  },

  // All that is fetched until home works, by a browser that has nothing yet.
  async budget(trial) {
    const page = await trial.signIn('sales');
    const state = await page.context().storageState();
    const times = [];
    let bytes = 0;
    for (let i = 0; i < 3 || (i < 8 && Math.min(...times) > HOME_MS_MAX); i++) {
      const context = await trial.browser.newContext({storageState: state,
        serviceWorkers: 'block'});
      const fresh = await context.newPage();
      const sizes = [];
      const before = contention();
      fresh.on('requestfinished', (request) => sizes.push(request.sizes()));
      await fresh.goto(trial.stage.url);
      await fresh.waitForFunction(() => {
        const texts = [...document.querySelectorAll('.lw-now-text')].map((one) => one.innerText);
        return texts.length === 2 && texts.every((text) => text.length > 3) &&
          document.querySelector('.lw-state');
      });
      const ms = await fresh.evaluate(() => performance.now());
      times.push(ms / Math.min(before, contention()));
      bytes = (await Promise.all(sizes)).reduce((sum, size) =>
        sum + size.responseBodySize + size.responseHeadersSize, 0);
      await context.close();
    }
    const kilobytes = Math.round(bytes / 1000);
    const ms = Math.round(Math.min(...times));
    console.log(`home: ${kilobytes} kB, ${times.map(Math.round).join(', ')} ms`);
    check(kilobytes <= HOME_KB_MAX, `${kilobytes} kB are fetched; at most ${HOME_KB_MAX}`);
    check(ms <= HOME_MS_MAX, `usable after ${ms} ms; at most ${HOME_MS_MAX}`);
  },

  // Below a path that a proxy strips: pages, files, API and events.
  async prefix(trial) {
    const proxy = await startProxy(trial.stage.url, '/tel');
    try {
      const page = await trial.visit();
      await page.goto(`${proxy.url}/journal`);
      await trial.fillSignIn(page, 'sales');
      await page.getByRole('heading', {level: 1, name: 'Journal'}).waitFor();
      await page.getByRole('link', {name: 'Forwardings'}).click();
      await page.waitForURL(`${proxy.url}/forwardings`);
      await page.locator('[data-live=live]').waitFor({state: 'attached'});
      await trial.stage.command('forward', 'set', '102', 'unreachable', '--to', '106');
      await page.locator('[data-slot="unreachable/all"]').getByText('106').waitFor();
      await page.reload();
      await page.locator('[data-slot="unreachable/all"]').getByText('106').waitFor();
    } finally {
      proxy.close();
    }
  },

  async installed(trial) {
    await checkInstalled(await trial.signIn('sales'), trial.stage.url);
    const proxy = await startProxy(trial.stage.url, '/tel');
    try {
      const page = await trial.visit();
      await page.goto(`${proxy.url}/`);
      await trial.fillSignIn(page, 'sales');
      await checkInstalled(page, proxy.url);
    } finally {
      proxy.close();
    }
  },

  // Installed, the client starts while the server is away, and shows nothing old from the API.
  async 'service worker'(trial) {
    const page = await trial.signIn('sales');
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload();
    await page.getByRole('heading', {level: 1, name: 'Home'}).waitFor();
    const kept = await page.evaluate(async () => {
      const names = await caches.keys();
      const lists = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return lists.flat().map((request) => new URL(request.url).pathname);
    });
    check(kept.some((path) => path.startsWith('/assets/')), `kept is only ${kept}`);
    check(!kept.some((path) => path.startsWith('/api/')), `of the API is kept: ${kept}`);
    await trial.stage.do('stop');
    await page.reload();
    await page.getByText('The server cannot be reached').waitFor();
    await trial.stage.do('start');
    await page.getByRole('heading', {level: 1, name: 'Home'}).waitFor();
  },
};

await run(tests, {name: 'pages', offset: 900});
