// SPDX-License-Identifier: Apache-2.0
// A week to draw in: half hours are painted by dragging the mouse or a finger, or with the arrow
// keys, Space, and Shift for a rectangle. A finger that goes up or down scrolls the page, as
// everywhere; one that begins sideways draws, and the frame goes along where it comes to an edge.
import {useId, useRef, useState} from 'react';
import type {KeyboardEvent, PointerEvent, RefObject} from 'react';
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

  // Where the pointer was let go is not always drawn yet.
  function release(last: Place | null) {
    if (drag) onChange(paint(week, drag.from, last ?? at, drag.value));
    if (last) setAt(last);
    setDrag(null);
  }

  // The finger scrolls the page: nothing was meant to be drawn.
  const cancel = () => setDrag(null);

  return {at, shown, isDragging: drag !== null, setAt, move, press, release, cancel};
}

interface Point {
  clientX: number;
  clientY: number;
}

// The half hour there. A finger's events all go to where it was put down, so that says nothing.
function placeOf({clientX, clientY}: Point): Place | null {
  const cell = document.elementFromPoint(clientX, clientY);
  if (!(cell instanceof HTMLElement) || !cell.dataset.slot) return null;
  return {day: Number(cell.dataset.day), slot: Number(cell.dataset.slot)};
}

const EDGE_PX = 32;
const STEP_PX = 6; // of each picture that is drawn

// Moves the frame while the pointer, with which one draws, stays at one of its edges; `onMoved` is
// told where the pointer is then.
function useEdges(frame: RefObject<HTMLElement>, onMoved: (point: Point) => void) {
  const last = useRef<Point | null>(null);
  const moved = useRef(onMoved);
  moved.current = onMoved;
  function step() {
    const point = last.current;
    const box = frame.current?.getBoundingClientRect();
    if (!point || !box) return;
    const before = frame.current!.scrollLeft;
    if (point.clientX > box.right - EDGE_PX) frame.current!.scrollLeft += STEP_PX;
    else if (point.clientX < box.left + EDGE_PX) frame.current!.scrollLeft -= STEP_PX;
    if (frame.current!.scrollLeft !== before) moved.current(point);
    requestAnimationFrame(step);
  }
  return {
    follow({clientX, clientY}: Point) {
      const isNew = last.current === null;
      last.current = {clientX, clientY};
      if (isNew) requestAnimationFrame(step);
    },
    leave() {
      last.current = null;
    },
  };
}

// What a mouse, a pen or a finger does in the grid.
function usePointer(frame: RefObject<HTMLElement>, drawing: ReturnType<typeof useDrawing>) {
  const {isDragging, setAt, press, release, cancel} = drawing;
  function draw(point: Point) {
    const place = placeOf(point);
    if (place) setAt(place);
  }
  const edges = useEdges(frame, draw);
  return {
    onPointerDown(event: PointerEvent) {
      const place = event.isPrimary && event.button === 0 && placeOf(event);
      if (place) press(place);
      else cancel(); // a second finger: it is made larger, or smaller
    },
    onPointerMove(event: PointerEvent) {
      if (!isDragging || !event.isPrimary) return;
      edges.follow(event);
      draw(event);
    },
    onPointerUp(event: PointerEvent) {
      edges.leave();
      release(placeOf(event));
    },
    onPointerCancel() {
      edges.leave();
      cancel();
    },
    onPointerLeave() {
      edges.leave();
      release(null);
    },
  };
}

export function WeekGrid({week, label, onChange}:
  {week: Week; label: string; onChange: (week: Week) => void}) {
  const {i18n, t} = useTranslation('user');
  const id = useId();
  const drawing = useDrawing(week, onChange);
  const {at, shown, move} = drawing;
  const frame = useRef<HTMLDivElement>(null);
  const pointer = usePointer(frame, drawing);
  const hours = Array.from({length: 24}, (_, hour) => hour);
  return (
    <div className="lw-week-frame" ref={frame}>
      <div className="lw-week" role="grid" tabIndex={0} aria-label={label} onKeyDown={move}
        aria-activedescendant={`${id}-${at.day}-${at.slot}`} aria-describedby={`${id}-help`}
        aria-multiselectable="true" {...pointer}>
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
