const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `bytes` as people read it: `0 B`, `950 kB`, `1.2 GB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit >= 2 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}
