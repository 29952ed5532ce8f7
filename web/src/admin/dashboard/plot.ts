// SPDX-License-Identifier: Apache-2.0
// From figures to places in a plot.

export interface Point {
  time: string;
  values: number[]; // by series
}

// Adds the points of `size` hours each up, the last of them being the newest.
export function together(points: Point[], size: number): Point[] {
  const sums: Point[] = [];
  for (let end = points.length; end > 0; end -= size) {
    const some = points.slice(Math.max(0, end - size), end);
    const values = some[0].values.map((_, series) => totalOf(some, series));
    sums.unshift({time: some[0].time, values});
  }
  return sums;
}

// The smallest of 1, 2, 5, 10, 20, ... that is not below `value`: where an axis ends.
export function niceTop(value: number): number {
  const ten = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((step) => step * ten).find((step) => step >= value) ?? 10 * ten;
}

export function totalOf(points: Point[], series: number): number {
  return points.reduce((sum, point) => sum + point.values[series], 0);
}
