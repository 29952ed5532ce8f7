// SPDX-License-Identifier: Apache-2.0
// Who is signed in. Pages are shown only to somebody; whoever is not gets the way in.
import {useQuery, useQueryClient} from '@tanstack/react-query';
import {createContext, lazy, Suspense, useContext, useEffect} from 'react';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {Link, useLocation} from 'wouter';
import {ask, onSignedOut, Problem} from '../api/client';
import type {Schemas} from '../api/client';
import {again} from '../shared/again';
import {SignIn} from './SignIn';
import {Starting} from './Starting';

type Principal = Schemas['Principal'];
export const SESSION = ['session'];

const FirstStart = lazy(() => again(() => import('../admin/setup/FirstStart')));

// Who is not signed in signs in; or, where there is no administrator yet, may become the first one.
function WayIn() {
  const {t} = useTranslation();
  const [location] = useLocation();
  const setup = useQuery({queryKey: ['session', 'setup'], staleTime: Infinity,
    queryFn: async () => (await ask('get', '/setup')).data});
  if (location !== '/setup') {
    return <SignIn more={setup.data?.needed && <Link href="/setup">{t('signIn.first')}</Link>}/>;
  }
  if (!setup.data) return <Starting isLate={setup.failureCount > 0}/>;
  return setup.data.needed ? <Suspense fallback={<Starting/>}><FirstStart/></Suspense> : <SignIn/>;
}

const SessionContext = createContext<Principal | null>(null);

async function readSession(): Promise<Principal | null> {
  try {
    return (await ask('get', '/session')).data;
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) return null;
    throw problem;
  }
}

// Shows `children` to who is signed in, else the page to sign in.
export function SessionGate({children}: {children: ReactNode}) {
  const client = useQueryClient();
  const session = useQuery({queryKey: SESSION, queryFn: readSession, staleTime: Infinity});
  useEffect(() => onSignedOut(() => client.setQueryData(SESSION, null)), [client]);
  if (session.data === undefined) return <Starting isLate={session.failureCount > 0}/>;
  if (session.data === null) return <WayIn/>;
  return <SessionContext.Provider value={session.data}>{children}</SessionContext.Provider>;
}

export function useSession(): Principal {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession is for pages of who is signed in');
  return session;
}

// Forgets all that was shown to who was signed in.
export function useSignOut() {
  const client = useQueryClient();
  return async () => {
    await ask('delete', '/session').catch((problem) => {
      if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    });
    client.setQueryData(SESSION, null);
    client.removeQueries({predicate: ({queryKey}) => queryKey[0] !== SESSION[0]});
  };
}
