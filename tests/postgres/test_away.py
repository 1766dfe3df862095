"""The database goes away at any point: the command says so, and the same command afterwards has the same result."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from config.errors import StoreError
from models.store import heads, ledger, reads
from models.store.locks import run_lock
from models.store.session import Store, UnitOfWork, open_store
from models.store.verify import verify_ledger
from tests.models.store.world import KEY, NOON, PUBLIC, fill, save_events, save_results
from tests.postgres.server import Server, running

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that these tests may stop."""
    with running() as started:
        yield started


def _stages(away: Callable[[], None]) -> dict[str, Callable[[Store], None]]:
    """A run's writing, with the database gone at one point of it."""

    def writing(store: Store, *steps: Callable[[UnitOfWork], None]) -> None:
        with store.unit_of_work() as unit:
            for step in steps:
                step(unit)
            unit.commit()

    def gone(unit: UnitOfWork) -> None:
        away()

    def sign(unit: UnitOfWork) -> None:
        heads.sign_heads(unit, KEY, NOON)

    def before(store: Store) -> None:
        away()
        writing(store, save_results)

    def after(store: Store) -> None:
        fill(store)
        away()
        with store.snapshot() as snapshot:
            ledger.head(snapshot)

    def locked(store: Store) -> None:
        with run_lock(store):
            writing(store, save_results, gone)

    return {
        "before the unit of work": before,
        "at its beginning": lambda store: writing(store, gone, save_results),
        "between results and events": lambda store: writing(store, save_results, gone, save_events),
        "before signing": lambda store: writing(store, save_results, save_events, gone, sign),
        "before the commit": lambda store: writing(store, save_results, save_events, sign, gone),
        "after the commit": after,
        "under the lock": locked,
    }


@pytest.mark.parametrize("stage", _stages(lambda: None))
def test_the_same_command_afterwards_has_the_same_head(own_server: Server, stage: str) -> None:
    wanted = _head_of_an_undisturbed_run(own_server)
    with open_store(own_server.new_database("away")) as store:
        with pytest.raises(StoreError, match="then give the same command again"):
            _stages(own_server.stop)[stage](store)
        own_server.start()
        with run_lock(store):
            fill(store)
        with store.snapshot() as snapshot:
            assert ledger.head(snapshot) == wanted
            assert reads.runs(snapshot).height == 1
        assert verify_ledger(store, public_key=PUBLIC) == []


def _head_of_an_undisturbed_run(server: Server) -> ledger.Head:
    with open_store(server.new_database("still")) as store:
        fill(store)
        with store.snapshot() as snapshot:
            return ledger.head(snapshot)


def test_a_database_that_is_not_there_is_named(own_server: Server) -> None:
    with pytest.raises(StoreError, match="see that the database runs"):
        open_store(own_server.url("nowhere"))
