// SPDX-License-Identifier: Apache-2.0
// How all components look. The colours are in theme.css: the content policy lets no component write
// a style sheet of its own, so none of Mantine's variables may be made at run time.
import {createTheme, localStorageColorSchemeManager} from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Locking the scroll bar, too, would write a style sheet.
    Modal: {defaultProps: {lockScroll: false, centered: true}},
    Menu: {defaultProps: {shadow: 'md', position: 'bottom-end', withinPortal: true}},
    Loader: {defaultProps: {type: 'dots'}},
  },
});

export const colorSchemes = localStorageColorSchemeManager({key: 'lineward-theme'});
