// SPDX-License-Identifier: Apache-2.0
// The frame of a page: its name, also in the browser's title, and what it is for.
import {Group, Loader} from '@mantine/core';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {useTitle} from './title';

interface PageFrameProps {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode; // at the right of both, below them where that is too narrow
  children?: ReactNode;
}

export function PageFrame({title, lead, actions, children}: PageFrameProps) {
  useTitle(title);
  return (
    <>
      <div className="lw-page-head">
        <div>
          <h1>{title}</h1>
          {lead && <p className="lw-lead">{lead}</p>}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </div>
      {children}
    </>
  );
}

function Loading() {
  const {t} = useTranslation();
  return <Group justify="center" p="xl"><Loader aria-label={t('loading')}/></Group>;
}

PageFrame.Loading = Loading;
