"""What a command prints is passed on and kept within bounds, however much it is and however it is cut into lines."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jupyter_envs.system import process
from jupyter_envs.system.process import DATA, LINE, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and sh")


def printed(code: str, **options: int) -> tuple[process.Finished, list[str]]:
    seen: list[str] = []
    done = run(
        [sys.executable, "-c", f"import sys; w = sys.stdout.write; {code}"],
        on_line=lambda _, t: seen.append(t),
        **options,
    )  # type: ignore[arg-type]
    return done, seen


def test_a_long_line_is_cut_and_the_next_one_is_whole() -> None:
    done, seen = printed("w('a' * 100_000 + '\\nb\\n' + 'c' * 100_000)")
    assert seen == ["a" * LINE + " …", "b", "c" * LINE + " …"]
    assert done.out == "a" * 100_000 + "\nb\n" + "c" * 100_000


def test_a_line_that_overwrites_itself_is_told_as_it_ends() -> None:
    code = "[(w(f'{n} % ' + 'x' * 999 + chr(13)), sys.stdout.flush()) for n in range(101)]; w('done\\r\\nnext\\r\\n')"
    assert printed(code)[1] == ["done", "next"]
    assert printed("w('1 %\\r'); sys.stdout.flush(); w('2 %\\r')")[1] == ["2 %"]
    assert printed("w('a' * 100_000 + '\\r'); sys.stdout.flush(); w('b\\n')")[1] == ["b"]


def test_the_end_is_kept() -> None:
    done, _ = printed("[w(f'{n:9}\\n') for n in range(300_000)]")
    assert done.out.startswith("(2,000,000 bytes before this are left out)\n")
    assert done.out.endswith("   299999")
    done, seen = printed("[w(f'{n:9}\\n') for n in range(300_000)]", most=DATA)
    assert done.out.count("\n") == 299_999
    assert len(seen) == 300_000


def test_of_a_flood_of_lines_some_are_passed_on() -> None:
    _, seen = printed("[w(f'{n}\\n') for n in range(1_000_000)]; w('the end')")
    assert process.BURST <= len(seen) < 200_000
    assert seen[:3] == ["0", "1", "2"]
    assert "lines are left out)" in "".join(seen)
    assert seen[-1] == "the end"


def test_single_letters_cost_no_more_than_what_they_are() -> None:
    done, _ = printed("[(w('x'), sys.stdout.flush()) for _ in range(3000)]")
    assert done.out == "x" * 3000


def test_an_error_of_the_listener_is_raised_and_the_command_ends(tmp_path: Path) -> None:
    def fail(stream: str, text: str) -> None:
        raise ValueError(text)

    end = tmp_path / "end"
    code = f"print('first'); print('a\\n' * 1_000_000); open({str(end)!r}, 'w').close()"
    with pytest.raises(ValueError, match="first"):
        run([sys.executable, "-c", code], on_line=fail)
    assert end.exists()
