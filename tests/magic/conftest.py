from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernel_session import Fake, Session, argv, fake_environment


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Fake:
    return fake_environment(tmp_path_factory.mktemp("fake"))


@pytest.fixture(scope="module")
def kernel(environment: Fake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = Session(argv(environment.home / "magic.py"), tmp_path_factory.mktemp("cwd"))
    yield session
    session.close()


@pytest.fixture(scope="module")
def plain_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = Session(argv(None), tmp_path_factory.mktemp("plain"))
    yield session
    session.close()
