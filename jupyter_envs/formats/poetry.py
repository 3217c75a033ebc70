"""Poetry's way to write what a project needs, as requirements (PEP 508): ``^1.2``, ``~1.2``, tables, several of one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jupyter_envs.formats.base import FIELD, Given, listed
from jupyter_envs.formats.values import mapping, rows, strings, word
from jupyter_envs.model.errors import InvalidRequest

_RELEASE = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,5})(.{0,60})\Z")
_CLAUSE = re.compile(r"(\^|~=|~|===|==|!=|<=|>=|<|>|=)?\s*(\S{1,100})\Z")
_TESTED = {"version", "extras", "markers", "python", "platform", "optional", "git", "url", "path", "file", "develop"}
_TESTED |= {"branch", "tag", "rev", "subdirectory", "source", "allow-prereleases"}


def requirements(name: str, value: object, given: Given, place: str, wider: list[str] | None = None) -> Iterator[str]:
    """The requirements that the entry `name` = `value` of a dependency table means.

    The names of those that admit more than the entry does are added to `wider`.

    Raises:
        InvalidRequest: the value is not understood, or is a path out of the folder.
    """
    several = value if isinstance(value, list) else [value]
    for number, each in enumerate(several):
        where = f"{place}[{number}]" if isinstance(value, list) else place
        table = {"version": each} if isinstance(each, str) else mapping(each, where)
        if wider is not None and not exact(table.get("version")):
            wider.append(name)
        yield _requirement(name, table, given, where)


def specifier(constraint: str, place: str) -> str:
    """Poetry's version `constraint` as a specifier (PEP 440).

    Of ranges with ``||`` between them it is the narrowest that admits them all; `exact` tells whether it admits more.

    Raises:
        InvalidRequest: it is not a constraint.
    """
    if "|" in constraint:
        from jupyter_envs.formats import ranges

        try:
            return ranges.joined(_alternatives(constraint, place))[0]
        except ValueError:
            raise _no_constraint(constraint, place) from None
    return _one(constraint, place)


def exact(constraint: object, place: str = "version") -> bool:
    """Whether `specifier` says of `constraint` just what it does."""
    if not isinstance(constraint, str) or "|" not in constraint:
        return True
    from jupyter_envs.formats import ranges

    try:
        return ranges.joined(_alternatives(constraint, place))[1]
    except ValueError:
        return True


def _alternatives(constraint: str, place: str) -> list[str]:
    return [_one(part, place) for part in re.split(r"\|\|?", constraint[:500])]


def _one(constraint: str, place: str) -> str:
    text = re.sub(r"(\^|~=|~|===|==|!=|<=|>=|<|>)\s+", r"\1", constraint.strip()[:500])
    clauses = [part for part in re.split(r"[,\s]+", text) if part and part != "*"]
    return ",".join(_clause(part, place) for part in clauses)


def unknown(value: object) -> list[str]:
    """The keys of an entry that nothing comes of here."""
    several = value if isinstance(value, list) else [value]
    return sorted({key for each in several if isinstance(each, dict) for key in each.keys() - _TESTED})


def _clause(text: str, place: str) -> str:
    found = _CLAUSE.match(text)
    if not found:
        raise _no_constraint(text, place)
    sign, version = found[1] or "", found[2]
    if "*" in version:
        return f"{sign.replace('=', '==', 1) if sign == '=' else sign or '=='}{version}"
    if sign not in ("^", "~"):
        return f"{sign if sign not in ('', '=') else '=='}{version}"
    release = _RELEASE.match(version)
    if not release or release[2][:1] in (".", "*"):
        raise _no_constraint(text, place)
    numbers = [int(part) for part in release[1].split(".")]
    if sign == "^":
        # The first that is not zero may not rise; of zeros alone the last.
        at = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    else:
        at = min(1, len(numbers) - 1)
    upper = [*numbers[:at], numbers[at] + 1]
    upper += [0] * (len(numbers) - len(upper))
    return f">={version.removeprefix('v')},<{'.'.join(map(str, upper))}"


def _requirement(name: str, table: dict[str, Any], given: Given, place: str) -> str:
    extras = strings(table.get("extras", []), f"{place}.extras")
    named = f"{name}[{','.join(extras)}]" if extras else name
    mark = _marker(table, place)
    address = _address(table, given, place)
    if address is not None and "://" not in address:
        return f"{'-e ' if table.get('develop') is True else ''}{address}"
    if address is not None:
        return f"{named} @ {address}" + (f" ; {mark}" if mark else "")
    version = table.get("version", "*")
    limits = specifier(word(version, place), place) if version != "*" else ""
    return f"{named}{limits}" + (f" ; {mark}" if mark else "")


def _address(table: dict[str, Any], given: Given, place: str) -> str | None:
    """Where the entry is to be had, if not from an index: a URL, or a whole path."""
    if "git" in table:
        url = word(table["git"], f"{place}.git")
        short = re.match(r"git@([\w.-]{1,200}):(.{1,500})\Z", url)
        url = f"ssh://git@{short[1]}/{short[2]}" if short else url
        commit = next((word(table[key], place) for key in ("rev", "tag", "branch") if key in table), None)
        within = table.get("subdirectory")
        return f"git+{url}" + (f"@{commit}" if commit else "") + (f"#subdirectory={within}" if within else "")
    if "url" in table:
        return word(table["url"], f"{place}.url")
    for key in ("path", "file"):
        if key in table:
            return given.path(word(table[key], f"{place}.{key}"), f"{place}.{key}")
    return None


def _marker(table: dict[str, Any], place: str) -> str:
    parts = []
    if "markers" in table:
        parts.append(f"({word(table['markers'], f'{place}.markers')})")
    if "platform" in table:
        parts.append(f"sys_platform == {word(table['platform'], f'{place}.platform')!r}")
    if "python" in table:
        limits = specifier(word(table["python"], f"{place}.python"), f"{place}.python")
        for clause in filter(None, limits.split(",")):
            found = re.match(r"(===|==|!=|<=|>=|~=|<|>)(.*)\Z", clause)
            if not found or "'" in found[2]:
                raise _no_constraint(clause, f"{place}.python")
            variable = "python_full_version" if found[2].count(".") > 1 and "*" not in found[2] else "python_version"
            version = found[2].removesuffix(".*")
            parts.append(f"{variable} {found[1]} '{version}'")
    return parts[0][1:-1] if len(parts) == 1 and parts[0].startswith("(") else " and ".join(parts)


def _no_constraint(text: str, place: str) -> InvalidRequest:
    return InvalidRequest(
        f"{place}: {listed([text])!r} is not a version constraint.",
        hint="Write it like ^1.2, ~1.2 or >=1,<2.",
        field=f"{FIELD} {place}",
    )


def sources(tool: dict[str, Any]) -> list[str]:
    """The addresses of the indexes that the table names."""
    return [str(row["url"]) for row in rows(tool.get("source"), "tool.poetry.source") if "url" in row]
