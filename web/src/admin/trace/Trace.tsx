// SPDX-License-Identifier: Apache-2.0
// The SIP messages of a line and of its user's devices as they come and go, as a ladder: the
// devices at the left, Lineward in the middle, the PBX at the right.
import {Button} from '@mantine/core';
import {useEffect, useState} from 'react';
import {useTranslation} from 'react-i18next';
import {useParams} from 'wouter';
import {ask, Problem} from '../../api/client';
import {PageFrame} from '../../app/PageFrame';
import '../admin.css';
import {stepOf} from './ladder';
import type {Message} from './ladder';

const ASK_EVERY_MS = 1000; // the server keeps messages only while they are asked for
const KEPT_MAX = 500;
const CLOCK = {hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3,
  hour12: false} as const;

// All messages since the page was opened.
function useMessages(path: Record<string, string>, isPaused: boolean) {
  const [messages, setMessages] = useState<Message[]>([]);
  const [problem, setProblem] = useState('');
  const key = `${path.group}/${path.extension}`;
  useEffect(() => {
    if (isPaused) return;
    let after: number | undefined;
    let isWanted = true;
    let timer: ReturnType<typeof setTimeout>;
    async function read() {
      try {
        const {data} = await ask('get', '/groups/{group}/lines/{extension}/messages',
          {path, query: {after}});
        if (!isWanted) return;
        after = data.after;
        setProblem('');
        if (data.items.length > 0) {
          setMessages((known) => [...known, ...data.items as Message[]].slice(-KEPT_MAX));
        }
      } catch (caught) {
        if (!(caught instanceof Problem)) throw caught;
        setProblem(caught.message);
      }
      if (isWanted) timer = setTimeout(() => void read(), ASK_EVERY_MS);
    }
    void read();
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, isPaused]);
  return {messages, problem, clear: () => setMessages([])};
}

export default function Trace() {
  const {t} = useTranslation('admin');
  const params = useParams<{group: string; extension: string}>();
  const path = {group: decodeURIComponent(params.group),
    extension: decodeURIComponent(params.extension)};
  const [isPaused, setPaused] = useState(false);
  const {messages, problem, clear} = useMessages(path, isPaused);
  return (
    <PageFrame title={t('trace.title', {line: `${path.group}/${path.extension}`})}
      lead={t('trace.lead')} actions={
        <>
          <Button variant="default" onClick={() => setPaused(!isPaused)}>
            {t(isPaused ? 'trace.goOn' : 'trace.pause')}</Button>
          <Button variant="default" onClick={clear}>{t('trace.clear')}</Button>
        </>}>
      <section className="lw-card la-block">
        {problem && <p role="alert">{problem}</p>}
        <div className="la-ends" aria-hidden="true"><span>{t('trace.device')}</span>
          <span>Lineward</span><span>{t('trace.pbx')}</span></div>
        {messages.length === 0 && <p className="la-empty" role="status">{t('trace.none')}</p>}
        {messages.map((message) => <Row key={message.number} message={message}/>)}
      </section>
    </PageFrame>
  );
}

function Row({message}: {message: Message}) {
  const {t, i18n} = useTranslation('admin');
  const [isOpen, setOpen] = useState(false);
  const {label, isFailure} = stepOf(message.text);
  const isDevice = message.with === 'device';
  const isToRight = (message.direction === 'sent') !== isDevice;
  return (
    <div className="la-ladder">
      <span className="la-ladder-time">
        {new Date(message.time).toLocaleTimeString(i18n.language, CLOCK)}</span>
      {!isDevice && <span className="la-lane"/>}
      <button type="button" className="la-arrow" data-with={message.with}
        data-bad={isFailure || undefined} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className="lw-hidden">
          {t(`trace.${message.direction}.${message.with}`)}:{' '}</span>{label}
        <svg viewBox="0 0 400 10" preserveAspectRatio="none" aria-hidden="true"
          stroke="currentColor" fill="none" strokeWidth="1.5">
          <path vectorEffect="non-scaling-stroke"
            d={isToRight ? 'M0 5H400M390 1L400 5L390 9' : 'M400 5H0M10 1L0 5L10 9'}/>
        </svg>
      </button>
      {isDevice && <span className="la-lane"/>}
      {isOpen && (
        <pre className="la-message" tabIndex={0}>
          {`${message.transport} ${message.peer}\n\n${message.text}`}</pre>
      )}
    </div>
  );
}
