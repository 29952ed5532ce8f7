// SPDX-License-Identifier: Apache-2.0
// All forwardings of a line: for each condition and kind of caller one place, all visible together.
import {Loader} from '@mantine/core';
import {useTranslation} from 'react-i18next';
import {PageFrame} from '../../app/PageFrame';
import {CONDITIONS, useForwardings} from '../data';
import type {LineKey} from '../data';
import {LineChoice, useChosenLine} from '../LineChoice';
import {ConditionRow} from './ConditionRow';

function Matrix({line}: {line: LineKey}) {
  const {t} = useTranslation('user');
  const forwardings = useForwardings(line);
  if (!forwardings.data) return <Loader aria-label={t('common:loading')}/>;
  return (
    <div className="lw-matrix">
      {CONDITIONS.map((condition) => (
        <ConditionRow key={condition} line={line} condition={condition}
          forwardings={forwardings.data.data.items ?? []}/>
      ))}
    </div>
  );
}

export default function Forwardings() {
  const {t} = useTranslation('user');
  const choice = useChosenLine();
  return (
    <PageFrame title={t('forwardings.name')} lead={t('forwardings.lead')}
      actions={<LineChoice {...choice}/>}>
      {choice.line && <Matrix key={`${choice.line.group}/${choice.line.extension}`}
        line={choice.line}/>}
    </PageFrame>
  );
}
