from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_envs.model.roots import roots


def test_what_nobody_needs() -> None:
    assert roots({"a": ["b", "elsewhere"], "b": ["c"], "c": [], "d": []}) == ["a", "d"]


def test_a_ring_that_nobody_needs_keeps_one() -> None:
    # `c` is in the ring's shadow, not a root.
    assert roots({"x": ["y"], "y": ["x", "c"], "c": []}) == ["x"]
    assert roots({"x": ["y"], "y": ["x"], "top": ["y"]}) == ["top"]
    assert roots({"own": ["own"]}) == ["own"]


@given(st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefg"))))
def test_they_bring_all_others_and_none_is_too_many(needs: dict[str, list[str]]) -> None:
    def brought(tops: list[str]) -> set[str]:
        reached: set[str] = set()
        waiting = list(tops)
        while waiting:
            if (name := waiting.pop()) not in reached and name in needs:
                reached.add(name)
                waiting += needs[name]
        return reached

    found = roots(needs)
    assert brought(found) == needs.keys()
    for name in found:
        assert name not in brought([other for other in found if other != name])
