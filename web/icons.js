// SPDX-License-Identifier: Apache-2.0
// The icons that phones and desktops want as pictures, made of public/icon.svg while the client is
// built: a square with round corners, and the same to its edges for who cuts a shape out of it
// (maskable, https://www.w3.org/TR/appmanifest/#icon-masks).
//
// Only what that file is made of is known here: a <rect> with `rx`, and <path>s of M, h, l and c
// with a round stroke.
import {readFileSync} from 'node:fs';
import {deflateSync} from 'node:zlib';

const SVG = new URL('public/icon.svg', import.meta.url);
export const ICONS = [
  {fileName: 'icon-180.png', size: 180, isMaskable: true}, // iOS rounds it by itself
  {fileName: 'icon-192.png', size: 192, isMaskable: false},
  {fileName: 'icon-512.png', size: 512, isMaskable: false},
  {fileName: 'icon-maskable-192.png', size: 192, isMaskable: true},
  {fileName: 'icon-maskable-512.png', size: 512, isMaskable: true},
];
const CURVE_PARTS = 24; // so many lines stand for a curve

// ---- The drawing

function colorOf(text) {
  const digits = text.length === 4 ? [...text.slice(1)].map((digit) => digit + digit)
    : text.slice(1).match(/../g);
  return digits.map((pair) => parseInt(pair, 16));
}

function attribute(text, name) {
  const found = new RegExp(` ${name}="([^"]*)"`).exec(text);
  if (!found) throw new Error(`icon.svg: ${name} is missing in ${text}`);
  return found[1];
}

function curve([x, y], [x1, y1, x2, y2, x3, y3]) {
  return Array.from({length: CURVE_PARTS}, (_, i) => {
    const t = (i + 1) / CURVE_PARTS;
    const [b, c, d] = [3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3];
    return [x + b * x1 + c * x2 + d * x3, y + b * y1 + c * y2 + d * y3];
  });
}

// A path as the lines that it is made of: [[x, y], [x, y]] each.
function linesOf(path) {
  const points = [];
  for (const [, letter, text] of path.matchAll(/([a-zA-Z])([^a-zA-Z]*)/g)) {
    const numbers = (text.match(/-?\d*\.?\d+/g) ?? []).map(Number);
    const at = points.at(-1);
    if (letter === 'M') points.push(numbers);
    else if (letter === 'h') points.push([at[0] + numbers[0], at[1]]);
    else if (letter === 'l') {
      for (let i = 0; i < numbers.length; i += 2) {
        const [x, y] = points.at(-1);
        points.push([x + numbers[i], y + numbers[i + 1]]);
      }
    } else if (letter === 'c') points.push(...curve(at, numbers));
    else throw new Error(`icon.svg: a path with ${letter}`);
  }
  return points.slice(1).map((point, index) => [points[index], point]);
}

function readDrawing(svg) {
  const rect = /<rect[^>]*>/.exec(svg)[0];
  const group = /<g[^>]*>/.exec(svg)[0];
  return {
    side: Number(attribute(rect, 'width')),
    corner: Number(attribute(rect, 'rx')),
    ground: colorOf(attribute(rect, 'fill')),
    stroke: colorOf(attribute(group, 'stroke')),
    halfWidth: Number(attribute(group, 'stroke-width')) / 2,
    lines: [...svg.matchAll(/<path d="([^"]*)"/g)].flatMap(([, path]) => linesOf(path)),
  };
}

// ---- Distances, in the drawing's units: below 0 is inside

function toSquare({side, corner}, x, y) {
  const [dx, dy] = [x, y].map((value) => Math.abs(value - side / 2) - side / 2 + corner);
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - corner;
}

function toLine([[x0, y0], [x1, y1]], x, y) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}

// The bytes of the picture's points, four each: red, green, blue, how opaque.
export function draw(drawing, size, isMaskable) {
  const scale = size / drawing.side;
  const shown = isMaskable ? {...drawing, corner: 0} : drawing;
  const bytes = Buffer.alloc(size * size * 4);
  const coverage = (distance) => Math.min(1, Math.max(0, 0.5 - distance * scale));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = [(column + 0.5) / scale, (row + 0.5) / scale];
      const near = Math.min(...drawing.lines.map((line) => toLine(line, x, y)));
      const share = coverage(near - drawing.halfWidth);
      const color = drawing.ground.map((value, i) =>
        Math.round(value + (drawing.stroke[i] - value) * share));
      bytes.set([...color, Math.round(255 * coverage(toSquare(shown, x, y)))],
        (row * size + column) * 4);
    }
  }
  return bytes;
}

// ---- PNG (https://www.w3.org/TR/png-3/)

const CRCS = Array.from({length: 256}, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crcOf(bytes) {
  return ~bytes.reduce((crc, byte) => CRCS[(crc ^ byte) & 255] ^ (crc >>> 8), -1) >>> 0;
}

function chunk(type, data) {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crcOf(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

function pngOf(size, bytes) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6], 8); // eight bits for each of red, green, blue and how opaque
  const rows = Buffer.alloc(size * (size * 4 + 1)); // each begins with its filter: none
  for (let row = 0; row < size; row++) {
    bytes.copy(rows, row * (size * 4 + 1) + 1, row * size * 4, (row + 1) * size * 4);
  }
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows, {level: 9})), chunk('IEND', Buffer.alloc(0))]);
}

export function makeIcon({size, isMaskable}) {
  return pngOf(size, draw(readDrawing(readFileSync(SVG, 'utf8')), size, isMaskable));
}

// For Vite: they lie beside the manifest, which names them.
export function icons() {
  return {
    name: 'lineward-icons',
    generateBundle() {
      for (const icon of ICONS) {
        this.emitFile({type: 'asset', fileName: icon.fileName, source: makeIcon(icon)});
      }
    },
  };
}
