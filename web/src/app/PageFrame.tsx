// SPDX-License-Identifier: Apache-2.0
// The frame of a page: its name, also in the browser's title, and what it is for.
import {Group, Loader} from '@mantine/core';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {useTitle} from './title';

interface PageFrameProps {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode; // at the right of the title
  children?: ReactNode;
}

export function PageFrame({title, lead, actions, children}: PageFrameProps) {
  useTitle(title);
  return (
    <>
      <Group justify="space-between" align="flex-start" gap="sm" mb={lead ? 0 : 'lg'}>
        <h1>{title}</h1>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {lead && <p className="lw-lead">{lead}</p>}
      {children}
    </>
  );
}

function Loading() {
  const {t} = useTranslation();
  return <Group justify="center" p="xl"><Loader aria-label={t('loading')}/></Group>;
}

PageFrame.Loading = Loading;
