from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.cli import show
from jupyter_envs.model.env import Environment, Kernel, Package, Problem, Python, TreeNode
from jupyter_envs.model.job import Progress
from jupyter_envs.model.plan import Changed, Pin, Plan


def env(name: str = "work", **more: object) -> Environment:
    python = Python(version="3.12.1", implementation="CPython", path=f"/e/{name}/bin/python", base="/usr/bin/python3")
    return Environment(id=f"{name}-1", name=name, manager="uv", kind="venv", prefix=f"/e/{name}", python=python, **more)  # type: ignore[arg-type]


@given(st.text())
def test_clean_leaves_nothing_that_a_terminal_obeys(text: str) -> None:
    cleaned = show.clean(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029\u202e\u2066" for c in cleaned)
    assert show.clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ä 日本", "plain ä 日本"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07rest", "rest"),
        ("a\tb\nc\rd\x00\x9be", "a b cde"),
        ("abc\u202ecba", "abccba"),
        ("\udc80", ""),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert show.clean(text) == expected


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (1200, "1.2 kB"), (15_400_000, "15 MB"), (2_000_000_000, "2.0 GB")],
)
def test_size(count: int | None, text: str) -> None:
    assert show.size(count) == text


def test_when_reads_what_the_engine_writes() -> None:
    assert show.when("2026-01-02T03:04:05Z").startswith("2026-01-0")
    assert show.when(None) == "-"
    assert show.when("\x1b[1mx") == "x"


def test_table_is_aligned_and_fits() -> None:
    rows = [("a" * 50, "1"), ("日本語" * 20, "22"), ("b", "3")]
    lines = show.table(("NAME", "N"), rows, 40)
    assert all(show._columns(line) <= 40 for line in lines)
    assert lines[0].startswith("NAME")
    assert len({show._columns(line[: line.rindex(" ")]) for line in lines}) == 1
    assert "…" in lines[1]


def test_table_is_whole_where_no_terminal_is() -> None:
    assert "a" * 200 in show.table(("NAME",), [("a" * 200,)])[1]


def test_no_environments_tells_the_next_command() -> None:
    assert "jupyter envs create" in "\n".join(show.environments([], None))


def test_environments_with_trouble() -> None:
    kernel = Kernel(name="k", display_name="Work \x1b[2J", language="python")
    gone = Problem(code="no_base", severity="error", message="The interpreter is gone.", repair="Make it anew.")
    lines = show.environments([env(kernels=[kernel]), env("old", state="broken", problems=[gone])], 80)
    text = "\n".join(lines)
    assert "\x1b[2J" not in text
    assert "old: error: The interpreter is gone." in lines
    assert "jupyter envs repair" in text


def test_environment_and_packages() -> None:
    assert any("/e/work" in line for line in show.environment(env(size=1000, package_count=3), []))
    found = [Package(name="six", version="1.17", requested=True, size=30_000, summary="py\n2 and 3")]
    assert show.packages(found, None)[1].split() == ["six*", "1.17", "30", "kB", "-", "py", "2", "and", "3"]
    assert show.packages([], None) == ["No packages."]


def test_tree_cuts_what_was_drawn_and_ends_on_circles() -> None:
    def node(name: str, requires: list[str], by: list[str], asked: bool = False, **more: list[str]) -> TreeNode:
        return TreeNode(name=name, version="1", requested=asked, requires=requires, required_by=by, **more)

    nodes = [
        node("a", ["b", "c"], [], True),
        node("b", ["c"], ["a", "c"]),
        node("c", ["b"], ["a", "b"]),
        node("d", [], [], missing=["gone"]),
    ]
    assert show.tree(nodes) == [
        "a 1",
        "    b 1",
        "        c 1",
        "            b 1  …",
        "    c 1  …",
        "d 1",
        "    gone  missing",
    ]


def test_plan() -> None:
    plan = Plan(
        added=[Pin(name="six", version="1")],
        changed=[Changed(name="pip", from_="1", to="2")],
        removed=[Pin(name="old", version="3")],
        download_size=1200,
    )
    assert show.plan(plan) == ["Added: six 1", "Changed: pip 1 → 2", "Removed: old 3"]
    assert show.plan(plan, dry_run=True)[0] == "Would add: six 1"
    assert show.plan(plan, dry_run=True)[-1] == "Download: 1.2 kB"
    assert show.plan(Plan()) == ["Nothing to change."]


def test_amount() -> None:
    assert show.amount(Progress(phase="x", done=3, total=12, unit="packages")) == "3 of 12 packages"
    assert show.amount(Progress(phase="x", done=1_200_000, total=8_000_000, unit="bytes")) == "1.2 MB of 8.0 MB"
    assert show.amount(Progress(phase="x", done=3, unit="files")) == "3 files"
    assert show.amount(Progress(phase="x")) == ""
