"""What a solver's explanation comes down to: who asks for what, and what stands against it."""

from __future__ import annotations

import re

# message, hint, cause
Why = tuple[str, str, str]

_NAME = r"[A-Za-z0-9][\w.-]{0,100}(?:\[[\w.,-]{0,100}\])?"
_SPEC = rf"{_NAME}(?:\s?\(?[<>=!~][^\s()]{{0,80}}\)?)?"

_PYTHON = re.compile(
    rf"(?:current|specified|requested) python version \((?P<here>[\d.]{{1,20}})\) does not satisfy "
    rf"python(?P<wants>[^\s]{{1,60}})"
    rf"(?: and (?P<who>{_SPEC}) depends on)?",
    re.IGNORECASE,
)
_WHO_NEEDS_PYTHON = re.compile(rf"(?P<who>{_SPEC}) depends on python(?P<wants>[<>=!~]\S{{0,60}})", re.IGNORECASE)
_POETRY_PYTHON = re.compile(
    rf"(?:^| )(?:- )?(?P<who>{_NAME}(?: \([^)]{{1,60}}\))?) requires python "
    rf"(?P<wants>[<>=!~][^,]{{1,60}}(?:,[<>=!~][^,\s]{{1,20}}){{0,4}})",
    re.IGNORECASE,
)
_PIP_PYTHON = re.compile(
    r"that require a different python version: (?P<version>\S{1,40}) "
    r"requires-python (?P<wants>[^;]{1,80}?)(?:;| error)",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(rf"\b(?P<what>{_NAME}) was not found in the (?P<place>package registry|cache|provided)")
_NEEDED_BY = r"all versions of (?P<who>{name}) depend on {what}|(?P<who2>{spec}) depends on {what}"
_PIP_NEEDED_BY = re.compile(
    rf"satisfies the requirement (?P<what>{_NAME})[^(]{{0,60}} \(from (?P<who>[^)\s]{{1,100}})\) \(from versions: none"
)
_PIP_NONE = re.compile(
    rf"satisfies the requirement (?P<what>{_NAME})[^(]{{0,80}}(?:\(from (?!versions)[^)]{{1,400}}\){{1,2}} )?"
    r"\(from versions: none"
)
_PIPENV_NONE = re.compile(rf"no matching distribution found for (?P<what>{_SPEC})", re.IGNORECASE)
_PIP_SOME = re.compile(
    r"satisfies the requirement (?P<what>\S{1,160})"
    r"(?: \(from (?!versions)(?:(?!-r)(?P<by>[\w.-]{1,100})(?![\w.-]))?[^)]{0,600}\){1,2})? "
    r"\(from versions: (?!none)(?P<versions>[^)]{1,2000})\)"
)
_NO_WHEEL = re.compile(
    rf"(?P<what>{_SPEC}) (?:has|have) no wheels with a matching "
    r"(?P<tag>python implementation|python abi|python|platform)",
    re.IGNORECASE,
)
_TAGS = re.compile(
    r"following (?:python|platform)[^:]{0,40} tags?: (?P<tags>(?:`[^`]{1,60}`(?:, | and )?){1,20})", re.IGNORECASE
)
_TO_BUILD = re.compile(rf"(?P<what>{_SPEC}) has no usable wheels")
_YANKED = re.compile(rf"(?P<what>{_SPEC}) was yanked(?: \(reason: (?P<why>[^)]{{1,200}})\))?")
_PIP_YANKED = re.compile(r"ignored the following yanked versions: (?P<what>[^:]{1,200}?) error", re.IGNORECASE)
_BETA = re.compile(
    rf"only (?P<what>{_NAME})(?P<version>[<>=]{{1,2}}\S{{0,20}}\d(?:a|b|rc|\.?dev)\d{{1,10}}\S{{0,20}}) is available"
)
_NO_VERSION = re.compile(rf"there (?:is no version|are no versions) of (?P<what>{_SPEC})")
_ONLY = re.compile(rf"only (?P<what>(?:{_SPEC})) is available")
_ONLY_REQUIRED = re.compile(rf"only {_SPEC} is available and you require (?P<what>{_SPEC})")
_NEED = re.compile(rf"(?P<who>all versions of {_NAME}|{_SPEC}) depends? on (?P<what>{_SPEC})", re.IGNORECASE)
_ASKED = re.compile(rf"you require (?P<what>{_SPEC})(?: and (?P<other>{_SPEC}))?", re.IGNORECASE)
_PIP_CONFLICT = re.compile(r"the conflict is caused by: (?P<lines>.{1,4000}?)(?: to fix this|$)", re.IGNORECASE)
_POETRY_NONE = re.compile(
    rf"depends on (?P<what>{_NAME}) \((?P<version>[^)]{{1,80}})\) which doesn't match any versions"
)
_POETRY_BOTH = re.compile(
    rf"depends on both (?P<what>{_NAME}) \([^)]{{1,80}}\) and (?P<other>{_NAME}) \(", re.IGNORECASE
)

_LOOSEN = "Loosen one of the two, or keep them in environments of their own."
_VERSIONS = "Look at the versions that there are, and ask for one of them."
_SPELLING = "Check the spelling of the name, and which index it comes from."


def why_unsolvable(why: str, text: str) -> Why:
    """Return what the solver's explanation `why` says; `text` is all that the tool printed, on one line."""
    for read in (_by_python, _by_name, _by_machine, _by_version, _by_conflict):
        if found := read(why, text):
            return found
    first = re.sub(
        r"^(?:no solution found when resolving(?: dependencies)?|error:|cause:|\s){1,5}", "", why, flags=re.IGNORECASE
    )
    return (first if len(first) <= 400 else first[:399] + "…", "Loosen one of the versions asked for.", "unsolvable")


def _by_python(why: str, text: str) -> Why | None:
    if found := _PYTHON.search(why):
        who = _who(found["who"]) if found["who"] else None
        if who is None and (needs := _WHO_NEEDS_PYTHON.search(why)):
            who = _who(needs["who"])
        return _python(who or "One of the packages", found["wants"], found["here"])
    if (found := _POETRY_PYTHON.search(why)) and "doesn't" not in found["wants"]:
        return _python(_who(found["who"]), found["wants"], None)
    if found := _PIP_PYTHON.search(text):
        name = _PIP_NONE.search(text) or _PIP_SOME.search(text)
        return _python(f"{name['what'] if name else 'The package'} {found['version']}", found["wants"], None)
    return None


def _python(who: str, wants: str, here: str | None) -> Why:
    wants = wants.strip(" .,;)")
    too_new = "<" in wants and here is not None and ">" not in wants.split("<")[0]
    need = f"{who} needs Python {wants}" + (
        f", and this environment has {here}." if here else ", which this one is not."
    )
    return (
        need,
        f"Choose a{'n older' if too_new else ''} Python that fits ({wants}), or another version.",
        "python_version",
    )


def _by_name(why: str, text: str) -> Why | None:
    if found := _PIP_NEEDED_BY.search(text):
        return (f"{found['who']} needs {found['what']}, which no index has.", _SPELLING, "not_found")
    if found := _UNKNOWN.search(why):
        what = found["what"]
        place = "the package cache does not have" if found["place"] == "cache" else "no index has"
        pattern = _NEEDED_BY.format(name=_NAME, spec=_SPEC, what=re.escape(what))
        if (by := re.search(pattern, why)) and (by["who"] or by["who2"]):
            return (f"{_who(by['who'] or by['who2'])} needs {what}, which {place}.", _SPELLING, "not_found")
        return (
            f"{place[0].upper()}{place[1:]} a package {what}.".replace("have a package", "have"),
            _SPELLING,
            "not_found",
        )
    return None


def _by_machine(why: str, text: str) -> Why | None:
    if found := _TO_BUILD.search(why):
        return (
            f"{_who(found['what'])} comes as source only, and building it was not allowed.",
            "Building runs its code: allow that if you trust it, or ask for a version with a wheel.",
            "needs_build",
        )
    if found := _NO_WHEEL.search(why):
        tags = _TAGS.search(text)
        pythons = (
            sorted({f"{tag[0]}.{tag[1]}" for tag in re.findall(r"`cp(\d)(\d{1,2})m?`", tags["tags"])}) if tags else []
        )
        hint = f"There is one for Python {', '.join(pythons)}; or ask for another version." if pythons else (
            "Ask for another version, or another Python."
        )  # fmt: skip
        what = "this machine" if found["tag"].lower() == "platform" else "the environment's Python"
        return (f"{_who(found['what'])} has no wheel for {what}.", hint, "no_wheel")
    return None


def _by_version(why: str, text: str) -> Why | None:
    if found := _YANKED.search(why):
        reason = f" ({found['why']})" if found["why"] else ""
        return (f"{_who(found['what'])} was withdrawn by its authors{reason}.", "Ask for another version.", "yanked")
    if (found := _PIP_YANKED.search(text)) and (name := _PIP_NONE.search(text)):
        return (
            f"{name['what']} {found['what']} was withdrawn by its authors.",
            "Ask for another version.",
            "yanked",
        )
    if found := _BETA.search(why):
        version = found["version"].lstrip("=<>")
        return (
            f"{found['what']} has pre-releases only that fit, such as {version}.",
            f"Ask for that one by its version (`{found['what']}=={version}`).",
            "prerelease",
        )
    if found := _NO_VERSION.search(why) or _ONLY_REQUIRED.search(why):
        what = _spec(found["what"])
        only = _ONLY.search(why)
        by = re.search(rf"(?P<who>all versions of {_NAME}|{_SPEC}) depends? on {re.escape(what)}", why)
        return (
            f"{_who(by['who'])} needs {what}, and there is no such version." if by else f"There is no version {what}.",
            f"There is {_who(only['what'])}." if only else _VERSIONS,
            "no_version",
        )
    if found := _POETRY_NONE.search(why):
        if found["version"] == "*":
            return (f"No index has a package {found['what']}.", _SPELLING, "not_found")
        return (
            f"There is no version {found['what']} {found['version']}.",
            _VERSIONS,
            "no_version",
        )
    if found := _PIP_SOME.search(text):
        versions = found["versions"].split(", ")
        if re.search(r"\d(?:a|b|rc|\.?dev)\d", found["versions"]) and len(versions) == 1:
            name = re.match(_NAME, found["what"])
            return (
                f"{name[0] if name else found['what']} has pre-releases only that fit, such as {versions[0]}.",
                "Ask for that one by its version.",
                "prerelease",
            )
        what = _spec(found["what"])
        needer = found["by"]
        return (
            f"{needer} needs {what}, and there is no such version." if needer else f"There is no version {what}.",
            f"There {'is' if len(versions) == 1 else 'are'} {', '.join(versions[-5:])}.",
            "no_version",
        )
    if found := _PIP_NONE.search(text) or _PIPENV_NONE.search(text):
        return _none_fits(_spec(found["what"]), text)
    return None


def _none_fits(what: str, text: str) -> Why:
    """pip and Pipenv say no more than that no file fits, whatever the reason was."""
    reasons = ["none fits this Python and machine"]
    if not re.search(r"[<>=!~]", what):
        reasons.append("no index knows that name")
    reasons.append("the index gave no answer")
    if "****@" in text:
        reasons.append("it refuses the user name and password of the settings")
    return (
        f"No index gave a file of {what}: {', or '.join(reasons)}.",
        "Check the name and its versions, and the index settings.",
        "not_found",
    )


def _by_conflict(why: str, text: str) -> Why | None:
    if found := _PIP_CONFLICT.search(text):
        lines = re.findall(
            rf"(?P<who>the user requested|{_NAME} \S{{1,40}} depends on) (?P<what>{_SPEC})",
            found["lines"],
            re.IGNORECASE,
        )
        # Lines without a limit cannot be what is fought over, unless there are no others.
        limited = [(who, what) for who, what in lines if re.search(r"[<>=!~]", what)]
        sides = [
            (f"{who.rsplit(' depends')[0]} needs {what}" if "depends" in who else f"{what} is asked for")
            for who, what in (limited if len(limited) > 1 else lines)
        ]
        if len(sides) > 1:
            return (", but ".join(dict.fromkeys((sides[0], sides[-1]))) + ".", _LOOSEN, "conflict")
    needs = [(_who(found["who"]), _spec(found["what"])) for found in _NEED.finditer(why)]
    asked = _ASKED.search(why)
    wanted = [_spec(asked[key]) for key in ("what", "other") if asked[key]] if asked else []
    by_name: dict[str, list[str]] = {}
    for who, what in dict.fromkeys(needs):
        by_name.setdefault(_bare(what), []).append(f"{who} needs {what}")
    for what in wanted:
        if re.search(r"[<>=!~]", what):
            by_name.setdefault(_bare(what), []).append(f"{what} is asked for")
    for sides in by_name.values():
        if len(sides) > 1:
            return (", but ".join([sides[0], sides[-1]]) + ".", _LOOSEN, "conflict")
    if both := _POETRY_BOTH.search(why):
        return (f"{both['what']} and {both['other']} cannot be had together.", _LOOSEN, "conflict")
    return None


def _who(text: str) -> str:
    """`text` as a person writes it: `all versions of x` is x, `x==1.0` is x 1.0."""
    text = text.removeprefix("all versions of ").removeprefix("All versions of ").strip()
    if pinned := re.fullmatch(rf"({_NAME})==(\S{{1,40}})", text):
        return f"{pinned[1]} {pinned[2]}"
    if poetry := re.fullmatch(rf"({_NAME}) \(([^)]{{1,60}})\)", text):
        return f"{poetry[1]} {poetry[2]}"
    return text


def _spec(text: str) -> str:
    """A requirement without the parentheses of Poetry."""
    return re.sub(r"\s?\(([^)]{1,80})\)", r"\1", text).strip(" .,;")


def _bare(text: str) -> str:
    name = re.match(_NAME, text)
    return name[0].lower() if name else text
