// SPDX-License-Identifier: Apache-2.0
// A form whose saving may be refused: by the page, where something is missing or not complete, or
// by the server, which names the field. The focus goes to the first field at fault, which carries
// what is wrong with it; what no field of the form is at fault for stands where <FormProblem/> is.
import {Alert, Checkbox, Switch} from '@mantine/core';
import {cloneElement, createContext, useContext, useEffect, useId, useLayoutEffect, useRef,
  useState} from 'react';
import type {ComponentPropsWithoutRef, FormEvent, ReactElement, ReactNode, RefObject} from 'react';
import {useTranslation} from 'react-i18next';
import {Problem} from '../api/client';
import {useProblemText, useReason} from './reasons';

interface State {
  errorOf(name: string): string | undefined;
  problem: Problem | null; // of the server; null where the page itself has refused
  names: Set<string>; // of the fields that are there
}

const Current = createContext<State>(
  {errorOf: () => undefined, problem: null, names: new Set()});

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
type Faults = Record<string, 'missing' | 'incomplete'>;

// What of a form the page itself refuses: what has to be there and is not, a date without its time.
function faultsOf(form: HTMLFormElement): Faults {
  const controls = [...form.elements].filter((one): one is Control =>
    'validity' in one && one.matches('input, select, textarea'));
  return Object.fromEntries(controls.filter((one) => one.willValidate && !one.validity.valid)
    .map((one) => [one.name, one.validity.valueMissing ? 'missing' : 'incomplete']));
}

// What two problems must have in common to be the same one, read again.
function keyOf(problem: Problem | null): string {
  return problem ? JSON.stringify([problem.status, problem.message, problem.errors]) : '';
}

// Leads to what is wrong within `frame`, once for each time that something was refused. A button
// that waited has been disabled and has lost the focus: where no field is at fault, it gets it
// back.
export function useFocusOnFault(frame: RefObject<HTMLElement>, problem: Problem | null,
  refusals = 0) {
  const key = keyOf(problem);
  useEffect(() => {
    if (key === '' && refusals === 0) return;
    const fault = frame.current?.querySelector<HTMLElement>(
      '[aria-invalid=true], [data-fault] input');
    if (fault) fault.focus();
    else if (document.activeElement === document.body) {
      frame.current?.querySelector<HTMLElement>('[type=submit]')?.focus();
    }
  }, [frame, key, refusals]);
}

interface FormProps extends Omit<ComponentPropsWithoutRef<'form'>, 'onSubmit'> {
  problem: Problem | null;
  onSubmit(): void;
}

export function Form({problem, onSubmit, children, ...others}: FormProps) {
  const {t} = useTranslation();
  const reason = useReason();
  const form = useRef<HTMLFormElement>(null);
  const names = useRef(new Set<string>());
  const [faults, setFaults] = useState<Faults>({});
  const [refusals, setRefusals] = useState(0); // by the page
  const [past, setPast] = useState<Problem | null>(null); // what the server said before these
  const said = problem === past ? null : problem;
  useFocusOnFault(form, said, refusals);
  function submit(event: FormEvent) {
    event.preventDefault();
    event.stopPropagation(); // a form of a panel stands, for React, in what has opened that
    const found = faultsOf(form.current!);
    setFaults(found);
    setPast(problem);
    if (Object.keys(found).length > 0) setRefusals(refusals + 1);
    else onSubmit();
  }
  const errorOf = (name: string) =>
    (faults[name] ? t(`form.${faults[name]}`) : reason(said?.of(name)));
  return (
    <Current.Provider value={{errorOf, problem: said, names: names.current}}>
      <form {...others} ref={form} noValidate onSubmit={submit} onInput={(event) => {
        const {[(event.target as Control).name]: _, ...left} = faults;
        setFaults(left);
      }}>{children}</form>
    </Current.Provider>
  );
}

// What a switch or a box to tick needs that is at fault; the other inputs see to it themselves.
export function useToggleError(error: ReactNode) {
  const id = useId();
  if (!error) return {};
  return {'error': <span id={id}>{error}</span>, 'aria-invalid': true, 'aria-describedby': id};
}

interface FieldProps {
  name: string; // as the server calls it
  children: ReactElement<{name?: string; error?: ReactNode; 'aria-invalid'?: boolean}>;
}

// The one control in it belongs to a field that may be at fault.
export function Field({name, children}: FieldProps) {
  const {errorOf, names} = useContext(Current);
  const error = children.props.error ?? errorOf(name);
  const isToggle = children.type === Switch || children.type === Checkbox;
  const toggle = useToggleError(isToggle && error);
  useLayoutEffect(() => {
    names.add(name);
    return () => {
      names.delete(name);
    };
  }, [names, name]);
  // An input for passwords says by itself what is wrong, but not that something is.
  const invalid = {error, 'aria-invalid': Boolean(error) || undefined};
  return cloneElement(children, {name, ...(isToggle ? toggle : invalid)});
}

// What is refused and stands at no field, by `say`; `summary` is said where all stands at fields.
export function FormProblem({summary, say}:
  {summary?: string; say?: (problem: Problem) => ReactNode}) {
  const {problem, names} = useContext(Current);
  const sayProblem = useProblemText();
  if (!problem) return null;
  const others = problem.errors.filter(({field}) => !names.has(field));
  if (problem.errors.length > 0 && others.length === 0) {
    return summary ? <Alert color="red" role="alert">{summary}</Alert> : null;
  }
  const rest = new Problem(problem.status, problem.message, others, problem.retryAfterS);
  return <Alert color="red" role="alert">{(say ?? sayProblem)(rest)}</Alert>;
}
