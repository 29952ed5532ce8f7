// SPDX-License-Identifier: Apache-2.0
// Bars on top of each other, or curves, over time; and the same figures as a table for who does not
// see them.
import {useTranslation} from 'react-i18next';
import {niceTop} from './plot';
import type {Point} from './plot';

const WIDTH = 560;
const HEIGHT = 200;
const LEFT = 44;
const BOTTOM = 22;
const TOP = 8;

interface PlotProps {
  title: string;
  series: string[]; // their names
  colors: number[]; // of .la-series-N
  points: Point[];
  isStacked?: boolean;
  printTime: (time: string) => string;
}

function yOf(value: number, top: number): number {
  return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
}

function Bars({points, colors, top}: {points: Point[]; colors: number[]; top: number}) {
  const step = (WIDTH - LEFT) / Math.max(points.length, 1);
  return points.map((point, index) => {
    let below = 0;
    return point.values.map((value, series) => {
      const y = yOf(below + value, top);
      const height = yOf(below, top) - y;
      below += value;
      return value > 0 && (
        <rect key={`${point.time} ${series}`} className={`la-bar la-series-${colors[series]}`}
          x={LEFT + index * step + step * 0.12} width={step * 0.76} y={y} height={height}/>
      );
    });
  });
}

function Curves({points, colors, top}: {points: Point[]; colors: number[]; top: number}) {
  const step = (WIDTH - LEFT) / Math.max(points.length - 1, 1);
  return colors.map((color, series) => (
    <polyline key={color} className={`la-curve la-series-${color}`} points={points
      // A single figure is a short line.
      .flatMap((point, index) => [`${LEFT + index * step},${yOf(point.values[series], top)}`,
        `${LEFT + index * step + (points.length === 1 ? 6 : 0)},${yOf(point.values[series], top)}`])
      .join(' ')}/>
  ));
}

function Axes({points, top, printTime}:
  {points: Point[]; top: number; printTime: (time: string) => string}) {
  const {i18n} = useTranslation();
  const marks = top % 2 === 0 ? [0, top / 2, top] : [0, top]; // there are no half calls
  const step = (WIDTH - LEFT) / Math.max(points.length, 1);
  const every = Math.max(1, Math.ceil(points.length / 6));
  return (
    <>
      {marks.map((mark) => (
        <g key={mark}>
          <line x1={LEFT} x2={WIDTH} y1={yOf(mark, top)} y2={yOf(mark, top)}/>
          <text x={LEFT - 8} y={yOf(mark, top) + 4} textAnchor="end">
            {mark.toLocaleString(i18n.language)}</text>
        </g>
      ))}
      {points.map((point, index) => index % every === 0 && (
        <text key={point.time} x={LEFT + index * step} y={HEIGHT - 6}>{printTime(point.time)}</text>
      ))}
    </>
  );
}

export function Plot({title, series, colors, points, isStacked, printTime}: PlotProps) {
  const {t, i18n} = useTranslation('admin');
  const highest = Math.max(0, ...points.map(({values}) =>
    (isStacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values))));
  const top = niceTop(highest);
  return (
    <>
      <svg className="la-plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title}>
        <Axes points={points} top={top} printTime={printTime}/>
        {isStacked ? <Bars points={points} colors={colors} top={top}/>
          : <Curves points={points} colors={colors} top={top}/>}
      </svg>
      <ul className="la-legend">
        {series.map((name, index) => (
          <li key={name}><i className={`la-series-${colors[index]}`}/>{name}</li>
        ))}
      </ul>
      <details>
        <summary>{t('plot.asTable')}</summary>
        <div className="la-scroll" tabIndex={0} role="region" aria-label={title}>
          <table className="la-table">
            <thead><tr><th scope="col">{t('plot.time')}</th>
              {series.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
            <tbody>{points.map((point) => (
              <tr key={point.time}><td>{printTime(point.time)}</td>
                {point.values.map((value, index) => (
                  <td key={series[index]}>{value.toLocaleString(i18n.language)}</td>
                ))}</tr>
            ))}</tbody>
          </table>
        </div>
      </details>
    </>
  );
}
