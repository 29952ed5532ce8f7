// SPDX-License-Identifier: Apache-2.0
// Notices on the desktop, for who has allowed them.
import {useEffect} from 'react';

export function canNotify(): boolean {
  return 'Notification' in window;
}

// Tells of a call while the page is out of sight, and leads to it; the notice goes when the call
// does.
export function useDesktopNotice(id: string, title: string, body: string) {
  useEffect(() => {
    const isWanted = canNotify() && Notification.permission === 'granted' && document.hidden;
    if (!isWanted) return undefined;
    const notice = new Notification(title, {body, tag: id, icon: './icon.svg'});
    notice.onclick = () => {
      window.focus();
      document.querySelector<HTMLElement>(`[data-call="${CSS.escape(id)}"]`)?.focus();
      notice.close();
    };
    return () => notice.close();
    // A notice is made once for each call.
    // eslint-disable-next-line
  }, [id]);
}
