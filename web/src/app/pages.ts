// SPDX-License-Identifier: Apache-2.0
// The pages of the user: where they are and what they are called. Those of the administrator are
// in admin/pages.ts. Each is loaded when it is gone to.
import type {ComponentType} from 'react';
import type {IconName} from '../shared/icons';

export interface Page {
  path: string; // as wouter has it; the first one of a group may have parameters behind it
  label: string; // the key of its name, in the namespace of its group
  icon: IconName;
  isHidden?: boolean; // not in the navigation
  load: () => Promise<{default: ComponentType}>;
}

export const userPages: Page[] = [
  {path: '/', label: 'home.name', icon: 'home', load: () => import('../user/home/Home')},
  {path: '/forwardings', label: 'forwardings.name', icon: 'forward',
    load: () => import('../user/forwardings/Forwardings')},
  {path: '/exceptions', label: 'exceptions.name', icon: 'exceptions',
    load: () => import('../user/exceptions/Exceptions')},
  {path: '/profiles', label: 'profiles.name', icon: 'profiles',
    load: () => import('../user/profiles/Profiles')},
  {path: '/journal', label: 'journal.name', icon: 'journal',
    load: () => import('../user/journal/Journal')},
  {path: '/what-if', label: 'whatIf.name', icon: 'whatIf', load: () => import('../user/WhatIf')},
  {path: '/devices', label: 'devices.name', icon: 'device',
    load: () => import('../user/account/Devices')},
  {path: '/account', label: 'account.name', icon: 'account',
    load: () => import('../user/account/Account')},
];
