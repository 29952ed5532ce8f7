// SPDX-License-Identifier: Apache-2.0
// A forwarding that is on is never out of sight: it stands in the header, the browser's title and
// its icon.
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {useNotice} from '../app/title';
import {Icon} from '../shared/icons';
import {useForwardingsOn, useMyLines} from './data';
import {useTargetName} from './names';

export function ForwardingNotice() {
  const {t} = useTranslation('user');
  const lines = useMyLines();
  const nameOfTarget = useTargetName(lines.data?.[0]);
  const on = useForwardingsOn(lines.data ?? []);
  useNotice(on.length > 0 ? t('notice.title', {count: on.length}) : '');
  if (on.length === 0) return null;
  const immediate = on.filter((forwarding) => forwarding.condition === 'immediate');
  const text = immediate.length === 1
    ? t(`notice.immediate.${immediate[0].origin}`, {
      target: nameOfTarget(immediate[0].target),
    })
    : t('notice.count', {count: on.length});
  return (
    <Link href="/forwardings" className="lw-forwarding">
      <Icon name="forward" size={18}/>
      <span>{text}</span>
    </Link>
  );
}
