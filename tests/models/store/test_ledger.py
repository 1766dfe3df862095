"""The logs: appended once, chained, provable to outsiders, signed and anchored."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from pymerkle import InvalidProof

from config.errors import StoreError
from models.store import heads, ledger, reads
from models.store.heads import SignedHead
from models.store.ledger import Entry
from models.store.session import Store
from models.store.verify import verify_ledger
from tests.models.store.world import KEY, NOON, PUBLIC, fill, save_results


def _append(store: Store, *entries: Entry) -> int:
    with store.unit_of_work() as unit:
        added = ledger.append(unit, "results", entries)
        unit.commit()
    return added


def _entry(number: int, **body: object) -> Entry:
    return Entry("ratings", f"r{number}", body or {"digest": f"{number:064x}"})


def test_an_identical_entry_changes_nothing(store: Store) -> None:
    assert _append(store, _entry(1), _entry(2)) == 2
    with store.snapshot() as snapshot:
        before = ledger.head(snapshot)
    assert _append(store, _entry(2), _entry(1)) == 0
    assert _append(store, Entry("ratings", "r1", {"digest": f"{1:064x}"})) == 0
    with store.snapshot() as snapshot:
        assert ledger.head(snapshot) == before


def test_what_changed_is_appended_and_both_stay(store: Store) -> None:
    _append(store, _entry(1, digest="a"), _entry(1, digest="b"), _entry(1, digest="a"))
    with store.snapshot() as snapshot:
        assert reads.ledger_entries(snapshot, "results")["body"].str.contains("a").to_list() == [True, False, True]


def test_every_entry_can_be_proved_and_no_other(store: Store) -> None:
    _append(store, *(_entry(number) for number in range(1, 12)))
    with store.snapshot() as snapshot:
        head = ledger.head(snapshot)
        for row in reads.ledger_entries(snapshot, "results").iter_rows(named=True):
            proof = ledger.prove_entry(snapshot, "results", row["position"])
            ledger.check_entry(row["leaf"], row["position"], head, proof)
            with pytest.raises(InvalidProof):
                ledger.check_entry("0" * 64, row["position"], head, proof)
            with pytest.raises(InvalidProof):
                ledger.check_entry(row["leaf"], row["position"] % 11 + 1, head, proof)


def test_every_earlier_log_is_proved_to_be_a_beginning(store: Store) -> None:
    earlier = []
    for number in range(1, 9):
        _append(store, _entry(number))
        with store.snapshot() as snapshot:
            earlier.append(ledger.head(snapshot))
    with store.snapshot() as snapshot:
        now = ledger.head(snapshot)
        for head in earlier:
            proof = ledger.prove_growth(snapshot, "results", head.size)
            ledger.check_growth(head, now, proof)
            with pytest.raises(InvalidProof):
                ledger.check_growth(ledger.Head("results", head.size, "0" * 64), now, proof)


def test_the_root_is_the_one_of_rfc_6962(store: Store) -> None:
    """Computed by hand from the leaves: H(1 ‖ H(1 ‖ a ‖ b) ‖ c)."""
    import hashlib

    def node(left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    _append(store, _entry(1), _entry(2), _entry(3))
    with store.snapshot() as snapshot:
        a, b, c = (bytes.fromhex(leaf) for leaf in reads.ledger_entries(snapshot, "results")["leaf"])
        first = ledger.entry_bytes("results", "ratings", "r1", '{"digest":"' + f"{1:064x}" + '"}', "")
        assert a == hashlib.sha256(b"\x00" + first).digest()
        assert ledger.head(snapshot).root == node(node(a, b), c).hex()


def test_results_keep_their_head_when_the_clock_moves(full: Store) -> None:
    with full.snapshot() as snapshot:
        before = ledger.head(snapshot), ledger.head(snapshot, "journal")
    with full.unit_of_work() as unit:
        save_results(unit)
        heads.sign_heads(unit, KEY, NOON + timedelta(days=1))
        unit.commit()
    with full.snapshot() as snapshot:
        assert (ledger.head(snapshot), ledger.head(snapshot, "journal")) == before
        assert [head.at for head in heads.signed_heads(snapshot, "results")] == ["2026-05-01T12:00:00.000000Z"]


def test_signed_heads_hold_and_forged_ones_do_not(full: Store) -> None:
    with full.snapshot() as snapshot:
        (head,) = heads.signed_heads(snapshot, "results")
    assert head.public_key == PUBLIC
    assert head.holds()
    changes: list[dict[str, object]] = [
        {"log": "journal"},
        {"size": head.size - 1},
        {"root": "0" * 64},
        {"at": "2026-05-02T12:00:00.000000Z"},
        {"public_key": "0" * 64},
        {"signature": head.signature[::-1]},
        {"signature": "no hex"},
    ]
    for change in changes:
        assert not SignedHead(**(head.__dict__ | change)).holds()  # type: ignore[arg-type]


def test_a_clock_set_back_is_noted_and_heads_never_fall(full: Store) -> None:
    earlier = NOON - timedelta(days=3)
    with full.unit_of_work() as unit:
        ledger.append(unit, "results", [Entry("note", "r1", {})])
        heads.sign_heads(unit, KEY, earlier)
        unit.commit()
    with full.snapshot() as snapshot:
        moments = [head.at for log in ledger.LOGS for head in heads.signed_heads(snapshot, log)]
        assert set(moments) == {"2026-05-01T12:00:00.000000Z"}
        said = reads.ledger_entries(snapshot, "journal").filter(kind="clock_set_back")
        assert said["subject"].to_list() == ["2026-04-28T12:00:00.000000Z"]
    assert verify_ledger(full, public_key=PUBLIC) == []


def test_anchors_are_written_and_read_back(full: Store, tmp_path: Path) -> None:
    path = tmp_path / "anchor.json"
    with full.snapshot() as snapshot:
        written = heads.write_anchor(snapshot, path)
    anchors = heads.read_anchor(path)
    assert {head.log for head in anchors} == set(written) == {"results", "journal"}
    assert all(head.holds() for head in anchors)
    path.write_text("[]")
    with pytest.raises(StoreError, match="not an anchor"):
        heads.read_anchor(path)


def test_nothing_to_anchor_is_said(store: Store, tmp_path: Path) -> None:
    with store.snapshot() as snapshot, pytest.raises(StoreError, match="no tree head is signed"):
        heads.write_anchor(snapshot, tmp_path / "anchor.json")
    assert list(tmp_path.glob("*.json")) == []


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.key"
    first = heads.signing_key(path)
    assert heads.public_key(heads.signing_key(path)) == heads.public_key(first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [child.name for child in path.parent.iterdir()] == ["ledger.key"]
    path.write_text("not a key")
    with pytest.raises(StoreError, match="not a signing key"):
        heads.signing_key(path)


def test_runs_of_two_nights_stand_side_by_side(store: Store) -> None:
    fill(store, "r1")
    with store.snapshot() as snapshot:
        first = ledger.run_head(snapshot, "r1")
    fill(store, "r2")
    with store.snapshot() as snapshot:
        assert ledger.run_head(snapshot, "r1") == first
        assert ledger.run_head(snapshot, "r2") != first
