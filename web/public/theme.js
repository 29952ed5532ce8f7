// SPDX-License-Identifier: Apache-2.0
// Light or dark before anything is drawn, so that nothing flashes.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem('lineward-theme');
  } catch (error) {
    // Without storage the system decides.
  }
  var dark = chosen === 'dark' ||
    (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
