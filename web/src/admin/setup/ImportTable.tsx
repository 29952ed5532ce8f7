// SPDX-License-Identifier: Apache-2.0
// Lines, users and forwardings out of a table: tried first, with an error for each row, then taken
// over as a whole or not at all.
import {Alert, Button, FileButton, Group, Stack, Textarea} from '@mantine/core';
import {useState} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import type {Schemas} from '../../api/client';
import {askAny, useRenewal} from '../records/data';
import {useProblemText, useReason} from '../../shared/reasons';

type Result = Schemas['ImportResult'];
type Message = Schemas['ImportMessage'];
const SHOWN_MAX = 50;
const EXAMPLE = 'group,extension,password,user,user.mobile,forward.busy.external\n' +
  'main,101,secret,anna,0170 1234567,mobile';

export function ImportTable({onDone}: {onDone: () => void}) {
  const {t} = useTranslation('admin');
  const sayProblem = useProblemText();
  const reason = useReason();
  const renew = useRenewal();
  const [csv, setCsv] = useState('');
  const [result, setResult] = useState<Result | null>(null);
  const [errors, setErrors] = useState<Message[]>([]);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);

  function change(text: string) {
    setCsv(text);
    setResult(null);
    setErrors([]);
    setProblem('');
  }

  async function load(isTrial: boolean) {
    setBusy(true);
    setErrors([]);
    setProblem('');
    try {
      const {data} = await askAny('post', '/import', {query: {dry_run: isTrial}, body: {csv}});
      setResult(data as unknown as Result);
      if (!isTrial) {
        await renew();
        onDone();
      }
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setResult(null);
      setErrors(caught.errors as unknown as Message[]);
      // The rows that are wrong have a table of their own.
      setProblem(caught.errors.length > 0 ? reason(caught.message) ?? '' : sayProblem(caught));
    }
    setBusy(false);
  }

  return (
    <section className="lw-card">
      <Stack gap="sm">
        <Textarea label={t('import.table')} description={t('import.table_help')} rows={8}
          placeholder={EXAMPLE} value={csv}
          onChange={(event) => change(event.currentTarget.value)}/>
        <Group gap="xs">
          <FileButton accept=".csv,.txt,.tsv,text/csv,text/plain"
            onChange={(file) => void file?.text().then(change)}>
            {(props) => <Button variant="default" {...props}>{t('import.file')}</Button>}
          </FileButton>
          <Button variant={result ? 'default' : 'filled'} loading={isBusy} disabled={!csv.trim()}
            onClick={() => void load(true)}>{t('import.try')}</Button>
          {result && <Button loading={isBusy} onClick={() => void load(false)}>
            {t('import.do')}</Button>}
          <Button variant="subtle" onClick={onDone}>{t('setup.skip')}</Button>
        </Group>
        <div aria-live="polite">
          {problem && <Alert color="red" title={t('import.refused')}>{problem}</Alert>}
          {result && <Counts result={result}/>}
        </div>
        {errors.length > 0 && <Messages of={errors} title={t('import.errors')}/>}
        {result && result.warnings.length > 0 && (
          <Messages of={result.warnings} title={t('import.warnings')}/>
        )}
      </Stack>
    </section>
  );
}

function Counts({result}: {result: Result}) {
  const {t} = useTranslation('admin');
  const kinds = (['groups', 'users', 'lines', 'forwardings'] as const).filter((kind) =>
    result.added[kind] + result.changed[kind] + result.unchanged[kind] > 0);
  return (
    <Alert color="green" title={t('import.good')}>
      <ul>{kinds.map((kind) => (
        <li key={kind}>{t(`import.kinds.${kind}`)}: {t('import.counts', {
          added: result.added[kind], changed: result.changed[kind],
          unchanged: result.unchanged[kind]})}</li>
      ))}</ul>
    </Alert>
  );
}

function Messages({of, title}: {of: Message[]; title: string}) {
  const {t} = useTranslation('admin');
  const reason = useReason();
  return (
    <div className="la-scroll" tabIndex={0} role="region" aria-label={title}>
      <table className="la-table">
        <caption className="lw-hidden">{title}</caption>
        <thead><tr>{['row', 'key', 'field', 'reason'].map((name) =>
          <th key={name} scope="col">{t(`import.${name}`)}</th>)}</tr></thead>
        <tbody>{of.slice(0, SHOWN_MAX).map((message, index) => (
          <tr key={index}><td>{message.row}</td><td>{message.key}</td><td>{message.field}</td>
            <td>{reason(message.reason)}</td></tr>
        ))}</tbody>
      </table>
      {of.length > SHOWN_MAX && (
        <p className="la-note">{t('andMore', {count: of.length - SHOWN_MAX})}</p>
      )}
    </div>
  );
}
