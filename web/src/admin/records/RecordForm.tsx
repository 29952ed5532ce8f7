// SPDX-License-Identifier: Apache-2.0
// The form of a record, whatever its kind: adding, changing, removing it. Who was slower than
// somebody else is told so, and nothing is overwritten unseen.
import {Alert, Button, Group, Stack} from '@mantine/core';
import {notifications} from '@mantine/notifications';
import {useEffect, useState} from 'react';
import type {ReactNode} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../../api/client';
import {askAny, useRenewal} from './data';
import {changesOf, differing, valuesOf} from './fields';
import type {Kind, Stored, Value} from './fields';
import {FieldInput} from './FieldInput';
import {SidePanel} from './SidePanel';
import {Field, Form, FormProblem} from '../../shared/Form';
import {useTold} from '../../shared/undo';

interface RecordFormProps {
  kind: Kind;
  record: Stored | null; // null: a new one
  path?: Record<string, string>; // of the list that a new one goes into
  initial?: Stored; // of a new one
  canRemove?: boolean;
  children?: (values: Record<string, Value>) => ReactNode; // behind the fields
  onClose: () => void;
}

interface Loaded {
  record: Stored | null;
  etag: string | null;
}

export function RecordDrawer(props: RecordFormProps & {isOpen: boolean}) {
  const {t} = useTranslation('admin');
  const {isOpen, kind, record, onClose} = props;
  const name = record ? Object.values(kind.parts(record)).join('/') : '';
  const title = record ? t(`${kind.name}.edit`, {name}) : t(`${kind.name}.add`);
  return (
    <SidePanel isOpen={isOpen} onClose={onClose} title={title}>
      {isOpen && <RecordForm {...props} key={name}/>}
    </SidePanel>
  );
}

// What the record is like at the server, with the tag that a change is held against.
function useLoaded(kind: Kind, record: Stored | null): [Loaded | null, (loaded: Loaded) => void] {
  const {fail} = useTold();
  const [loaded, setLoaded] = useState<Loaded | null>(record ? null : {record: null, etag: null});
  useEffect(() => {
    if (!record) return;
    let isWanted = true;
    askAny('get', kind.item, {path: kind.parts(record)}).then(({data, etag}) => {
      if (isWanted) setLoaded({record: data, etag});
    }, fail);
    return () => {
      isWanted = false;
    };
    // The record that the form was opened for; what is shown of it in a list may change.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return [loaded, setLoaded];
}

function RecordForm(props: RecordFormProps) {
  const {kind, record, initial} = props;
  const [loaded, setLoaded] = useLoaded(kind, record);
  if (!loaded) return null;
  return <LoadedForm {...props} loaded={loaded} setLoaded={setLoaded}
    first={record ? loaded.record : initial ?? null}/>;
}

function LoadedForm({kind, path, loaded, setLoaded, first, canRemove = true, children, onClose}:
  RecordFormProps & {loaded: Loaded; setLoaded: (loaded: Loaded) => void; first: Stored | null}) {
  const {t} = useTranslation('admin');
  const renew = useRenewal();
  const [values, setValues] = useState(() => valuesOf(kind, first));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [theirs, setTheirs] = useState<Loaded | null>(null);
  const [isBusy, setBusy] = useState(false);
  const before = loaded.record;

  // Does it, or has told why not; what was typed stays.
  async function attempt(action: () => Promise<void>) {
    setBusy(true);
    setProblem(null);
    try {
      await action().catch(async (caught: unknown) => {
        if (!(caught instanceof Problem) || caught.status !== 412 || !before) throw caught;
        const {data, etag} = await askAny('get', kind.item, {path: kind.parts(before)});
        setTheirs({record: data, etag});
      });
    } catch (caught) {
      if (!(caught instanceof Problem)) throw caught;
      setProblem(caught);
    } finally {
      setBusy(false);
    }
  }

  async function save(etag: string | null) {
    const body = changesOf(kind, before, values);
    const {data} = before
      ? await askAny('patch', kind.item,
        {path: kind.parts(before), body, ifMatch: etag ?? undefined})
      : await askAny('post', kind.list, {path, body});
    await renew();
    const warnings = (data.warnings as string[] | undefined) ?? [];
    notifications.show({message: t('saved')});
    warnings.forEach((message) => notifications.show({color: 'orange', message, autoClose: 20000}));
    onClose();
  }

  async function remove() {
    if (!before) return;
    await askAny('delete', kind.item,
      {path: kind.parts(before), ifMatch: loaded.etag ?? undefined});
    await renew();
    notifications.show({message: t('removed')});
    onClose();
  }

  function takeTheirs() {
    setLoaded(theirs!);
    setValues(valuesOf(kind, theirs!.record));
    setTheirs(null);
  }

  return (
    <Form problem={problem} onSubmit={() => void attempt(() => save(loaded.etag))}>
      <Stack gap="md">
        {kind.sections.map((section) => (
          <fieldset key={section.name} className="la-section">
            <legend>{t(`${kind.name}.sections.${section.name}`)}</legend>
            <Stack gap="sm">
              {section.fields.map((field) => (
                <Field key={field.name} name={field.name}>
                  <FieldInput kind={kind.name} field={field} value={values[field.name]}
                    isSet={Boolean(before?.[`${field.name}_set`])}
                    isFixed={Boolean(before && field.isKey)}
                    onChange={(value) => setValues({...values, [field.name]: value})}/>
                </Field>
              ))}
            </Stack>
          </fieldset>
        ))}
        {children?.(values)}
        <FormProblem summary={t('refusedFields')}/>
        {theirs && before && (
          <Conflict kind={kind} before={before} theirs={theirs.record!} onTheirs={takeTheirs}
            onMine={() => {
              const {etag} = theirs;
              setTheirs(null);
              void attempt(() => save(etag));
            }}/>
        )}
        <Group justify="space-between">
          <Group gap="xs">
            <Button type="submit" loading={isBusy}>{t('save')}</Button>
            <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          </Group>
          {before && canRemove && (
            <RemoveButton name={Object.values(kind.parts(before)).join('/')}
              onRemove={() => void attempt(remove)}/>
          )}
        </Group>
      </Stack>
    </Form>
  );
}

// What somebody else has changed since the form was opened, and how it is stored now.
function Conflict({kind, before, theirs, onTheirs, onMine}: {kind: Kind; before: Stored;
  theirs: Stored; onTheirs: () => void; onMine: () => void}) {
  const {t} = useTranslation('admin');
  const say = (value: unknown) => (typeof value === 'boolean' ? t(value ? 'yes' : 'no')
    : value === '' ? t('conflict.empty') : String(value));
  const names = differing(kind, before, theirs);
  return (
    <Alert color="orange" role="alert" title={t('conflict.title')}>
      <p>{t(names.length > 0 ? 'conflict.text' : 'conflict.hidden')}</p>
      <ul>
        {names.map((name) => (
          <li key={name}>
            {t(`${kind.name}.${name}`, {defaultValue: t(`rule.${name}`, {defaultValue: name})})}
            {': '}{say(theirs[name])}</li>
        ))}
      </ul>
      <p>{t('conflict.kept')}</p>
      <Group gap="xs">
        <Button size="xs" onClick={onTheirs}>{t('conflict.theirs')}</Button>
        <Button size="xs" variant="default" onClick={onMine}>{t('conflict.mine')}</Button>
      </Group>
    </Alert>
  );
}

// Asks before it does it, in its own place.
function RemoveButton({name, onRemove}: {name: string; onRemove: () => void}) {
  const {t} = useTranslation('admin');
  const [isSure, setSure] = useState(false);
  if (!isSure) {
    return <Button variant="subtle" className="la-danger" onClick={() => setSure(true)}>
      {t('remove')}</Button>;
  }
  return <Button className="la-danger-filled" autoFocus onBlur={() => setSure(false)}
    onClick={onRemove}>{t('removeSure', {name})}</Button>;
}
