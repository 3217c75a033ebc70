/** What a failed import asked for. */
export interface IMissingModule {
  /** As Python named it. */
  name: string;
  /** The longest dotted name that the cell imports below it: `google.cloud.storage` for `google`. */
  wanted: string;
}

const PART = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/** Whether `text` is the dotted name of a module; it comes from an output, so from anybody. */
export function isModuleName(text: string): boolean {
  return text.length <= 200 && text.split('.').every(part => PART.test(part));
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

/** What a cell lacks: modules to look up, and requirements that the error itself words. */
export interface IMissing {
  modules: ReadonlyArray<IMissingModule>;
  /** As the message names them, extras included: `pandas[excel]`, `openpyxl`. */
  requirements: ReadonlyArray<string>;
}

const NOTHING: IMissing = { modules: [], requirements: [] };
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[0-9;]*m/g;
const NAME = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?';
const REQUIREMENT = `${NAME}(?:\\[[A-Za-z0-9._,\\s-]{1,100}\\])?(?:[=<>!~]=?[0-9][\\w.*]*)?`;
const NO_MODULE = /No module named '?([\p{L}_][\p{L}\p{N}_.]{0,199})'?/gu;
/** How packages word that they lack another one. */
const WORDINGS = [
  new RegExp(
    `(?:pip3?|python3? -m pip|uv pip|conda|mamba) install ([^\\n\`'".;)]{1,300}|['"][^'"\\n]{1,200}['"][^\\n\`.;)]{0,200})`,
    'g'
  ),
  new RegExp(`Missing optional (?:dependency|dependencies):? ['"\`]?(${NAME})`, 'g'),
  new RegExp(
    `['"\`]?(${NAME})['"\`]? (?:is required|is not installed|must be installed|not installed)`,
    'g'
  ),
  new RegExp(
    `(?:[Pp]lease install|requires|[Uu]nable to import required dependenc(?:y|ies):?|you need to install) (?:the )?['"\`]?(${REQUIREMENT})['"\`]?`,
    'g'
  )
];
/** Words of a sentence that stand where a name could. */
const WORDS = new Set(
  'a an and any are at be by for from in is it its of on one or package packages library module optional dependency dependencies python that the this to use using version with you your'.split(
    ' '
  )
);

/**
 * What an error of a cell says is missing; nothing for errors that are about something else.
 *
 * The message counts, and so does the traceback above it: an error that was raised `from` the failed import, or
 * while it was handled, hides the module there. All imports of the cell that are known to fail come at once.
 *
 * @param source - the cell's code
 * @param traceback - the lines of the traceback, colours included
 */
export function missingIn(
  errorName: string,
  errorValue: string,
  source: string,
  traceback: ReadonlyArray<string> = []
): IMissing {
  const value = errorValue.replace(COLOURS, '').slice(0, 5000);
  const chain = traceback.join('\n').replace(COLOURS, '').slice(-50_000);
  const caused = /(?:ModuleNotFoundError|ImportError): /.test(chain);
  const isImport = errorName === 'ModuleNotFoundError' || errorName === 'ImportError';
  if (!isImport && !caused) {
    return NOTHING;
  }
  const modules = new Map<string, IMissingModule>();
  const note = (text: string) => {
    for (const [, name] of text.matchAll(NO_MODULE)) {
      const bare = name.replace(/\.+$/, '');
      if (isModuleName(bare) && !modules.has(bare)) {
        modules.set(bare, { name: bare, wanted: longestImport(bare, source) });
      }
    }
  };
  if (isImport) {
    note(value);
  }
  for (const line of chain.split('\n')) {
    if (/^(?:ModuleNotFoundError|ImportError): /.test(line)) {
      note(line);
    }
  }
  const requirements = isImport && errorName !== 'ModuleNotFoundError' ? worded(value) : [];
  return modules.size + requirements.length > 0
    ? { modules: [...modules.values()], requirements }
    : NOTHING;
}

/** The requirements that the message of an ImportError asks for. */
function worded(message: string): string[] {
  const found: string[] = [];
  for (const wording of WORDINGS) {
    for (const [, text] of message.matchAll(wording)) {
      for (const word of text.split(/\s+(?![^[]*\])/)) {
        const bare = word.replace(/^['"`(]+|['"`),.:;]+$/g, '');
        if (
          new RegExp(`^${REQUIREMENT}$`).test(bare) &&
          !WORDS.has(bare.toLowerCase()) &&
          !bare.startsWith('-') &&
          !found.includes(bare)
        ) {
          found.push(bare);
        } else if (WORDS.has(bare.toLowerCase())) {
          // The sentence goes on.
          break;
        }
      }
    }
  }
  // `pandas[excel]` says more than `openpyxl` beside it, but both are asked for.
  return found.slice(0, 10);
}

/** The modules that `source` imports, by their longest dotted names, at most 20. */
export function importsOf(source: string): string[] {
  const found = new Set<string>();
  for (const line of source.split('\n')) {
    const from = line.match(/^\s*from\s+([\p{L}\p{N}_.]+)\s+import\s+\(?\s*([\p{L}\p{N}_]+)?/u);
    const names = from
      ? [from[2] ? `${from[1]}.${from[2]}` : from[1]]
      : (line.match(/^\s*import\s+([^#;]+)/)?.[1] ?? '').split(',').map(part => part.trim());
    for (const each of names) {
      const module = each.split(/\s/)[0];
      if (module && isModuleName(module)) {
        found.add(module);
      }
    }
  }
  return [...found].slice(0, 20);
}
