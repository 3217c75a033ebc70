"""YAML as files of settings use it: texts, lists and mappings, each with its line; nothing in it makes it grow."""

from __future__ import annotations

from typing import Any, NamedTuple

from jupyter_envs.formats.base import FIELD, cleaned
from jupyter_envs.model.errors import InvalidRequest

# A file that people and tools write has a few hundred lines; a parser needs minutes for the largest that may be sent.
LARGEST = 1_000_000
_DEEPEST = 20


class Node(NamedTuple):
    """A value and the number of its line. A scalar is its text, whatever YAML takes it for: ``3.10`` stays so."""

    value: str | list[Node] | dict[str, Node]
    line: int


def parse(text: str) -> Node:
    """The one document in `text`.

    Anchors are refused: with them a small file can stand for a huge one.

    Raises:
        InvalidRequest: it is too long or too deep, no YAML, holds an anchor, the same
            key twice, or more than one document; the field tells the line.
    """
    import yaml

    plain = cleaned(text)
    if len(plain) > LARGEST:
        raise wrong("The file is too long for what it should hold.", hint=f"{LARGEST} characters are allowed.")
    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return _built(yaml.parse(plain, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise wrong(f"The file is not YAML: {str(error.problem)[:200]}.", mark.line + 1 if mark else None) from None
    except (yaml.YAMLError, ValueError) as error:
        raise wrong(f"The file is not YAML: {str(error).splitlines()[0][:200]}.") from None


def wrong(message: str, line: int | None = None, hint: str = "Mend that place and send it again.") -> InvalidRequest:
    """The error for what stands in `line`."""
    return InvalidRequest(message, hint=hint, field=f"{FIELD} line {line}" if line else FIELD)


def mapping(node: Node, what: str) -> dict[str, Node]:
    """`node`, a mapping; nothing at all counts as an empty one.

    Raises:
        InvalidRequest: it is something else.
    """
    if isinstance(node.value, dict):
        return node.value
    if node.value == "":
        return {}
    raise wrong(f"{what} must be a mapping, such as `name: demo`.", node.line)


def sequence(node: Node, what: str) -> list[Node]:
    """`node`, a list; nothing at all counts as an empty one.

    Raises:
        InvalidRequest: it is something else.
    """
    if isinstance(node.value, list):
        return node.value
    if node.value == "":
        return []
    raise wrong(f"{what} must be a list, an entry a line after `- `.", node.line)


def scalar(node: Node, what: str) -> str:
    """`node`, a text of one line.

    Raises:
        InvalidRequest: it is something else.
    """
    if not isinstance(node.value, str):
        raise wrong(f"{what} must be a text.", node.line)
    if "\n" in node.value:
        raise wrong(f"{what} must be one line.", node.line)
    return node.value


def _built(events: Any) -> Node:
    import yaml

    done: list[Node] = []
    # The containers that are open, each with its line; of a mapping the key that waits for its value.
    open_: list[Node] = []
    keys: list[str | None] = []

    def add(node: Node) -> None:
        if not open_:
            done.append(node)
            return
        value = open_[-1].value
        if isinstance(value, list):
            value.append(node)
        elif isinstance(value, dict):
            key = keys[-1]
            if key is None:
                name = scalar(node, "A key")
                if name in value:
                    raise wrong("This key is there twice.", node.line, hint="Keep one of them.")
                keys[-1] = name
            else:
                value[key] = node
                keys[-1] = None

    for event in events:
        line = event.start_mark.line + 1
        if getattr(event, "anchor", None):
            raise wrong("Anchors are not read.", line, hint="Write out what the anchor stands for.")
        if isinstance(event, yaml.DocumentStartEvent) and done:
            raise wrong("There is more than one document in the file.", line, hint="Send one at a time.")
        if isinstance(event, yaml.ScalarEvent):
            # Only a plain `~` or `null` means nothing; in quotation marks it is a text.
            empty = not event.style and event.value in ("~", "null", "Null", "NULL")
            add(Node("" if empty else event.value, line))
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            if len(open_) >= _DEEPEST:
                raise wrong("This is nested too deeply.", line)
            if keys and keys[-1] is None and isinstance(open_[-1].value, dict):
                raise wrong("A key must be a text.", line)
            open_.append(Node([] if isinstance(event, yaml.SequenceStartEvent) else {}, line))
            keys.append(None)
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            keys.pop()
            add(open_.pop())
    return done[0] if done else Node("", 1)
