// SPDX-License-Identifier: Apache-2.0
// All that the pages stand in: looks, data, session, events, addresses.
import {MantineProvider, MantineThemeProvider} from '@mantine/core';
import {Notifications} from '@mantine/notifications';
import {QueryClient, QueryClientProvider} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {Router} from 'wouter';
import {home, Problem} from '../api/client';
import {Breakable} from './Breakable';
import {LiveProvider} from './live';
import {SessionGate} from './session';
import {Shell} from './Shell';
import {colorSchemes, theme} from './theme';

// A request is repeated where the server could not be reached, could not work for the moment, or
// was asked too much at a time; what an event has told of would else not be seen.
function isWorthRepeating(count: number, problem: Error): boolean {
  if (!(problem instanceof Problem)) return false;
  return problem.status === 0 ? count < 60 : [429, 503].includes(problem.status) && count < 10;
}

function retryDelayMs(attempt: number, problem: Error): number {
  const told = problem instanceof Problem ? 1000 * problem.retryAfterS : 0;
  return Math.max(told, Math.min(500 * 2 ** attempt, 5000));
}

const client = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: 'always',
      retry: isWorthRepeating,
      retryDelay: retryDelayMs,
      staleTime: 30_000,
      refetchOnWindowFocus: false, // events tell
      refetchOnReconnect: false,
    },
    mutations: {networkMode: 'always'},
  },
});

const base = home.pathname.replace(/\/$/, '');

// What was done or has failed. The button that closes a notice has a name, whoever shows it.
function Notices() {
  const {t} = useTranslation();
  const named = {defaultProps: {closeButtonProps: {'aria-label': t('close')}}};
  return (
    <MantineThemeProvider theme={{components: {Notification: named}}}>
      <Notifications position="bottom-center" autoClose={8000} limit={3}/>
    </MantineThemeProvider>
  );
}

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={colorSchemes}
      withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={client}>
        <Notices/>
        <Router base={base}>
          <Breakable>
            <SessionGate>
              <LiveProvider><Shell/></LiveProvider>
            </SessionGate>
          </Breakable>
        </Router>
      </QueryClientProvider>
    </MantineProvider>
  );
}
