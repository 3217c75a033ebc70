from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest

from jupyter_envs.formats import notebook
from jupyter_envs.formats.carried import (
    Carried,
    CarriedConda,
    Place,
    block,
    conda_of,
    declares,
    fingerprint,
    read_metadata,
    write,
)
from jupyter_envs.model.errors import InvalidRequest

ASKED = Carried(['pandas[excel]>=2; python_version > "3.8"', "numpy"], ">=3.11", 'lock-version = "1.0"\n')


def book(*sources: str, minor: int = 5, **metadata: Any) -> str:
    made = nbformat.v4.new_notebook(metadata=metadata)
    made.nbformat_minor = minor
    made.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    if minor < 5:
        for cell in made.cells:
            del cell["id"]
    return nbformat.writes(made)


def test_what_is_written_in_a_cell_is_read_back() -> None:
    written = write(book("print(1)"), ASKED)
    nbformat.validate(nbformat.reads(written, as_version=4))
    assert sorted(notebook.read(written).packages) == sorted(ASKED.dependencies)
    assert notebook.read(written).requires_python == ">=3.11"
    found = read_metadata(json.loads(written))
    assert found == Carried([], None, ASKED.lock)


def test_a_first_cell_of_its_own_that_older_formats_take_too() -> None:
    written = write(book("print(1)", minor=2), ASKED)
    nbformat.validate(nbformat.reads(written, as_version=4))
    cells = json.loads(written)["cells"]
    assert "".join(cells[0]["source"]) == block(ASKED)
    assert "".join(cells[1]["source"]) == "print(1)"
    assert "id" not in cells[0]


def test_a_block_is_replaced_where_it_stands() -> None:
    before = "# needs\n# /// script\n# dependencies = [\n#   'six',\n# ]\n# ///\nimport six\n"
    written = write(book("print(1)", before), ASKED)
    cells = json.loads(written)["cells"]
    assert len(cells) == 2
    assert "".join(cells[1]["source"]) == f"# needs\n{block(ASKED)}\nimport six\n"
    assert write(written, ASKED) == written


def test_in_the_metadata_no_cell_changes() -> None:
    text = book("print(1)", kernelspec={"name": "python3", "display_name": "Python 3"})
    written = json.loads(write(text, ASKED, "metadata"))
    assert written["cells"] == json.loads(text)["cells"]
    assert written["metadata"]["kernelspec"]["name"] == "python3"
    found = read_metadata(written)
    assert found is not None
    assert sorted(found.dependencies) == sorted(ASKED.dependencies)
    assert (found.requires_python, found.lock) == (">=3.11", ASKED.lock)


def test_moved_to_the_metadata_the_block_goes() -> None:
    alone = write(write(book("print(1)"), ASKED), ASKED, "metadata")
    assert ["".join(c["source"]) for c in json.loads(alone)["cells"]] == ["print(1)"]
    beside = write(book(f"{block(ASKED)}\nimport numpy"), ASKED, "metadata")
    assert ["".join(c["source"]) for c in json.loads(beside)["cells"]] == ["import numpy"]


def test_the_rest_of_the_notebook_stays() -> None:
    text = book("print('ä')\nprint(2)", author={"name": "Zoë"}, jupyter_envs={"version": 1, "lock": "old"})
    written = write(text, Carried(["six"]))
    assert "Zoë" in written
    assert json.loads(written)["cells"][1] == json.loads(text)["cells"][0]
    assert "jupyter_envs" not in json.loads(written)["metadata"]


@pytest.mark.parametrize(
    "ours",
    [None, 1, [], {}, {"version": 2}, {"version": 1, "dependencies": "six"}, {"version": 1, "dependencies": [1]}],
)
def test_metadata_of_another_shape_says_nothing(ours: Any) -> None:
    assert read_metadata({"metadata": {"jupyter_envs": ours}}) is None
    assert read_metadata({"metadata": ours}) is None


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "{}", '{"cells": 3}', '{"cells": [1]}', '{"cells": [], "metadata": 1}']
)
def test_what_is_no_notebook_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        write(text, ASKED)


def test_two_blocks_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="more than one"):
        write(book(block(ASKED), block(ASKED)), ASKED)


def test_a_block_without_an_end_is_none() -> None:
    text = "# /// script\n# dependencies = []\nprint(1)"
    cells = json.loads(write(book(text), ASKED))["cells"]
    assert len(cells) == 2
    assert "".join(cells[1]["source"]) == text


def test_many_openings_take_one_pass() -> None:
    source = "# /// script\n# x\n" * 100_000
    cells = json.loads(write(book(source), ASKED))["cells"]
    assert len(cells) == 2


CONDA = CarriedConda("linux-64", ["conda-forge"], ["python=3.12", "numpy >=2"], "@EXPLICIT\n")


@pytest.mark.parametrize("place", ["cell", "metadata"])
def test_condas_part_stands_in_the_metadata(place: Place) -> None:
    said = Carried(["six"], ">=3.12", None, CONDA)
    written = write(book("print(1)"), said, place)
    nbformat.validate(nbformat.reads(written, as_version=4))
    there = json.loads(written)
    assert conda_of(there) == CONDA
    assert declares(there)
    found = notebook.read(written)
    assert (found.packages, found.conda, found.channels) == (["six"], CONDA.dependencies, CONDA.channels)
    # Its Python is one of conda's packages, whatever the block says to others.
    assert (found.python, found.requires_python) == (None, None)
    assert fingerprint(written) != fingerprint(write(book("print(1)"), Carried(["six"], ">=3.12"), place))
    assert write(written, said, place) == written


@pytest.mark.parametrize("change", [{"platform": 1}, {"channels": "x"}, {"dependencies": [1]}, {"lock": []}])
def test_condas_part_of_another_form(change: dict[str, object]) -> None:
    there = json.loads(write(book("print(1)"), Carried([], None, None, CONDA)))
    there["metadata"]["jupyter_envs"]["conda"].update(change)
    with pytest.raises(InvalidRequest, match="another form"):
        notebook.read(json.dumps(there))
