// SPDX-License-Identifier: Apache-2.0
// The pages of the administrator. They, and the namespace `admin` of the languages, are loaded when
// one of them is gone to.
import type {Page} from '../app/pages';

export const adminPages: Page[] = [];
