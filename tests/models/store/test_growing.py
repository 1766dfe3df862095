"""A head by what is new is the head by everything."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.store import heads, ledger
from models.store.growing import Growing, growing
from models.store.ledger import Entry, LogTree
from models.store.session import Store, open_store
from models.store.verify import verify_ledger
from tests.models.store.world import KEY, NOON, PUBLIC


def _leaves(count: int, salt: str = "") -> list[str]:
    return [hashlib.sha256(f"{salt}{number}".encode()).hexdigest() for number in range(count)]


@given(st.lists(st.integers(0, 40), max_size=6))
def test_in_any_steps_the_root_is_that_of_the_library(steps: list[int]) -> None:
    leaves, tree = _leaves(sum(steps)), Growing()
    for number, step in enumerate(steps):
        begun = sum(steps[:number])
        tree.grow(leaves[begun : begun + step])
    assert tree.size == len(leaves)
    assert tree.root() == LogTree(leaves).get_root().hex()


def _add(store: Store, *names: str, commit: bool = True) -> tuple[int, str]:
    with store.unit_of_work() as unit:
        ledger.append(unit, "journal", [Entry("note", name, {}) for name in names])
        found = growing(unit, "journal")
        whole = ledger.head(unit, "journal")
        assert (found.size, found.root()) == (whole.size, whole.root)
        told = (found.size, found.root())
        if commit:
            heads.sign_heads(unit, KEY, NOON)
            unit.commit()
    return told


def test_what_was_rolled_back_is_forgotten(store: Store) -> None:
    _add(store, "a", "b")
    lost = _add(store, "c", "d", commit=False)
    kept = _add(store, "e", "f")
    assert lost[0] == kept[0]  # as long, and other entries
    assert lost[1] != kept[1]
    assert verify_ledger(store, public_key=PUBLIC) == []


def test_what_another_process_wrote_is_seen(store: Store, url: str) -> None:
    _add(store, "a")
    with open_store(url) as other:
        _add(other, "b", "c")
    _add(store, "d")
    assert verify_ledger(store, public_key=PUBLIC) == []


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_small_logs(count: int) -> None:
    tree = Growing()
    tree.grow(_leaves(count))
    assert tree.root() == LogTree(_leaves(count)).get_root().hex()


def test_an_empty_register_is_not_signed(new_url: Callable[[], str]) -> None:
    with open_store(new_url()) as store, store.unit_of_work() as unit:
        assert heads.sign_heads(unit, KEY, NOON) == []
