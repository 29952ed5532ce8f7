// SPDX-License-Identifier: Apache-2.0
// Where the focus goes when what had it goes away, so that who works by keyboard or listens to the
// page is not thrown back to its beginning.
import {useLayoutEffect} from 'react';
import type {RefObject} from 'react';

// Once the page is drawn anew, gives the focus to the first thing that the selectors find, in
// their order, else to the page itself; not where something has it by then.
export function focusNext(...selectors: string[]) {
  setTimeout(() => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const found = [...selectors, '#main']
      .map((selector) => document.querySelector<HTMLElement>(selector))
      .find((element) => element && !element.matches(':disabled'));
    found?.focus({preventScroll: found.id === 'main'});
  }, 0);
}

// When `element` leaves the page with the focus in it, that goes to what the selectors find. A
// button that waits is disabled, and the browser takes the focus from it: `isForm` says that who
// worked in it is then meant, too.
export function useFocusLeaves(element: RefObject<HTMLElement>, selectors: string[],
  isForm = false) {
  useLayoutEffect(() => {
    const own = element.current;
    return () => {
      const active = document.activeElement;
      if (own?.contains(active) || (isForm && active === document.body)) focusNext(...selectors);
    };
    // What it is about does not change while it is there.
    // eslint-disable-next-line
  }, []);
}
