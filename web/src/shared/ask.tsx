// SPDX-License-Identifier: Apache-2.0
// Does something on the server for a form (Form.tsx): whether it is under way, and what was
// refused.
import {useState} from 'react';
import {Problem} from '../api/client';

export function useSubmit() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);

  // Returns whether it was done.
  async function submit(action: () => Promise<unknown>): Promise<boolean> {
    setBusy(true);
    setProblem(null);
    try {
      await action();
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      return false;
    } finally {
      setBusy(false);
    }
  }

  return {submit, isBusy, problem};
}
