import { RequestError } from '../api/request';

const REASON = 'adoption_needed';

/**
 * What `send` gives. Where an environment that others made has to be adopted for it, the error that this
 * rejects with can do the same once more with that agreed: it says what will run.
 */
export async function asking<T>(send: (adopt: boolean) => Promise<T>): Promise<T> {
  try {
    return await send(false);
  } catch (error) {
    if (error instanceof RequestError && error.reason === REASON) {
      error.adopt = () => send(true);
    }
    throw error;
  }
}
