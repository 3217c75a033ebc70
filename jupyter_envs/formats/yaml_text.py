"""YAML as files of settings use it: texts, lists and mappings, each with its line; nothing in it makes it grow."""

from __future__ import annotations

from typing import Any, NamedTuple

from jupyter_envs.formats.base import FIELD, cleaned
from jupyter_envs.model.errors import InvalidRequest

# A file that people and tools write has a few hundred lines; a parser needs minutes for the largest that may be sent.
LARGEST = 1_000_000
_DEEPEST = 20
# With aliases a small file can stand for a huge one: as many values may come of it as if they were written out.
_MOST_VALUES = 100_000


class Node(NamedTuple):
    """A value and the number of its line. A scalar is its text, whatever YAML takes it for: ``3.10`` stays so."""

    value: str | list[Node] | dict[str, Node]
    line: int


def parse(text: str) -> Node:
    """The one document in `text`.

    An alias is the value that its anchor names, and ``<<`` brings in the keys of a mapping.

    Raises:
        InvalidRequest: it is too long or too deep, no YAML, grows too much by its aliases, holds
            the same key twice, or more than one document; the field tells the line.
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


class _Open:
    """A container that is being read: its value, line and anchor, and how many values came of it so far."""

    def __init__(self, value: list[Node] | dict[str, Node], line: int, anchor: str | None) -> None:
        self.node = Node(value, line)
        self.anchor = anchor
        self.size = 1
        # The key of a mapping that waits for its value.
        self.key: str | None = None

    def add(self, node: Node, size: int) -> None:
        self.size += size
        if self.size > _MOST_VALUES:
            raise wrong("The file's aliases stand for too much.", node.line, hint="Write out what is needed of it.")
        value = self.node.value
        if isinstance(value, list):
            value.append(node)
        elif isinstance(value, dict):
            if self.key is None:
                self.key = scalar(node, "A key")
                if self.key in value:
                    raise wrong("This key is there twice.", node.line, hint="Keep one of them.")
            else:
                value[self.key] = node
                self.key = None

    def closed(self) -> Node:
        """The container, with the keys that ``<<`` brings in; its own go before them."""
        value = self.node.value
        if not isinstance(value, dict) or _MERGE not in value:
            return self.node
        merged = value.pop(_MERGE)
        for part in merged.value if isinstance(merged.value, list) else [merged]:
            for key, node in mapping(part, "What << names").items():
                value.setdefault(key, node)
        return self.node


_MERGE = "<<"


def _built(events: Any) -> Node:
    import yaml

    done: list[Node] = []
    open_: list[_Open] = []
    anchors: dict[str, tuple[Node, int]] = {}

    def add(node: Node, size: int, anchor: str | None) -> None:
        if anchor is not None:
            anchors[anchor] = (node, size)
        if open_:
            open_[-1].add(node, size)
        else:
            done.append(node)

    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent) and done:
            raise wrong("There is more than one document in the file.", line, hint="Send one at a time.")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise wrong("This alias names no anchor above it.", line)
            node, size = anchors[event.anchor]
            add(Node(node.value, line), size, None)
        elif isinstance(event, yaml.ScalarEvent):
            # Only a plain `~` or `null` means nothing; in quotation marks it is a text.
            empty = not event.style and event.value in ("~", "null", "Null", "NULL")
            add(Node("" if empty else event.value, line), 1, event.anchor)
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            if len(open_) >= _DEEPEST:
                raise wrong("This is nested too deeply.", line)
            if open_ and open_[-1].key is None and isinstance(open_[-1].node.value, dict):
                raise wrong("A key must be a text.", line)
            value: list[Node] | dict[str, Node] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
            open_.append(_Open(value, line, event.anchor))
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            container = open_.pop()
            add(container.closed(), container.size, container.anchor)
    return done[0] if done else Node("", 1)
