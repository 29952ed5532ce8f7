// SPDX-License-Identifier: Apache-2.0
// The header: where one is, whether a forwarding is on, whether the connection is up, and what
// holds for all pages: light or dark, language, signing out.
import {ActionIcon, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme}
  from '@mantine/core';
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {Icon} from '../shared/icons';
import {ForwardingNotice} from '../user/ForwardingNotice';
import {chooseLanguage, languageName, languages} from './i18n';
import {useLive} from './live';
import {useSession, useSignOut} from './session';

function ThemeSwitch() {
  const {t} = useTranslation();
  const {setColorScheme} = useMantineColorScheme({keepTransitions: true});
  const scheme = useComputedColorScheme('light', {getInitialValueInEffect: false});
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t(`theme.${other}`)}
      onClick={() => setColorScheme(other)}>
      <Icon name={scheme === 'dark' ? 'sun' : 'moon'}/>
    </ActionIcon>
  );
}

function LanguageMenu() {
  const {t, i18n} = useTranslation();
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('language')}>
          <Icon name="globe"/>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {languages.map((language) => (
          <Menu.Item key={language} lang={language} onClick={() => void chooseLanguage(language)}
            rightSection={language === i18n.language ? <Icon name="check" size={16}/> : null}>
            {languageName(language)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function UserMenu() {
  const {t} = useTranslation();
  const session = useSession();
  const signOut = useSignOut();
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('userMenu')}>
          <Icon name="profiles"/>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('signedInAs', {name: session.user})}</Menu.Label>
        <Menu.Item leftSection={<Icon name="signOut" size={16}/>} onClick={() => void signOut()}>
          {t('signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Connection() {
  const {t} = useTranslation();
  const {state} = useLive();
  return (
    <span role="status" data-live={state}>
      {state === 'lost' && (
        <Tooltip label={t('live.lostLong')} multiline w={260}>
          <span className="lw-offline"><Icon name="offline" size={18}/>
            <span className="lw-wide-only">{t('live.lost')}</span>
          </span>
        </Tooltip>
      )}
    </span>
  );
}

// What holds for all pages. As a phone has it, it stands in the menu.
export function Choices() {
  return <><ThemeSwitch/><LanguageMenu/></>;
}

export function Header({isOpen, onMenu}: {isOpen: boolean; onMenu: () => void}) {
  const {t} = useTranslation();
  return (
    <header className="lw-header">
      <ActionIcon className="lw-narrow-only" variant="subtle" color="gray" size="lg"
        aria-label={t('menu')} aria-expanded={isOpen} onClick={onMenu}>
        <Icon name={isOpen ? 'close' : 'menu'}/>
      </ActionIcon>
      <Link href="/" className="lw-brand">
        <img src="./icon.svg" alt=""/><span className="lw-wide-only">Lineward</span>
        <span className="lw-hidden">{t('toHome')}</span>
      </Link>
      <span className="lw-header-space"/>
      <Connection/>
      <ForwardingNotice/>
      <span className="lw-wide-only"><Choices/></span>
      <UserMenu/>
    </header>
  );
}
