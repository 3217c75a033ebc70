import type { IErrorBody, IJob } from '../api/types';

/** The server has something else to install than what was agreed to. */
const REASONS: ReadonlySet<string> = new Set(['approval_needed', 'plan_changed']);

export function isOtherThanAgreed(error: IErrorBody | null | undefined): boolean {
  return !!error && REASONS.has(error.reason);
}

/**
 * Asks until a rebuild does what was agreed to, or nobody wants it any more.
 *
 * @param ask - shows the list, with why it is asked once more, and resolves with the job that the yes began
 * @param over - resolves with the job when it has ended
 */
export async function untilAgreed(
  ask: (told: IErrorBody | null) => Promise<IJob | null>,
  over: (job: IJob) => Promise<IJob>
): Promise<void> {
  let told: IErrorBody | null = null;
  for (let job = await ask(told); job; job = await ask(told)) {
    told = (await over(job)).error;
    if (!isOtherThanAgreed(told)) {
      return;
    }
  }
}
