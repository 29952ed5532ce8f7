// SPDX-License-Identifier: Apache-2.0
// How often a file is asked for.
import {expect, test, vi} from 'vitest';
import {again} from './again';

test('what fails is asked for again, and no more than three times', async () => {
  const twice = vi.fn().mockRejectedValueOnce(new Error('gone')).mockRejectedValueOnce(1)
    .mockResolvedValue('there');
  expect(await again(twice, [0, 0])).toBe('there');
  expect(twice).toHaveBeenCalledTimes(3);
  const never = vi.fn().mockRejectedValue(new Error('gone'));
  await expect(again(never, [0, 0])).rejects.toThrow('gone');
  expect(never).toHaveBeenCalledTimes(3);
  const once = vi.fn().mockResolvedValue(1);
  await again(once);
  expect(once).toHaveBeenCalledTimes(1);
});
