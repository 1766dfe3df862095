"""The same tests on both databases, and a register with a row in every table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.store.session import Store, open_store
from tests.models.store.world import fill
from tests.postgres.server import Server, running

BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_number = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(params=BACKENDS)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes URLs of empty databases."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path / f'{next(_number)}.sqlite'}"
    server: Server = request.getfixturevalue("postgres")
    return lambda: server.new_database(f"t{next(_number)}")


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened


@pytest.fixture
def full(store: Store) -> Store:
    """A register with two rows or more in every table, sealed and signed."""
    fill(store)
    return store
