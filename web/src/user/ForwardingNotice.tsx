// SPDX-License-Identifier: Apache-2.0
// A forwarding that is on is never out of sight: it stands in the header, the browser's title and
// its icon, be it a forwarding, an exception or a profile.
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {useNotice} from '../app/title';
import {Icon} from '../shared/icons';
import {useForwardingsOn, useMyLines} from './data';
import {useExceptionsOn} from './exceptions/data';
import {useTargetName} from './names';
import {useProfiles} from './profiles/data';

export function ForwardingNotice() {
  const {t} = useTranslation('user');
  const lines = useMyLines().data ?? [];
  const nameOfTarget = useTargetName(lines[0]);
  const forwardings = useForwardingsOn(lines);
  const exceptions = useExceptionsOn(lines);
  const profile = useProfiles().data?.find(({applied}) => applied);
  const count = forwardings.length + exceptions.length;
  const immediate = forwardings.filter(({condition}) => condition === 'immediate');
  let text = '';
  let where = '/forwardings';
  if (profile) {
    where = '/profiles';
    text = t('notice.profile', {name: profile.name});
  } else if (immediate.length === 1) {
    text = t(`notice.immediate.${immediate[0].origin}`, {
      target: nameOfTarget(immediate[0].target),
    });
  } else if (forwardings.length > 0) {
    text = t('notice.count', {count});
  } else if (count > 0) {
    text = t('notice.exceptions', {count});
    where = '/exceptions';
  }
  useNotice(text && `↪ ${text}`);
  if (!text) return null;
  return (
    <Link href={where} className="lw-forwarding">
      <Icon name="forward" size={18}/>
      <span>{text}</span>
    </Link>
  );
}
