// SPDX-License-Identifier: Apache-2.0
// Keeps the client's own files, so that an installed client starts while the server is away. What
// the API says is never kept: nothing here answers for it.
const CACHE = 'shell';
const PAGE = './index.html';
const scope = new URL(self.registration.scope);

function kindOf(request) {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== scope.origin) return 'other';
  if (!url.pathname.startsWith(scope.pathname)) return 'other';
  const path = url.pathname.slice(scope.pathname.length);
  if (path.startsWith('api/')) return 'other';
  if (request.mode === 'navigate') return 'page';
  return path.startsWith('assets/') || /^[\w-]+\.(js|svg|png|webmanifest)$/.test(path)
    ? 'file' : 'other';
}

// The page whose base is where the client begins, whatever the address it was asked for by.
async function keepPage(response) {
  const text = (await response.text())
    .replace(/<base href="[^"]*">/, `<base href="${scope.pathname}">`);
  const cache = await caches.open(CACHE);
  const before = await cache.match(PAGE);
  if (before && await before.text() !== text) await caches.delete(CACHE); // another version
  const fresh = await caches.open(CACHE);
  await fresh.put(PAGE, new Response(text, {headers: response.headers}));
}

async function answerPage(event) {
  try {
    const response = await fetch(event.request);
    if (response.ok) event.waitUntil(keepPage(response.clone()));
    return response;
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept) return kept;
    throw error;
  }
}

// What is kept of it. A browser whose store fails has nothing kept: the server has it.
function keptOf(request) {
  return caches.open(CACHE).then((cache) => cache.match(request)).catch(() => undefined);
}

async function keepFile(request, response) {
  const cache = await caches.open(CACHE);
  await cache.put(request, response);
}

// Files below assets/ never change; the others are asked for while the server is there.
async function answerFile(event) {
  const isLasting = new URL(event.request.url).pathname.includes('/assets/');
  const kept = await keptOf(event.request);
  if (kept && isLasting) return kept;
  try {
    const response = await fetch(event.request);
    if (response.ok) event.waitUntil(keepFile(event.request, response.clone()));
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const kind = kindOf(event.request);
  if (kind === 'page') event.respondWith(answerPage(event));
  if (kind === 'file') event.respondWith(answerFile(event));
});
