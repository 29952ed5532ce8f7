// SPDX-License-Identifier: Apache-2.0
// What stands around each page: header, navigation, and the page of the address.
import {Suspense, lazy, useEffect, useRef, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Link, Route, Switch, useLocation} from 'wouter';
import {adminPages} from '../admin/pages';
import {again} from '../shared/again';
import {Icon} from '../shared/icons';
import {Breakable} from './Breakable';
import {Choices, Header} from './Header';
import {Calls} from '../user/calls/Calls';
import {userPages} from './pages';
import type {Page} from './pages';
import {PageFrame} from './PageFrame';
import {useSession} from './session';

const routes = [...userPages, ...adminPages].map((page) => ({
  page, Component: lazy(() => again(page.load)),
}));

function NavGroup({pages, namespace, title, onGone}:
  {pages: Page[]; namespace: string; title?: string; onGone: () => void}) {
  const {t} = useTranslation(namespace);
  const [location] = useLocation();
  const shown = pages.filter((page) => !page.isHidden);
  return (
    <>
      {title && <h2>{title}</h2>}
      <ul>
        {shown.map((page) => {
          const isHere = page.path === '/' ? location === '/' : location.startsWith(page.path);
          return (
            <li key={page.path}>
              <Link href={page.path} onClick={onGone} aria-current={isHere ? 'page' : undefined}>
                <Icon name={page.icon}/>{t(page.label)}
              </Link>
            </li>
          );
        })}
      </ul>
    </>
  );
}

// A page that has been gone to gets the focus, so that a screen reader begins there.
function useFocusOnPage() {
  const [location] = useLocation();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) {
      main.current?.focus({preventScroll: true});
      window.scrollTo(0, 0);
    }
    isFirst.current = false;
  }, [location]);
  return main;
}

export function Shell() {
  const {t} = useTranslation();
  const [location] = useLocation();
  const [isOpen, setOpen] = useState(false);
  const session = useSession();
  const main = useFocusOnPage();
  const isAdministrator = session.role === 'administrator';
  const close = () => setOpen(false);
  return (
    <>
      <a className="lw-skip" href="#main" onClick={(event) => {
        event.preventDefault(); // the page's base would make another page of the address
        main.current?.focus();
      }}>{t('skip')}</a>
      <Header isOpen={isOpen} onMenu={() => setOpen(!isOpen)}/>
      <div className="lw-body">
        <nav className="lw-nav" aria-label={t('navigation')} data-open={isOpen || undefined}>
          <NavGroup pages={userPages} namespace="user" onGone={close}/>
          {isAdministrator && adminPages.length > 0 && (
            <NavGroup pages={adminPages} namespace="common" title={t('administration')}
              onGone={close}/>
          )}
          <div className="lw-narrow-only"><Choices/></div>
        </nav>
        <main className="lw-main" id="main" tabIndex={-1} ref={main}>
          <Calls/>
          <Breakable place={location}>
            <Suspense fallback={<PageFrame.Loading/>}>
              <Switch>
                {routes.filter(({page}) => isAdministrator || userPages.includes(page))
                  .map(({page, Component}) => (
                    <Route key={page.path} path={page.path}><Component/></Route>
                  ))}
                <Route><PageFrame title={t('notFound.title')} lead={t('notFound.lead')}/></Route>
              </Switch>
            </Suspense>
          </Breakable>
        </main>
      </div>
    </>
  );
}
