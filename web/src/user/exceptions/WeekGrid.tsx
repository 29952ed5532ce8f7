// SPDX-License-Identifier: Apache-2.0
// A week to draw in: half hours are painted by dragging the mouse or a finger, or with the arrow
// keys, Space, and Shift for a rectangle.
import {useId, useRef, useState} from 'react';
import type {KeyboardEvent, PointerEvent} from 'react';
import {useTranslation} from 'react-i18next';
import {clockOf, DAYS, paint, SLOTS} from './week';
import type {Place, Week} from './week';

// 2024-01-01 was a Monday.
function dayName(day: number, language: string, style: 'short' | 'long'): string {
  return new Intl.DateTimeFormat(language, {weekday: style, timeZone: 'UTC'})
    .format(new Date(Date.UTC(2024, 0, 1 + day)));
}

const STEPS: Record<string, [number, number]> = {
  ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
};

// Where the keyboard is, and from where a rectangle is drawn.
function useDrawing(week: Week, onChange: (week: Week) => void) {
  const [at, setAt] = useState<Place>({day: 0, slot: 16});
  const [drag, setDrag] = useState<{from: Place; value: boolean} | null>(null);
  const anchor = useRef<Place | null>(null);
  const shown = drag ? paint(week, drag.from, at, drag.value) : week;

  function move(event: KeyboardEvent) {
    const step = STEPS[event.key];
    const clamp = (value: number, max: number) => Math.max(0, Math.min(max, value));
    if (step) {
      event.preventDefault();
      const to = {day: clamp(at.day + step[0], 6), slot: clamp(at.slot + step[1], SLOTS - 1)};
      if (event.shiftKey) {
        anchor.current ??= at;
        onChange(paint(week, anchor.current, to, true));
      } else {
        anchor.current = null;
      }
      setAt(to);
    } else if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault();
      anchor.current = null;
      onChange(paint(week, at, at, !week[at.day][at.slot]));
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      onChange(paint(week, {day: at.day, slot: 0}, {day: at.day, slot: SLOTS - 1}, false));
    }
  }

  function press(place: Place) {
    setAt(place);
    setDrag({from: place, value: !week[place.day][place.slot]});
  }

  function release() {
    if (drag) onChange(shown);
    setDrag(null);
  }

  return {at, shown, isDragging: drag !== null, setAt, move, press, release};
}

// The half hour under the mouse; a finger keeps the one where it was put down.
function placeOf(event: PointerEvent): Place | null {
  const cell = document.elementFromPoint(event.clientX, event.clientY);
  if (!(cell instanceof HTMLElement) || !cell.dataset.slot) return null;
  return {day: Number(cell.dataset.day), slot: Number(cell.dataset.slot)};
}

export function WeekGrid({week, label, onChange}:
  {week: Week; label: string; onChange: (week: Week) => void}) {
  const {i18n, t} = useTranslation('user');
  const id = useId();
  const {at, shown, isDragging, setAt, move, press, release} = useDrawing(week, onChange);
  const hours = Array.from({length: 24}, (_, hour) => hour);
  return (
    <div className="lw-week-frame">
      <div className="lw-week" role="grid" tabIndex={0} aria-label={label} onKeyDown={move}
        aria-activedescendant={`${id}-${at.day}-${at.slot}`} aria-describedby={`${id}-help`}
        aria-multiselectable="true"
        onPointerDown={(event) => {
          const place = placeOf(event);
          if (place) press(place);
        }}
        onPointerMove={(event) => {
          const place = isDragging && placeOf(event);
          if (place) setAt(place);
        }}
        onPointerUp={release} onPointerCancel={release} onPointerLeave={release}>
        <div className="lw-week-hours" aria-hidden="true">
          {hours.map((hour) => <span key={hour}>{hour % 3 === 0 ? hour : ''}</span>)}
        </div>
        {DAYS.map((key, day) => (
          <div key={key} role="row" className="lw-week-day">
            <span role="rowheader" className="lw-week-name">
              {dayName(day, i18n.language, 'short')}
            </span>
            {shown[day].map((isOn, slot) => (
              <span key={slot} role="gridcell" id={`${id}-${day}-${slot}`} data-day={day}
                data-slot={slot} aria-selected={isOn}
                data-at={(day === at.day && slot === at.slot) || undefined}
                aria-label={`${dayName(day, i18n.language, 'long')} ${clockOf(slot)}–` +
                  clockOf(slot + 1)}/>
            ))}
          </div>
        ))}
      </div>
      <p id={`${id}-help`} className="lw-week-help">{t('exceptions.weekHelp')}</p>
    </div>
  );
}
