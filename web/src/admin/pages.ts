// SPDX-License-Identifier: Apache-2.0
// The pages of the administrator. They, and the namespace `admin` of the languages, are loaded when
// one of them is gone to.
import type {Page} from '../app/pages';

export const adminPages: Page[] = [
  {path: '/admin/dashboard', label: 'admin.dashboard', icon: 'dashboard',
    load: () => import('./dashboard/Dashboard')},
  {path: '/admin/groups', label: 'admin.groups', icon: 'phone',
    load: () => import('./groups/Groups')},
  {path: '/admin/groups/:group/checks/:number?', label: 'admin.checks', icon: 'check',
    isHidden: true, load: () => import('./checks/Checks')},
  {path: '/admin/lines', label: 'admin.lines', icon: 'lines', load: () => import('./lines/Lines')},
  {path: '/admin/users', label: 'admin.users', icon: 'users', load: () => import('./Users')},
  {path: '/admin/devices', label: 'admin.devices', icon: 'device',
    load: () => import('./devices/Devices')},
  {path: '/admin/forwardings', label: 'admin.forwardings', icon: 'forward',
    load: () => import('./Forwardings')},
  {path: '/admin/calendars', label: 'admin.calendars', icon: 'clock',
    load: () => import('./Calendars')},
  {path: '/admin/tokens', label: 'admin.tokens', icon: 'lock',
    load: () => import('./tokens/Tokens')},
  {path: '/admin/audit', label: 'admin.audit', icon: 'journal',
    load: () => import('./audit/Audit')},
  {path: '/admin/trace/:group/:extension', label: 'admin.trace', icon: 'search', isHidden: true,
    load: () => import('./trace/Trace')},
  {path: '/setup', label: 'admin.setup', icon: 'check', isHidden: true,
    load: () => import('./setup/SetUp')},
];
