"""Read YAML that others wrote: plain data alone, bounded, so that no file can be a bomb."""

from __future__ import annotations

from typing import Any

MOST_TEXT = 1_000_000
MOST_NODES = 100_000
MOST_DEPTH = 50


class NotYaml(ValueError):
    """The text is not YAML that can be read; the message says why, on one line."""


def parse(text: str) -> Any:
    """The value of the one YAML document `text`: mappings, lists, texts, numbers, booleans, None.

    Aliases are followed only as far as the whole stays small; tags other than YAML's own are refused.

    Raises:
        NotYaml: the text is not YAML, too large, too deep, or grows too much by its aliases.
    """
    import yaml

    if len(text) > MOST_TEXT:
        raise NotYaml(f"the text is longer than {MOST_TEXT} characters")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = 0
        # Looked at before anything is built: what nests too deeply would end the parser's recursion, or the process.
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                depth += 1
                if depth > MOST_DEPTH:
                    raise NotYaml(f"it nests more than {MOST_DEPTH} levels deep")
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                depth -= 1
        value = yaml.load(text, Loader=loader)  # noqa: S506 (a safe loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        # The parser's own text quotes the line, which may hold a password.
        raise NotYaml(f"{getattr(error, 'problem', None) or 'it is not YAML'}{where}") from None
    except (ValueError, RecursionError, OverflowError, TypeError) as error:
        raise error if isinstance(error, NotYaml) else NotYaml("it holds a value that cannot be read") from None
    _count(value)
    return value


def _count(value: Any) -> None:
    """Raise NotYaml when `value`, written out without aliases, has too many parts."""
    # An alias is the same object again, so that a few lines can stand for billions: counted as if written out.
    left, stack, depth = MOST_NODES, [(value, 0)], 0
    while stack:
        here, depth = stack.pop()
        left -= 1
        if left < 0 or depth > MOST_DEPTH:
            raise NotYaml("its aliases stand for too much")
        if isinstance(here, dict):
            stack += [(part, depth + 1) for part in (*here.keys(), *here.values())]
        elif isinstance(here, (list, tuple, set)):
            stack += [(part, depth + 1) for part in here]
