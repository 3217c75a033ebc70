import type { TranslationBundle } from '@jupyterlab/translation';

/** The server's rule for names; it checks again, this only spares the round trip. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Windows gives these names to devices, so an environment of that name could not be copied there. */
const DEVICE = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)/i;

/**
 * What is wrong with `name` as the name of a new environment, or null.
 *
 * @param taken - names in use; compared without case, as some file systems do
 */
export function nameProblem(
  name: string,
  taken: ReadonlyArray<string>,
  trans: TranslationBundle
): string | null {
  if (!name) {
    return trans.__('Give the environment a name.');
  }
  if (name.length > 64) {
    return trans.__('At most 64 characters.');
  }
  if (!/^[A-Za-z0-9]/.test(name)) {
    return trans.__('Start with a letter (a–z) or a digit.');
  }
  if (!NAME.test(name)) {
    return trans.__('Use letters (a–z), digits, “.”, “_” and “-” only.');
  }
  if (name.endsWith('.')) {
    return trans.__('The name cannot end in a dot.');
  }
  if (DEVICE.test(name)) {
    return trans.__('Windows keeps this name for a device.');
  }
  if (taken.some(other => other.toLowerCase() === name.toLowerCase())) {
    return trans.__('You already have an environment of this name.');
  }
  return null;
}

/** A legal name close to `wish` that is not in `taken`. */
export function suggestName(wish: string, taken: ReadonlyArray<string>): string {
  const used = new Set(taken.map(name => name.toLowerCase()));
  let base = wish
    .slice(0, 500)
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 56)
    .toLowerCase();
  if (!NAME.test(base) || DEVICE.test(base)) {
    base = 'env';
  }
  let name = base;
  for (let n = 2; used.has(name); n++) {
    name = `${base}-${n}`;
  }
  return name;
}
