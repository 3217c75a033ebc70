/** `name` as the index compares names (PEP 503). */
export function normalName(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase();
}

/** The distribution that a requirement or a match spec names, or null for a URL or a path. */
export function nameOf(requirement: string): string | null {
  const name = writtenName(requirement);
  return name === null ? null : normalName(name);
}

/** As `nameOf`, but as it stands there: channels tell `a_b` from `a-b`. */
export function writtenName(requirement: string): string | null {
  const match = /^\s*(?:\S+::)?(\w(?:[\w.-]*\w)?)\s*(?:$|[[<>=!~@;( ])/.exec(requirement);
  return match && match[1];
}

/** Whether `text` is the name of a distribution and nothing else. */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text);
}

/** Whether a version is meant for trying out (PEP 440). */
export function isPreRelease(version: string): boolean {
  return /\d\s*[._-]?(?:a|b|c|rc|alpha|beta|pre|preview|dev)[._-]?\d*/i.test(version.split('+')[0]);
}

/**
 * The newest of `versions` for somebody who has `installed`.
 *
 * @param versions - newest first
 */
export function newestOf(versions: ReadonlyArray<string>, installed: string): string | null {
  const finals = versions.filter(version => !isPreRelease(version));
  if (finals.length === 0 || (isPreRelease(installed) && at(versions, installed) === 0)) {
    return versions[0] ?? null;
  }
  return finals[0];
}

/**
 * Whether `versions` has a newer one than `installed`; a version that the index
 * does not have says nothing.
 */
export function isOutdated(versions: ReadonlyArray<string>, installed: string): boolean {
  const newest = newestOf(versions, installed);
  const here = at(versions, installed);
  return newest !== null && here > versions.indexOf(newest);
}

/** Where `version` stands; a local build such as `2.1.0+cpu` counts as what it was built from. */
function at(versions: ReadonlyArray<string>, version: string): number {
  const found = versions.indexOf(version);
  return found >= 0 ? found : versions.indexOf(version.split('+')[0]);
}
