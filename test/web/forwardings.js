// SPDX-License-Identifier: Apache-2.0
// Forwardings of a line: set by the page, read and cleared by the API.

// Sets a forwarding by the page.
export async function setForwarding(page, slot, target) {
  await page.locator(`[data-slot="${slot}"] .lw-slot-open`).click();
  await page.getByRole('textbox', {name: 'Where to'}).fill(target);
  await page.getByRole('button', {name: 'Save', exact: true}).click();
}

export async function forwardingOf(trial, slot, line = '102') {
  const {status, body} = await trial.stage.do('api',
    {method: 'GET', path: `groups/trial/lines/${line}/forwardings/${slot}`});
  return status === 404 ? null : body;
}

export async function clearForwardings(trial, line = '102') {
  await trial.stage.api('PUT', `groups/trial/lines/${line}/forwardings`, {items: []});
}
