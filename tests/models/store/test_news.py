"""Who looks again is told what kinds of events have come, and never takes an older or another journal for the same."""

from __future__ import annotations

from models.store import events
from models.store.news import Place, last_place, news
from models.store.session import Store, open_store
from tests.models.store.world import DECISION, NOON, save_events


def _view(store: Store, officer: str) -> None:
    with store.unit_of_work() as unit:
        events.record_view(unit, run_id="r1", subject="plan", subject_digest="d", officer=officer, at=NOON)
        unit.commit()


def test_an_empty_journal_has_a_place_from_which_everything_is_new(store: Store) -> None:
    with store.snapshot() as snapshot:
        place = last_place(snapshot)
        assert (place, news(snapshot, place)) == (Place(0, ""), (place, frozenset()))
    with store.unit_of_work() as unit:
        save_events(unit)
        unit.commit()
    with store.snapshot() as snapshot:
        found = news(snapshot, place)
        assert found is not None
        assert found[0] == last_place(snapshot)
        assert found[1] >= {"decisions", "notices", "approvals", "overrides", "evidence_views"}


def test_what_another_process_wrote_is_news_once(store: Store, url: str) -> None:
    _view(store, "u17")
    with store.snapshot() as snapshot:
        place = last_place(snapshot)
        assert news(snapshot, place) == (place, frozenset())
    with open_store(url) as other, other.unit_of_work() as unit:
        events.record_decision(unit, DECISION, recorded_by="u17", at=NOON)
        unit.commit()
    with store.snapshot() as snapshot:
        assert news(snapshot, place) == (last_place(snapshot), frozenset({"decisions"}))
        assert news(snapshot, last_place(snapshot)) == (last_place(snapshot), frozenset())


def test_an_older_or_another_journal_has_no_such_place(store: Store) -> None:
    _view(store, "u17")
    with store.snapshot() as snapshot:
        place = last_place(snapshot)
        assert news(snapshot, Place(place.position + 1, place.leaf)) is None
        assert news(snapshot, Place(place.position, "0" * 64)) is None
