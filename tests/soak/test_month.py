"""A short month; `make soak` plays a long one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.soak.figures import Figures, faster_than_nights, growth, keep, kept, sizes
from tests.soak.month import Month


def _night(number: int, **changed: float) -> Figures:
    plain = {"register": 15.0 * number, "work": 5.0}
    day = date(2026, 11, number).isoformat()
    return Figures(day, f"r{number}", "out", 20.0, 800.0, plain | changed, {"A": 1}, 0, 0, 0)


def test_what_adds_the_same_every_night_does_not_grow_faster_than_them() -> None:
    found = growth([_night(number) for number in range(1, 11)])
    assert found["register"] == pytest.approx((15.0, 15.0))
    assert faster_than_nights(found) == []


def test_what_adds_more_every_night_is_named() -> None:
    assert faster_than_nights(growth([_night(n, work=n * n) for n in range(1, 11)])) == ["work"]


def test_a_half_written_night_is_not_a_night(tmp_path: Path) -> None:
    path = tmp_path / "nights.jsonl"
    assert kept(path) == []
    keep(path, _night(1))
    with open(path, "a", encoding="utf-8") as file:
        file.write('{"day": "2026-')
    assert kept(path) == [_night(1)]


def test_the_register_and_its_log_are_one_kind(tmp_path: Path) -> None:
    for name, size in {"evenhand.sqlite": 2_000_000, "evenhand.sqlite-wal": 1_000_000, "work/a/b": 500_000}.items():
        (tmp_path / "var" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "var" / name).write_bytes(bytes(size))
    (tmp_path / "data").mkdir()
    assert sizes(tmp_path / "var", tmp_path / "data") == {"input": 0.0, "register": 3.0, "work": 0.5}


@pytest.mark.slow
def test_three_nights_with_feedback_and_a_new_policy_are_done_again_without_a_difference(tmp_path: Path) -> None:
    month = Month(tmp_path, enterprises=400, nights=3)
    nights = month.play()
    assert [night.fed_back > 0 for night in nights] == [False, True, True]
    assert len({sum(night.tiers.values()) for night in nights}) == 1
    assert nights[-1].peak < 1.3 * nights[0].peak
    assert month.play() == nights  # called again: nothing is left to do
    assert len(list((tmp_path / "var" / "policies").iterdir())) == 2
    assert month.verify() == []
