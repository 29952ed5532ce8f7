// SPDX-License-Identifier: Apache-2.0
// What a user does in the web client, with real calls.
import {check, run} from './stage.js';

const tests = {
  async 'sign-in'(trial) {
    const page = await trial.visit();
    await page.goto(trial.stage.url);
    await page.getByLabel('Name').fill('sales');
    await page.getByLabel('Password', {exact: true}).fill('wrong password');
    await page.getByRole('button', {name: 'Sign in'}).click();
    await page.getByRole('alert').getByText('wrong').waitFor();
    await trial.checkAccess(page, 'signing in');
    await trial.picture(page, 'sign-in');
    await trial.fillSignIn(page, 'sales');
    await page.getByRole('heading', {level: 1, name: 'Home'}).waitFor();
    check((await page.title()).includes('Home'), await page.title());
    await page.getByRole('button', {name: 'Your account'}).click();
    await page.getByRole('menuitem', {name: 'Sign out'}).click();
    await page.getByRole('heading', {level: 1, name: 'Sign in'}).waitFor();
  },

  async 'forward by hand'(trial) {
    const page = await trial.signIn('sales');
    await page.getByRole('link', {name: 'Forwardings'}).click();
    await page.getByRole('button', {name: 'Busy, External callers: Set'}).click();
    await page.getByRole('textbox', {name: 'Where to'}).fill('sup');
    await page.getByRole('option', {name: /support/}).click();
    await trial.picture(page, 'forwardings-editor');
    await page.getByRole('button', {name: 'Save'}).click();
    await page.getByRole('button', {name: /Busy, External callers: support/}).waitFor();
    await trial.checkAccess(page, 'forwardings');
    await trial.picture(page, 'forwardings');
    await page.getByRole('link', {name: /Home/}).first().click();
    await page.getByText('ring here').first().waitFor();
    await trial.checkAccess(page, 'home');
    await trial.picture(page, 'home');
  },
};

await run(tests, {name: 'user', offset: 900});
