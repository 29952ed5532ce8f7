// SPDX-License-Identifier: Apache-2.0
// How the client is built: all addresses relative, so that it runs below any path of a proxy.
import react from '@vitejs/plugin-react';
import {defineConfig} from 'vite';
import {icons} from './icons.js';

export default defineConfig({
  base: './',
  plugins: [react(), icons()],
  build: {
    target: 'es2022',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: {polyfill: false},
    reportCompressedSize: false,
  },
});
