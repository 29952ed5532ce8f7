// SPDX-License-Identifier: Apache-2.0
// SIP messages in a ladder diagram.
import {expect, test} from 'vitest';
import {stepOf} from './ladder';

test('a request is its method and whom it is for', () => {
  expect(stepOf('INVITE sip:102@pbx SIP/2.0\r\nVia: x\r\nCall-ID: a@b\r\n\r\nCall-ID: no'))
    .toEqual({label: 'INVITE 102', call: 'a@b', isFailure: false});
  expect(stepOf('REGISTER sip:pbx SIP/2.0\r\ni: short\r\n\r\n').call).toBe('short');
});

test('an answer is its status and what it answers', () => {
  expect(stepOf('SIP/2.0 302 Moved Temporarily\r\nCSeq: 1 INVITE\r\n\r\n').label)
    .toBe('302 Moved Temporarily (INVITE)');
  expect(stepOf('SIP/2.0 403 Forbidden\r\n\r\n').isFailure).toBe(true);
});

test('anything else is shown all the same', () => {
  expect(stepOf('')).toEqual({label: '', call: '', isFailure: false});
  expect(stepOf('<script>').label).toBe('<script>');
});
