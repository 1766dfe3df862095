"""Every reader with a few hostile files; `make fuzz` gives them many more. And every file that once broke a reader."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import EvenhandError
from tests.fuzz.targets import TARGETS, Target, attack, hold

SLOW = {
    "roster": 2,
    "delivery": 3,
    "tender-book": 4,
    "excel": 8,
    "policy": 5,
    "source": 5,
    "intake": 6,
    "source-used": 6,
}
BROKEN = "not text in any encoding".encode("utf-16-le") + b"\xd8\x00\xff"


@pytest.mark.parametrize("name", TARGETS)
def test_the_good_files_are_read(name: str) -> None:
    assert hold(TARGETS[name], TARGETS[name].good()) is not None


@pytest.mark.parametrize("name", TARGETS)
def test_a_result_or_a_deliberate_error(name: str) -> None:
    @settings(max_examples=SLOW.get(name, 15), suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(st.binary(min_size=8, max_size=200))
    def hostile(data: bytes) -> None:
        attack(TARGETS[name], data)

    hostile()


def test_a_promise_not_kept_is_noticed() -> None:
    def writes(folder: Path) -> None:
        (folder / "half").write_text("written")
        raise EvenhandError("refused")

    with pytest.raises(AssertionError, match="left something behind"):
        hold(Target(dict, writes), {})
    with pytest.raises(AssertionError, match="wrote elsewhere"):
        hold(Target(dict, lambda folder: (folder / "x").write_text("y")), {})
    with pytest.raises(ZeroDivisionError):
        hold(Target(dict, lambda folder: 1 / 0), {})


def _text(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(good: bytes) -> bytes:
        assert old.encode() in good, old
        return good.replace(old.encode(), new.encode(), 1)

    return change


def _json(**changes: object) -> Callable[[bytes], bytes]:
    return lambda good: json.dumps(json.loads(good) | changes).encode()


def _torn_sheet(good: bytes) -> bytes:
    """The first sheet's XML cut off: a workbook that opens and a sheet that does not."""
    return _parts(good, "xl/worksheets/sheet1.xml", lambda xml: xml[: len(xml) // 2])


def _parts(good: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == name else old.read(part))
    return out.getvalue()


def _newer_zip(good: bytes) -> bytes:
    """The first entry of the zip's directory asks for a version nobody has."""
    at = good.index(b"PK\x01\x02") + 6
    return good[:at] + b"\x99\x00" + good[at + 2 :]


def _other_column(good: bytes) -> bytes:
    out = io.BytesIO()
    pl.read_parquet(io.BytesIO(good)).with_columns(region=pl.lit(1)).write_parquet(out)
    return out.getvalue()


MENDED: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("sql", "agency.db", lambda good: good.replace(b"item text", b"it\x83m text")),
    ("sql", "connection.url", lambda good: b"sqlite://host/agency.db\n"),
    ("sql", "connection.url", lambda good: b"sqlite:///agency\0.db\n"),
    ("sql", "connection.url", lambda good: b"sqlite:///" + b"a" * 5_000),
    ("source", "s.yaml", _text("rejection_limit_per_mille: 50", "rejection_limit_per_mille: .nan")),
    ("excel", "f.xlsx", _newer_zip),
    ("ocds", "t.json", lambda good: b"[" * 100_000),
    ("tender-book", "t.xlsx", _torn_sheet),
    ("tender-csv", "tender.csv", lambda good: good + "maxlots,½\n".encode()),
    ("customs", "c.csv", _text("1234.5", "#N/A")),
    ("customs", "c.csv", lambda good: b""),
    ("customs", "c.csv", lambda good: BROKEN),
    ("plan", "plan/plan.json", _json(period_from="#N/A")),
    ("plan", "plan/plan.json", _json(notes=7)),
    ("plan", "plan/plan.json", lambda good: b"[" * 100_000),
    ("plan", "plan/draw.json", _json(seed="zz")),
    ("plan", "plan/draw.json", _json(seed=1.5)),
    ("plan", "plan/strata.csv", _text("random_quota", "quota")),
    ("plan", "plan/pool.csv", _text("measure", "weight")),
    ("plan", "plan/pool.csv", lambda good: good + b"x,y,-5,1,0.5,true\n"),
    ("plan", "plan/visits.parquet", _other_column),
    ("day", "day/day.json", _json(day="#N/A")),
    ("day", "day/day.json", lambda good: b"{}"),
    ("day", "published/draw.json", lambda good: b"{}"),
    ("day", "published/pool.csv", lambda good: BROKEN),
    ("day", "published/chosen.csv", lambda good: b""),
    ("day", "published/seed.txt", lambda good: b"\xd5"),
    ("anchor", "a.json", _json(results={"log": 1.5})),
]


@pytest.mark.parametrize("number", range(len(MENDED)))
def test_what_once_broke_a_reader_is_refused(number: int) -> None:
    name, victim, change = MENDED[number]
    files = dict(TARGETS[name].good())
    files[victim] = change(files[victim])
    assert hold(TARGETS[name], files) is None


def test_a_roster_that_only_one_reader_can_read_still_gets_an_answer() -> None:
    """The rows are read without the styles; the annotated copy needs them: then only the list of problems goes back."""
    files = dict(TARGETS["roster"].good())
    files["roster.xlsx"] = _parts(files["roster.xlsx"], "xl/styles.xml", lambda xml: xml.replace(b"</cellXfs>", b""))
    hold(TARGETS["roster"], files)
