"""One server for the tests of this folder."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.postgres.server import Server, running

_number = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
def database(server: Server) -> str:
    """Name of a new empty database."""
    name = f"p{next(_number)}"
    server.new_database(name)
    return name
