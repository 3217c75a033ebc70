/** How packages are written: as requirements (PEP 508), as match specs of conda, or as one of the two. */
export type PackageSyntax = 'requirement' | 'matchspec' | 'either';

/** A package as typed, with whether it can be one. */
export interface IPackageEntry {
  text: string;
  valid: boolean;
}

const NAME = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?';
const VERSION = '(?:===|~=|==|!=|<=|>=|<|>)\\s*[A-Za-z0-9.*+!_-]+';
const REQUIREMENT = new RegExp(
  `^${NAME}\\s*(?:\\[[A-Za-z0-9._,\\s-]*\\])?\\s*` +
    `(?:\\(?\\s*${VERSION}(?:\\s*,\\s*${VERSION})*\\s*\\)?|@\\s*\\S+)?\\s*(?:;\\s*\\S.*)?$`
);
const LOCATION = /^(?:-e\s+)?(?:(?:https?|file|git\+(?:https?|ssh|file)):\/\/\S+|\/\S.*)$/;
/** An option of an installer that carries a value of its own. */
const WITH_VALUE =
  /^(?:-i|-f|-c|-n|-p|--index-url|--extra-index-url|--find-links|--constraint|--channel|--name|--prefix)$/;
const CONDA_NAME = '(?!__)[A-Za-z0-9_][A-Za-z0-9_.-]*';
const CONDA_VERSION = '(?:==?|!=|~=|<=?|>=?)?\\s*[A-Za-z0-9_.*+!-]+';
const CONDA_VERSIONS = `\\(?${CONDA_VERSION}\\)?(?:\\s*[,|]\\s*\\(?${CONDA_VERSION}\\)?)*`;
/** A channel, a name, versions behind a sign or a blank, a build, and what stands in brackets. */
const MATCH_SPEC = new RegExp(
  `^(?:[^\\s#]*::)?${CONDA_NAME}` +
    `(?:(?:\\s*(?=[=<>!~])|\\s+\\(?)${CONDA_VERSIONS}(?:(?:\\s+|=)[^\\s;|&,#[\\]]+)?)?` +
    '\\s*(?:\\[(?!(?:[^\\]]*[,\\s])?(?:url|fn)\\s*=)[^\\]#=]+=[^\\]#]*\\])?$'
);

/** Whether `text` has the form of a requirement (PEP 508), a URL, or an absolute path. */
export function isRequirement(text: string): boolean {
  return REQUIREMENT.test(text) || LOCATION.test(text);
}

/** Whether `text` has the form of a match spec of conda for one package; the server has the last word. */
export function isMatchSpec(text: string): boolean {
  return MATCH_SPEC.test(text.trim());
}

/** Whether `text` can be a package in `syntax`. */
export function isPackage(text: string, syntax: PackageSyntax): boolean {
  switch (syntax) {
    case 'requirement':
      return isRequirement(text);
    case 'matchspec':
      return isMatchSpec(text);
    case 'either':
      return isMatchSpec(text) || isRequirement(text);
  }
}

/** `entries` as they are in `syntax`. */
export function judged(
  entries: ReadonlyArray<IPackageEntry>,
  syntax: PackageSyntax
): ReadonlyArray<IPackageEntry> {
  return entries.map(({ text }) => ({ text, valid: isPackage(text, syntax) }));
}

/**
 * The packages in what somebody typed or pasted.
 *
 * Understands names one after the other, lines of a requirements file with their
 * comments, a whole `pip install …` or `conda install …` command, whose options are
 * left out, and import lines, whose modules are taken for packages of the same name.
 */
export function parsePackages(
  text: string,
  syntax: PackageSyntax = 'requirement'
): IPackageEntry[] {
  const found: IPackageEntry[] = [];
  const seen = new Set<string>();
  // A backslash at the end goes on in the next line, as before hashes.
  for (const raw of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    for (const entry of entriesOfLine(raw)) {
      if (!seen.has(entry)) {
        seen.add(entry);
        found.push({ text: entry, valid: isPackage(entry, syntax) });
      }
    }
  }
  return found;
}

/**
 * The modules that a line of Python imports, without their submodules; null for any other line.
 * Relative imports name no package.
 */
export function importedModules(line: string): string[] | null {
  const from = /^\s*from\s+([A-Za-z_][\w.]*)\s+import\b/.exec(line);
  const plain = /^\s*import\s+([A-Za-z_][\w.]*(?:\s+as\s+\w+)?(?:\s*,.*)?)\s*(?:[;#].*)?$/.exec(
    line
  );
  const names = from ? [from[1]] : plain ? plain[1].split(',') : null;
  return (
    names &&
    names.map(name => name.trim().split(/[.\s]/)[0]).filter(name => /^[A-Za-z_]\w*$/.test(name))
  );
}

/** A longer line names no packages; the patterns below take the square of its length in time. */
const LONGEST = 10000;

function entriesOfLine(raw: string): string[] {
  if (raw.length > LONGEST) {
    return [`${raw.slice(0, 100)}…`];
  }
  const line = raw.replace(/(^|\s)#.*$/, '').trim();
  const modules = importedModules(line);
  if (modules) {
    return modules;
  }
  const command =
    /^[!%]?\s*(?:(?:uv\s+)?(?:python3?\s+-m\s+)?(?:pip3?|envinstall)\s+(?:install\s+)?|(?:conda|(?:micro)?mamba)\s+install\s+)/;
  const asked = line.replace(command, '');
  if (!asked) {
    return [];
  }
  // A marker or a direct reference holds blanks: such a line is one requirement.
  if (/;|\s@\s|^-e\s/.test(asked)) {
    return [asked];
  }
  return joinVersions(words(asked));
}

/** Words between blanks or list commas, quotes taken off, options and their values left out. */
function words(text: string): string[] {
  const found: string[] = [];
  let skip = false;
  for (const match of text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
    const word = match[1] ?? match[2] ?? match[3];
    if (skip || /^-/.test(word)) {
      skip = !skip && WITH_VALUE.test(word);
      continue;
    }
    found.push(...splitCommas(word));
  }
  return found;
}

/** `a,b` are two names, the comma in `a>=1,<2` or `a[x,y]` belongs to one. */
function splitCommas(word: string): string[] {
  return word.split(/,(?![^[]*\])(?=\s*(?:[A-Za-z0-9]|$))/).filter(part => part !== '');
}

/** Puts `numpy`, `>=2` and `numpy`, `>=`, `2` back together. */
function joinVersions(parts: string[]): string[] {
  const found: string[] = [];
  for (const part of parts) {
    const last = found.length - 1;
    if (last >= 0 && /^[<>=!~]/.test(part) && /[<>=!~].*\w/.test(found[last])) {
      // `>=1, <2`: the comma was taken for one between names.
      found[last] += `,${part}`;
    } else if (last >= 0 && (/^[<>=!~[]/.test(part) || /[<>=!~]$/.test(found[last]))) {
      found[last] += part;
    } else {
      found.push(part);
    }
  }
  return found;
}
