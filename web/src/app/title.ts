// SPDX-License-Identifier: Apache-2.0
// The browser's title and icon: the page's name, and whether a forwarding is on.
import {useEffect} from 'react';

const ICON_OFF = './icon.svg';
const ICON_ON = './icon-forwarding.svg';
const shown = {page: '', notice: ''};

function show() {
  document.title = [shown.notice, shown.page, 'Lineward'].filter(Boolean).join(' – ');
}

export function useTitle(page: string) {
  useEffect(() => {
    shown.page = page;
    show();
  }, [page]);
}

// `notice` stands before all page names; empty: no forwarding is on.
export function useNotice(notice: string) {
  useEffect(() => {
    shown.notice = notice;
    show();
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    if (icon) icon.href = notice ? ICON_ON : ICON_OFF;
  }, [notice]);
}
