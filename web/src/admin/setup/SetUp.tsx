// SPDX-License-Identifier: Apache-2.0
// From nothing to a working line: the PBX, a first line whose registration tells whether the
// connection works, before either is stored, and a table of all others.
import {Button, Group} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Link} from 'wouter';
import {PageFrame} from '../../app/PageFrame';
import type {Stored} from '../records/fields';
import '../admin.css';
import {FirstLine} from './FirstLine';
import {ImportTable} from './ImportTable';
import {PbxForm, emptyPbx} from './PbxForm';

const STEPS = ['pbx', 'line', 'table', 'end'] as const;

export default function SetUp() {
  const {t} = useTranslation('admin');
  const [step, setStep] = useState<typeof STEPS[number]>(() =>
    (new URLSearchParams(window.location.search).has('table') ? 'table' : 'pbx'));
  const [group, setGroup] = useState<Stored>({});
  const [pbx, setPbx] = useState(emptyPbx);
  return (
    <PageFrame title={t('setup.title')} lead={t(`setup.leads.${step}`)}>
      <ol className="la-steps">
        {STEPS.map((name) => (
          <li key={name} aria-current={name === step ? 'step' : undefined}>
            {t(`setup.steps.${name}`)}</li>
        ))}
      </ol>
      {step === 'pbx' && (
        <PbxForm pbx={pbx} onChange={setPbx} onDone={(checked) => {
          setGroup(checked);
          setStep('line');
        }} onSkip={() => setStep('table')}/>
      )}
      {step === 'line' && (
        <FirstLine group={group} onBack={() => setStep('pbx')} onDone={() => setStep('table')}/>
      )}
      {step === 'table' && <ImportTable onDone={() => setStep('end')}/>}
      {step === 'end' && (
        <section className="lw-card la-form">
          <p>{t('setup.done')}</p>
          <Group gap="xs">
            <Button component={Link} href="/admin/dashboard">{t('setup.toDashboard')}</Button>
            <Button component={Link} href="/admin/lines" variant="default">{t('line.many')}</Button>
          </Group>
        </section>
      )}
    </PageFrame>
  );
}
