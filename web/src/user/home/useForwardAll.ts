// SPDX-License-Identifier: Apache-2.0
// Sends all calls of a line elsewhere, and ends that: one change, and one step back.
import {useQueryClient} from '@tanstack/react-query';
import {useTranslation} from 'react-i18next';
import {ask, Problem} from '../../api/client';
import {useSession} from '../../app/session';
import {useReason} from '../../shared/reasons';
import {useTold} from '../../shared/undo';
import {keyOf, useForwardings} from '../data';
import type {Forwarding, LineKey} from '../data';
import {fieldsOf} from '../forwardings/slots';
import {rememberTarget, useTargetName} from '../names';
import {isForAll, targetOfAll, withAll, withoutAll} from './allCalls';
import type {Item} from './allCalls';

const PATH = '/groups/{group}/lines/{extension}/forwardings';

const itemOf = (one: Forwarding): Item =>
  ({condition: one.condition, origin: one.origin, ...fieldsOf(one)});

// What the server says of the forwarding that was sent first is about the field.
function atField(problem: unknown): unknown {
  if (!(problem instanceof Problem)) return problem;
  const errors = problem.errors.map(({field, reason}) =>
    ({field: field === 'items[0].target' ? 'target' : field, reason}));
  return new Problem(problem.status, problem.message, errors);
}

export function useForwardAll(line: LineKey) {
  const {t} = useTranslation('user');
  const client = useQueryClient();
  const {user} = useSession();
  const {tell, fail} = useTold();
  const reason = useReason();
  const nameOfTarget = useTargetName(line);
  const answer = useForwardings(line).data;
  const items = (answer?.data.items ?? []).map(itemOf);
  const path = keyOf(line);

  // Writes the forwardings, where they still have the tag; returns the tag that they have then.
  async function write(wanted: Item[], etag: string | null) {
    try {
      const after = await ask('put', PATH,
        {path, body: {items: wanted}, ifMatch: etag ?? undefined});
      (after.data.warnings ?? []).forEach((warning) => tell(reason(warning)!));
      return after.etag;
    } finally {
      for (const subject of ['forwardings', 'explain']) {
        void client.invalidateQueries({queryKey: [subject, line.group, line.extension]});
      }
    }
  }

  async function change(wanted: Item[], message: string) {
    const after = await write(wanted, answer!.etag);
    tell(message, () => write(items, after));
  }

  return {
    isKnown: answer !== undefined,
    target: targetOfAll(items),
    last: items.find(isForAll)?.target ?? '',
    // Throws a Problem; its field is `target`.
    async set(target: string) {
      const wanted = withAll(items, target);
      await change(wanted, t('all.set', {target: nameOfTarget(target)})).catch((problem) => {
        throw atField(problem);
      });
      rememberTarget(user, target);
    },
    end: () => change(withoutAll(items), t('all.ended')).catch(fail),
  };
}
