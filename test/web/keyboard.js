// SPDX-License-Identifier: Apache-2.0
// Walks a page with the Tab key, and looks where the focus is, whether it is seen, and what it has
// not come to.

// In the page.
function openEyes() {
  const CONTROLS = 'a[href], button, input, select, textarea, summary, [tabindex]';
  const OWN_KEYS = '[role=menu], [role=listbox], [role=grid], [role=tablist]';
  const isShown = (one) => one.type !== 'hidden' &&
    one.checkVisibility({checkVisibilityCSS: true});
  const say = (one) => `${one.outerHTML.slice(0, 140)} "${one.innerText?.slice(0, 30) ?? ''}"`;
  // Of radio buttons, the one that is chosen stands for all.
  const isStandIn = (one) => one.type !== 'radio' || one.checked ||
    !document.querySelector(`input[type=radio][name="${one.name}"]:checked`);
  // What of the control or beside it can show the focus: a switch is drawn beside its input.
  const looks = (one) => [one, one.nextElementSibling, one.previousElementSibling,
    one.parentElement].filter(Boolean).map((part) => {
    const style = getComputedStyle(part);
    return [style.outline, style.boxShadow, style.borderColor, style.backgroundColor].join();
  }).join('|');
  const isOnTop = (one) => {
    const own = one.getBoundingClientRect();
    const {left, top, width, height} = own.width * own.height > 16 ? own
      : one.parentElement.getBoundingClientRect();
    return [[0.5, 0.5], [0.1, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.8]].some(([x, y]) => {
      const hit = document.elementFromPoint(left + x * width, top + y * height);
      return hit && (one.contains(hit) || hit.contains(one) || one.parentElement.contains(hit));
    });
  };
  let wanted;
  let seen;
  let last;
  const rest = new WeakMap();
  window.eyes = {
    begin(within) {
      const all = [...document.querySelectorAll(CONTROLS)].filter((one) => isShown(one) &&
        !one.disabled && one.closest(within));
      wanted = all.filter((one) => one.tabIndex >= 0 && isStandIn(one));
      for (const one of wanted) rest.set(one, looks(one));
      seen = new Set();
      last = null;
      return all.filter((one) => one.tabIndex < 0 && one.matches('a, button, input, select') &&
        !one.closest(OWN_KEYS)).map((one) => `no key leads to ${say(one)}`);
    },
    // What is wrong where the focus is now; null: the walk is over.
    look() {
      const one = document.activeElement;
      if (!one || one === document.body || (one !== last && seen.has(one))) return null;
      if (one === last) return []; // the parts of a date
      last = one;
      seen.add(one);
      const faults = [];
      if (rest.get(one) === looks(one)) faults.push(`the focus is not seen: ${say(one)}`);
      if (!isOnTop(one)) faults.push(`something lies over ${say(one)}`);
      return faults;
    },
    missed: () => wanted.filter((one) => !seen.has(one) && one.isConnected && isShown(one))
      .map((one) => `the focus does not come to ${say(one)}`),
  };
}

const STEPS_MAX = 600;

// Steps from where the focus is through all that is `within`; returns what is wrong.
export async function walk(page, {key = 'Tab', within = 'body'} = {}) {
  await page.evaluate(openEyes);
  const faults = await page.evaluate((where) => window.eyes.begin(where), within);
  for (let step = 0; step < STEPS_MAX; step++) {
    await page.keyboard.press(key);
    const found = await page.evaluate(() => window.eyes.look());
    if (!found) break;
    faults.push(...found);
  }
  return [...faults, ...await page.evaluate(() => window.eyes.missed())];
}

// Whether what `locator` finds has the focus, or will have it soon.
export async function hasFocus(page, locator) {
  const element = await locator.elementHandle();
  await page.waitForFunction((one) => document.activeElement === one, element);
}
