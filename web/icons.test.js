// SPDX-License-Identifier: Apache-2.0
// The pictures made of the drawing.
import {inflateSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {ICONS, draw, makeIcon} from './icons.js';

const SQUARE = {side: 8, corner: 2, ground: [10, 20, 30], stroke: [255, 255, 255], halfWidth: 1,
  lines: [[[2, 4], [6, 4]]]};

function pointOf(bytes, size, x, y) {
  return [...bytes.subarray((y * size + x) * 4, (y * size + x) * 4 + 4)];
}

test('a line lies on its ground, whose corners are round', () => {
  const bytes = draw(SQUARE, 16, false);
  expect(pointOf(bytes, 16, 8, 8)).toEqual([255, 255, 255, 255]);
  expect(pointOf(bytes, 16, 8, 3)).toEqual([10, 20, 30, 255]);
  expect(pointOf(bytes, 16, 0, 0)[3]).toBe(0);
  expect(pointOf(bytes, 16, 0, 8)[3]).toBe(255);
});

test('a maskable one is full to its corners', () => {
  expect(pointOf(draw(SQUARE, 16, true), 16, 0, 0)).toEqual([10, 20, 30, 255]);
});

test('each icon is a whole PNG of its size', () => {
  for (const icon of ICONS) {
    const png = makeIcon(icon);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([icon.size, icon.size]);
    const length = png.readUInt32BE(33);
    const rows = inflateSync(png.subarray(41, 41 + length));
    expect(rows.length).toBe(icon.size * (4 * icon.size + 1));
  }
}, 60_000);
