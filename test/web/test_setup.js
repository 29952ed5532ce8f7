// SPDX-License-Identifier: Apache-2.0
// From nothing to a working line: the guided set-up against a daemon that knows nothing yet, with a
// real registration at the PBX and a real call.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createServer as createPlain} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createServer} from 'node:tls';
import {PHONE, check, run} from './stage.js';

const PASSWORD = 'correct horse battery';

async function fill(page, fields) {
  for (const [label, value] of Object.entries(fields)) {
    // The label of a field that is required has an asterisk.
    await page.getByLabel(new RegExp(`^${label}( \\*)?$`)).fill(value);
  }
}

async function next(page, name) {
  await page.getByRole('button', {name, exact: true}).click();
}

// Something that takes connections on a port of its own: returns {port, close()}.
async function listen(server) {
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {port: server.address().port, close: () => server.close()};
}

// A PBX whose certificate nobody has reason to trust.
async function startUntrusted() {
  const folder = mkdtempSync(join(tmpdir(), 'lineward-pbx-'));
  const [key, certificate] = ['key', 'certificate'].map((name) => join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
    '-nodes', '-subj', '/CN=pbx', '-keyout', key, '-out', certificate, '-days', '2'],
  {stdio: 'ignore'});
  const server = createServer({key: readFileSync(key), cert: readFileSync(certificate)});
  server.on('tlsClientError', () => {});
  rmSync(folder, {recursive: true});
  return listen(server);
}

// What takes connections, and ends them: no TLS.
function startPlain() {
  return listen(createPlain((socket) => {
    socket.on('error', () => {});
    socket.end('go away\r\n\r\n');
  }));
}

const tests = {
  async 'from-nothing-to-a-call'(trial) {
    const page = await trial.visit({reducedMotion: 'reduce'});
    await page.goto(trial.stage.url);
    await page.getByRole('link', {name: /guided set-up/}).click();
    await page.getByRole('heading', {level: 1, name: 'The first administrator'}).waitFor();
    await fill(page, {'Set-up code': 'WRONG', 'Password': PASSWORD});
    await next(page, 'Begin');
    await page.getByText('is not the one that the server printed').waitFor();
    await trial.checkAccess(page, 'the first administrator');
    await trial.picture(page, 'first-administrator');

    await page.goto('about:blank');
    await page.goto(trial.stage.setup);
    await fill(page, {'User name': 'chief', 'Password': PASSWORD});
    await next(page, 'Begin');
    await page.getByRole('heading', {level: 1, name: 'Guided set-up'}).waitFor();
    await page.getByLabel('Kind of PBX').selectOption({label: 'Kamailio'}).catch(async () => {
      await page.getByLabel('Kind of PBX').selectOption('kamailio');
    });
    // A wrong address first: the connection test has to say so.
    const [host, port] = trial.stage.pbx.split(':');
    await fill(page, {'Name': 'main', 'Address of the PBX': 'pbx.invalid',
      'SIP domain': trial.stage.domain, 'Country code': '49', 'Area code': '89',
      'Main number': '+49891234', 'Internal numbers': '100-199, 7xx', 'Outside line': '0'});
    await trial.checkAccess(page, 'the PBX');
    await trial.picture(page, 'setup-pbx');
    await next(page, 'Next');
    await fill(page, {'Extension': '101', 'Password for the PBX': 'wrong'});
    await next(page, 'Test the connection');
    await page.locator('[data-cause=name]').getByText('is not found').waitFor();
    await trial.checkAccess(page, 'a connection test');
    await trial.picture(page, 'setup-unreachable');

    await next(page, 'Back to the PBX');
    await fill(page, {'Address of the PBX': `${host}:${port}`});
    await next(page, 'Next');
    await fill(page, {'Extension': '101', 'Password for the PBX': 'wrong'});
    await next(page, 'Test the connection');
    await page.locator('[data-cause=password]').getByText('check the password').waitFor();
    await fill(page, {'Password for the PBX': 'secret101'});
    await next(page, 'Test the connection');
    await page.locator('[data-outcome=registered]').waitFor();
    await trial.checkAccess(page, 'the first line');
    await trial.picture(page, 'setup-registered');
    const {items} = await trial.stage.api('GET', 'groups');
    check(items.length === 0, 'a group was stored before anybody said so');
    await next(page, 'Save and go on');

    // A table with a mistake, then without.
    const table = 'group,extension,password,user,user.mobile,forward.immediate.all\n' +
      'main,102,secret102,anna,0170 1234567,105\nmain,103,secret103,bert,0170 7654321,';
    await page.getByLabel('Table').fill(`${table}103\n`);
    await next(page, 'Show what would happen');
    await page.getByRole('cell', {name: 'is the line itself'}).waitFor();
    await trial.picture(page, 'setup-table-errors');
    await page.getByLabel('Table').fill(`${table}\n`);
    await next(page, 'Show what would happen');
    await page.getByText('Nothing stands against it').waitFor();
    await trial.checkAccess(page, 'the table');
    await trial.picture(page, 'setup-table');
    await next(page, 'Import');
    await page.getByText('Lineward is set up').waitFor();

    // It works: 102 is registered, and a call to it is forwarded to the phone 105.
    await page.getByRole('link', {name: 'Lines', exact: true}).first().click();
    await page.getByRole('row', {name: /main\/102/}).getByText('Registered').waitFor();
    const call = await trial.stage.call('106', '102');
    check(call.arrived === '105', `the call arrived at ${call.arrived}`);
    await page.getByRole('link', {name: 'Dashboard'}).click();
    await page.getByText('calls forwarded').waitFor();
  },

  async 'no-second-first-administrator'(trial) {
    const page = await trial.visit();
    await page.goto(trial.stage.setup);
    await page.getByRole('heading', {level: 1, name: 'Sign in'}).waitFor();
    await trial.fillSignIn(page, 'chief', PASSWORD);
    await page.getByRole('heading', {level: 1, name: 'Guided set-up'}).waitFor();
  },

  // Each thing that may be wrong is told as what it is, before anything is stored.
  async 'what-is-wrong-is-told'(trial) {
    const page = await trial.visit({locale: 'de-DE', reducedMotion: 'reduce'});
    await page.goto(`${trial.stage.url}/setup`);
    await trial.fillSignIn(page, 'chief', PASSWORD);
    await fill(page, {'Name': 'second', 'SIP-Domäne': trial.stage.domain,
      'Landesvorwahl': '49'});
    const [untrusted, plain] = [await startUntrusted(), await startPlain()];
    const closed = await startPlain();
    closed.close();
    const tries = [
      ['tcp', `127.0.0.1:${closed.port}`, '104', 'closed', 'an diesem Port'],
      ['tls', `127.0.0.1:${untrusted.port}`, '104', 'certificate', 'Zertifikat'],
      ['tls', `127.0.0.1:${plain.port}`, '104', 'tls', 'TLS'],
      ['udp', trial.stage.pbx, '999', 'password', 'Passwort'],
    ];
    for (const [transport, server, extension, cause, words] of tries) {
      await page.getByLabel('Transport').selectOption(transport);
      await fill(page, {'Adresse der Telefonanlage': server});
      await next(page, 'Weiter');
      await fill(page, {'Nebenstelle': extension, 'Passwort bei der Telefonanlage': 'wrong'});
      await next(page, 'Verbindung prüfen');
      await page.locator(`[data-cause=${cause}]`).getByText(words).first().waitFor();
      if (cause === 'certificate') {
        await trial.checkAccess(page, 'a certificate');
        await trial.picture(page, 'setup-certificate');
      }
      await next(page, 'Zurück zur Telefonanlage');
    }
    untrusted.close();
    plain.close();
    const {items} = await trial.stage.api('GET', 'groups');
    check(items.every(({name}) => name !== 'second'), 'it was stored');
  },

  async 'german-on-a-phone'(trial) {
    const page = await trial.visit({viewport: PHONE, locale: 'de-DE', colorScheme: 'dark'});
    await page.goto(`${trial.stage.url}/setup`);
    await trial.fillSignIn(page, 'chief', PASSWORD);
    await page.getByRole('heading', {level: 1, name: 'Geführte Einrichtung'}).waitFor();
    await trial.checkAccess(page, 'set-up in German');
    await trial.picture(page, 'setup-phone-dark');
  },
};

await run(tests, {name: 'setup', offset: 2650, isEmpty: true});
