import type { IInterpreter, IPythonDownload } from '../api/types';

/** The usable ones first, each newest first; the default one stands apart unless it is wanted too. */
export function sortInterpreters(
  found: ReadonlyArray<IInterpreter>,
  withDefault: boolean = false
): IInterpreter[] {
  return found
    .filter(interpreter => withDefault || !interpreter.default)
    .sort(
      (a, b) =>
        Number(b.supported) - Number(a.supported) ||
        b.version.localeCompare(a.version, undefined, { numeric: true })
    );
}

/** A version such as `3.12`, as a file may ask for it, becomes the path of the newest interpreter of it. */
export function pathOf(value: string, found: ReadonlyArray<IInterpreter>): string {
  if (!isVersion(value)) {
    return value;
  }
  const fits = ({ version, supported }: IInterpreter) => supported && isOf(version, value);
  return sortInterpreters(found, true).find(fits)?.path ?? value;
}

/** The downloads that bring a minor version of which none is here. */
export function offered(
  found: ReadonlyArray<IInterpreter>,
  downloads: ReadonlyArray<IPythonDownload>
): ReadonlyArray<IPythonDownload> {
  const here = new Set(
    found
      .filter(({ supported, implementation }) => supported && implementation === 'CPython')
      .map(({ version }) => minorOf(version))
  );
  return downloads.filter(({ version, installed }) => !installed && !here.has(minorOf(version)));
}

/** The download that a chosen `value` stands for; null where a Python that is here does, or none. */
export function downloadOf(
  value: string,
  found: ReadonlyArray<IInterpreter>,
  downloads: ReadonlyArray<IPythonDownload>
): IPythonDownload | null {
  if (!isVersion(value) || pathOf(value, found) !== value) {
    return null;
  }
  return offered(found, downloads).find(({ version }) => isOf(version, value)) ?? null;
}

function isVersion(value: string): boolean {
  return /^[\d.]+$/.test(value);
}

function isOf(version: string, wanted: string): boolean {
  return version === wanted || version.startsWith(`${wanted}.`);
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
