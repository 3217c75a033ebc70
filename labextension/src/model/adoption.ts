import type { Agreed } from '../api/client';
import { RequestError } from '../api/request';

const REASON = 'adoption_needed';

/**
 * What `send` gives. Where an environment that others made has to be adopted for it, the error that this
 * rejects with can do the same once more with that agreed: it says what will run. Where something else would
 * run by then, that asks in its turn.
 */
export async function asking<T>(
  send: (agreed: Agreed) => Promise<T>,
  agreed: Agreed = null
): Promise<T> {
  try {
    return await send(agreed);
  } catch (error) {
    const shown = error instanceof RequestError && error.reason === REASON ? error.adopt : null;
    if (error instanceof RequestError && shown !== null) {
      error.agree = () => asking(send, shown);
    }
    throw error;
  }
}
