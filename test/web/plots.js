// SPDX-License-Identifier: Apache-2.0
// What a plot says: what is drawn, measured against its axis, and what its table tells.

function blockOf(page, title) {
  return page.locator('section').filter({has: page.getByRole('img', {name: title})});
}

// For each series by its name the figures of the table, the earliest first.
export async function tableOf(page, title) {
  const block = blockOf(page, title);
  await block.locator('svg').first().waitFor();
  return block.locator('details table').evaluate((table) => {
    const [head, ...rows] = [...table.rows].map((row) =>
      [...row.cells].map((cell) => cell.textContent));
    return Object.fromEntries(head.slice(1).map((name, index) =>
      [name, rows.map((cells) => Number(cells[index + 1].replaceAll(/\D/g, '')))]));
  });
}

// For each series by its name what is drawn: the bars' heights, or the curve's points, as figures
// of the axis. Bars of nothing are not drawn.
export async function drawnOf(page, title) {
  const block = blockOf(page, title);
  await block.locator('svg').first().waitFor();
  return block.evaluate((section) => {
    const svg = section.querySelector('svg.la-plot');
    const marks = [...svg.querySelectorAll('g')].map((mark) => ({
      y: Number(mark.querySelector('line').getAttribute('y1')),
      value: Number(mark.querySelector('text').textContent.replaceAll(/\D/g, '')),
    }));
    const zero = marks.find(({value}) => value === 0).y;
    const top = marks.at(-1);
    const figure = (height) => Math.round((height / (zero - top.y)) * top.value * 100) / 100;
    const pointsOf = (curve) => curve.getAttribute('points').split(' ')
      .map((point) => figure(zero - Number(point.split(',')[1])));
    return Object.fromEntries([...section.querySelectorAll('.la-legend li')].map((entry) => {
      const series = entry.querySelector('i').className;
      const bars = [...svg.querySelectorAll(`rect.${series}`)];
      const curve = svg.querySelector(`polyline.${series}`);
      return [entry.textContent, curve ? pointsOf(curve)
        : bars.map((bar) => figure(Number(bar.getAttribute('height'))))];
    }));
  });
}
