// SPDX-License-Identifier: Apache-2.0
// Starts the client.
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './theme.css';
import '../user/user.css';
import {createRoot} from 'react-dom/client';
import {App} from './App';
import {startLanguages} from './i18n';
import {userPages} from './pages';

// As the page goes from one address to another, the base stays what it was when it was loaded.
document.querySelector('base')!.href = document.baseURI;

// The page that is asked for most often comes beside the languages, not behind them.
// Where it cannot be had now, it is asked for again when it is shown.
void userPages[0].load().catch(() => undefined);

await startLanguages();
createRoot(document.getElementById('root')!).render(<App/>);

// The client's files are kept for when the server is away. Where the browser lets no page do so,
// for want of TLS, it runs all the same.
void navigator.serviceWorker?.register('./sw.js').catch(() => undefined);
