/** What a failed import asked for. */
export interface IMissingModule {
  /** As Python named it. */
  name: string;
  /** The longest dotted name that the cell imports below it: `google.cloud.storage` for `google`. */
  wanted: string;
}

const MESSAGE = /^No module named '([^']{1,200})'$/;
const PART = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/** Whether `text` is the dotted name of a module; it comes from an output, so from anybody. */
export function isModuleName(text: string): boolean {
  return text.length <= 200 && text.split('.').every(part => PART.test(part));
}

/**
 * The module that an error of a cell is about; null for every other error.
 *
 * @param source - the cell's code
 */
export function missingModule(
  errorName: string,
  errorValue: string,
  source: string
): IMissingModule | null {
  const name = errorName === 'ModuleNotFoundError' ? errorValue.match(MESSAGE)?.[1] : undefined;
  if (!name || !isModuleName(name)) {
    return null;
  }
  return { name, wanted: longestImport(name, source) };
}

/** What `source` imports at or below the module `name`, which a parent alone does not tell. */
function longestImport(name: string, source: string): string {
  let longest = name;
  for (const whole of source.split('\n')) {
    // A notebook may hold a line of any length, and the patterns take the square of it in time.
    const line = whole.slice(0, 2000);
    const from = line.match(/^\s*from\s+([\p{L}\p{N}_.]+)\s+import\s+\(?\s*([\p{L}\p{N}_]+)?/u);
    const found = from
      ? [from[2] ? `${from[1]}.${from[2]}` : from[1]]
      : (line.match(/^\s*import\s+(.+)$/)?.[1] ?? '').split(',').map(part => part.trim());
    for (const each of found) {
      const module = each.split(/\s/)[0];
      if (module.startsWith(`${name}.`) && isModuleName(module) && module.length > longest.length) {
        longest = module;
      }
    }
  }
  return longest;
}
