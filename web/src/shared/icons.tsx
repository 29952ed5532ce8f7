// SPDX-License-Identifier: Apache-2.0
// The icons: strokes in the text's colour, for decoration only; what they mean stands beside them
// or in a label.
const SHAPES = {
  home: ['M4 11l8-7 8 7', 'M6 10v9h12v-9', 'M10 19v-5h4v5'],
  forward: ['M4 17h5c6 0 4-10 10-10h1', 'M16 3l4 4-4 4'],
  exceptions: ['M4 6h16', 'M7 12h10', 'M10 18h4'],
  profiles: ['M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8', 'M5 20c0-4 3-6 7-6s7 2 7 6'],
  journal: ['M5 4h14v16H5z', 'M9 9h6', 'M9 13h6', 'M9 17h3'],
  whatIf: ['M9.5 9a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1 1-1.1 2.2', 'M12 17v.01',
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18'],
  account: ['M4 7h8', 'M16 7h4', 'M14 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4', 'M4 17h4', 'M12 17h8',
    'M10 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4'],
  device: ['M7 3h10v18H7z', 'M11 18h2'],
  phone: ['M6 4h3l2 5-2.500 1.500a11 11 0 0 0 5 5L15 13l5 2v3a2 2 0 0 1-2 2A15 15 0 0 1 4 6' +
    'a2 2 0 0 1 2-2'],
  sun: ['M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8', 'M12 3v1', 'M12 20v1', 'M3 12h1', 'M20 12h1',
    'M5.600 5.600l.7.7', 'M17.700 17.700l.7.7', 'M18.400 5.600l-.7.7', 'M6.300 17.700l-.7.7'],
  moon: ['M20 14.500A8.500 8.500 0 1 1 9.500 4a7 7 0 0 0 10.500 10.500z'],
  menu: ['M4 7h16', 'M4 12h16', 'M4 17h16'],
  close: ['M6 6l12 12', 'M18 6L6 18'],
  plus: ['M12 5v14', 'M5 12h14'],
  check: ['M5 12l5 5 9-10'],
  warning: ['M12 4l9 16H3z', 'M12 10v4', 'M12 17v.01'],
  lock: ['M6 11h12v9H6z', 'M9 11V8a3 3 0 0 1 6 0v3'],
  clock: ['M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18', 'M12 7v5l3 2'],
  edit: ['M5 19h3L19 8l-3-3L5 16z'],
  trash: ['M5 7h14', 'M10 7V4h4v3', 'M7 7l1 13h8l1-13'],
  undo: ['M9 7L4 12l5 5', 'M4 12h10a6 6 0 0 1 6 6'],
  search: ['M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14', 'M20 20l-4-4'],
  signOut: ['M14 4H5v16h9', 'M10 12h10', 'M17 9l3 3-3 3'],
  bell: ['M6 17h12l-1.500-2V10a4.500 4.500 0 0 0-9 0v5z', 'M10 20h4'],
  dnd: ['M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18', 'M8 12h8'],
  globe: ['M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18', 'M3 12h18', 'M12 3c-5 5-5 13 0 18',
    'M12 3c5 5 5 13 0 18'],
  dashboard: ['M4 4h7v9H4z', 'M13 4h7v5h-7z', 'M13 11h7v9h-7z', 'M4 15h7v5H4z'],
  users: ['M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6', 'M3 19c0-4 3-5 6-5s6 1 6 5', 'M16 5a3 3 0 0 1 0 6',
    'M17 14c3 0 4 2 4 5'],
  lines: ['M4 6h16v5H4z', 'M4 13h16v5H4z', 'M7 8.500v.01', 'M7 15.500v.01'],
  chevron: ['M9 6l6 6-6 6'],
  offline: ['M4 4l16 16', 'M8 12.500a6 6 0 0 1 3-1.600', 'M15 12a6 6 0 0 1 1.500 1',
    'M5 9.500A10 10 0 0 1 8 7.700', 'M11 7a10 10 0 0 1 8 2.500', 'M12 18v.01'],
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({name, size = 20}: {name: IconName; size?: number}) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
      strokeWidth={1.75} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      {SHAPES[name].map((path) => <path key={path} d={path}/>)}
    </svg>
  );
}
