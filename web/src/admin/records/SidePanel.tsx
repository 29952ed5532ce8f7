// SPDX-License-Identifier: Apache-2.0
// A panel at the right, in front of the page. Its head is none of the page's own landmarks.
import {CloseButton, Drawer} from '@mantine/core';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';

export function SidePanel({isOpen, title, onClose, children}:
  {isOpen: boolean; title: string; onClose: () => void; children: ReactNode}) {
  const {t} = useTranslation('admin');
  return (
    <Drawer.Root opened={isOpen} onClose={onClose} position="right" size="lg" lockScroll={false}>
      <Drawer.Overlay/>
      <Drawer.Content aria-label={title}>
        <Drawer.Body className="la-panel">
          <div className="la-panel-head">
            <h2>{title}</h2>
            <CloseButton aria-label={t('close')} onClick={onClose}/>
          </div>
          {children}
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
