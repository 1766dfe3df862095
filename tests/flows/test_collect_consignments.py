"""A day's list comes back from the command line: results, proposed records, debts carried to the next day."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import polars as pl
import pytest
from fastapi import UploadFile

from config.errors import CheckFailed, InputError, UsageError
from config.settings import Settings
from exports.consignment_forms import EXAMINATIONS
from flows.collect import Taken, collect_workbook
from flows.collect_consignments import collect_consignments
from flows.consigned import kept_in, told_results
from flows.desk.returned import take_upload
from flows.feedback import feedback
from flows.run import restored
from models.consignment.files import carried_by, load_day
from models.store import events, reads
from models.store.session import open_store
from tests.flows.test_consign import base, consigned, evenhand, root

__all__ = ["base", "root"]  # fixtures
FIRST = date(2026, 11, 2)
TODAY = date(2026, 11, 30)
OFFICERS = "李娜、王敏"


def sheet_of(root: Path, day: date = FIRST) -> Path:
    return root / "var/out/consign-generated" / day.isoformat() / "examinations.xlsx"


def filled(sent: Path, path: Path, results: dict[str, tuple[str, str | None]]) -> Path:
    """The workbook with result and severity of these declarations filled in."""
    book, at = openpyxl.load_workbook(sent), EXAMINATIONS.letters
    for page in book.worksheets:
        for row in range(5, page.max_row + 1):
            if (name := page[f"{at['declaration_id']}{row}"].value) in results and page["A4"].value:
                result, severity = results[name]
                page[f"{at['result']}{row}"], page[f"{at['severity']}{row}"] = result, severity
                page[f"{at['officers']}{row}"] = None if result.startswith("未查验") else OFFICERS
    book.save(path)
    return path


def chosen(root: Path, day: date = FIRST) -> pl.DataFrame:
    settings = Settings()
    return load_day(kept_in(restored(settings).context, day)).chosen


def collected(path: Path, **more: Any) -> Taken:
    answer = path.parent / f"{path.stem}-answer.xlsx"
    return collect_consignments(Settings(), path, answer, **{"officer": "li.na", "today": TODAY} | more)


def results_of(root: Path) -> pl.DataFrame:
    with open_store(Settings().database) as store, store.snapshot() as snapshot:
        return told_results(snapshot, "generated-market")


def by_risk(root: Path, day: date = FIRST, count: int = 3) -> list[str]:
    """Declarations by risk of a tier of which not everything is examined."""
    rows = chosen(root, day).filter(pl.col("why") == "risk", pl.col("tier").is_in(["B", "C"]))
    return rows["declaration_id"].head(count).to_list()


def test_results_become_proposed_records_and_stand_in_the_journal_once(root: Path, tmp_path: Path) -> None:
    consigned(FIRST.isoformat())
    one, other, third = chosen(root)["declaration_id"].head(3)
    said = {one: ("价格申报不实", "严重"), other: ("未见异常", None), third: ("未查验：人手不足", None)}
    path = filled(sheet_of(root), tmp_path / "back.xlsx", said)
    taken = collected(path)
    assert (taken.visits, taken.records, taken.refused, taken.unchanged) == (3, 1, 0, 0)
    assert taken.blank == chosen(root).height - 3
    assert taken.answer.is_file()
    with open_store(Settings().database) as store, store.snapshot() as snapshot:
        (record,) = events.proposed_records(snapshot).to_dicts()
        before = reads.ledger_entries(snapshot, "journal").height
    importer = chosen(root).row(0, named=True)["enterprise_id"]
    assert (record["enterprise_id"], record["item"], record["officer"]) == (importer, "customs_undervaluation", "li.na")
    assert record["known_on"] == TODAY
    later = replace(restored(Settings()).context, as_of=TODAY)
    assert feedback(later)["records"]["record_id"].to_list() == [record["record_id"]]  # input of the next run
    again = collected(path)
    assert (again.visits, again.records, again.unchanged) == (0, 0, 3)
    with open_store(Settings().database) as store, store.snapshot() as snapshot:
        assert reads.ledger_entries(snapshot, "journal").height == before
    assert "nothing differs" in evenhand("verify", "ledger").output


def test_all_or_nothing(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    consigned(FIRST.isoformat())
    one = chosen(root)["declaration_id"][0]
    path = filled(sheet_of(root), tmp_path / "back.xlsx", {one: ("价格申报不实", "严重")})

    def away(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("flows.collect_consignments.report_results", away)
        with pytest.raises(OSError, match="full"):
            collected(path)
    with open_store(Settings().database) as store, store.snapshot() as snapshot:
        assert events.proposed_records(snapshot).is_empty()
    assert results_of(root).is_empty()
    assert collected(path).records == 1


def test_what_was_not_examined_is_owed_by_the_next_day_made_and_by_no_day_made_before(
    root: Path, tmp_path: Path
) -> None:
    consigned("--to", "2026-11-03")
    gone = by_risk(root)
    made = load_day(kept_in(restored(Settings()).context, date(2026, 11, 3)))
    collected(filled(sheet_of(root), tmp_path / "back.xlsx", dict.fromkeys(gone, ("未查验：货物已提离", None))))
    again = consigned("2026-11-03")
    assert (again["days"][0]["owed"], again["not_examined"]) == (0, 3)
    assert load_day(kept_in(restored(Settings()).context, date(2026, 11, 3))).balance.equals(made.balance)
    done = consigned("2026-11-04")
    assert (done["days"][0]["owed"], done["not_examined"]) == (3, 0)
    context = restored(Settings()).context
    carried = carried_by(kept_in(context, date(2026, 11, 4)))
    assert sorted(carried["declaration_id"]) == sorted(gone)
    assert consigned("2026-11-05")["days"][0]["owed"] == 0
    assert consigned("2026-11-04")["days"][0] == done["days"][0]  # made again as it was
    with open_store(Settings().database) as store, store.snapshot() as snapshot:
        draws = reads.ledger_entries(snapshot, "journal").filter(pl.col("kind") == "consignment_draw")
    bodies = {subject: json.loads(body) for subject, body in draws.select("subject", "body").iter_rows()}
    assert bodies["2026-11-04"]["owed"] == [f"{FIRST}/{name}" for name in sorted(gone)]


def test_a_period_whose_folder_was_lost_is_made_again_as_it_was(root: Path, tmp_path: Path) -> None:
    """What a day began with stands in the ledger, so that results told later change no day made before."""
    consigned("--to", "2026-11-03")
    gone = by_risk(root)
    collected(filled(sheet_of(root), tmp_path / "back.xlsx", dict.fromkeys(gone, ("未查验：货物已提离", None))))
    first = consigned()
    (root / "var/consign").rename(tmp_path / "lost")
    again = consigned()
    assert again == first
    assert [day["owed"] for day in again["days"]] == [0, 0, 3, 0, 0]


def test_the_rates_told_count_only_what_was_examined(root: Path, tmp_path: Path) -> None:
    before = consigned(FIRST.isoformat())
    gone = by_risk(root)
    collected(filled(sheet_of(root), tmp_path / "back.xlsx", dict.fromkeys(gone, ("未查验：货物已提离", None))))
    after = consigned(FIRST.isoformat())
    examined = [sum(row["examined"] for row in done["rates"]) for done in (before, after)]
    assert examined[0] - examined[1] == 3
    assert "3 came back as not examined" in evenhand("consign", FIRST.isoformat()).output


def test_the_next_morning_examines_more_where_something_is_owed(root: Path, tmp_path: Path) -> None:
    consigned(FIRST.isoformat())
    rows = chosen(root).filter(pl.col("why") == "risk", pl.col("tier") == "C")
    office = rows["office"].mode()[0]
    gone = rows.filter(pl.col("office") == office)["declaration_id"].to_list()
    counted = (pl.col("office") == office) & (pl.col("tier") == "C")
    shutil.copytree(root / "var", tmp_path / "before")
    consigned("2026-11-03")
    without = chosen(root, date(2026, 11, 3)).filter(counted).height
    shutil.rmtree(root / "var")
    (tmp_path / "before").rename(root / "var")
    collected(filled(sheet_of(root), tmp_path / "back.xlsx", dict.fromkeys(gone, ("未查验：人手不足", None))))
    consigned("2026-11-03")
    assert chosen(root, date(2026, 11, 3)).filter(counted).height > without  # up to all that were declared


def test_a_day_with_results_is_repeated_only_as_it_was(root: Path, tmp_path: Path) -> None:
    consigned(FIRST.isoformat())
    one = chosen(root)["declaration_id"][0]
    collected(filled(sheet_of(root), tmp_path / "back.xlsx", {one: ("未见异常", None)}))
    offices = root / "data/declarations/offices.csv"
    pl.read_csv(offices).with_columns(minutes=pl.col("minutes") // 10).write_csv(offices)
    assert "1 results of its list came back" in evenhand("consign", FIRST.isoformat(), code=2).output


def test_a_list_made_anew_or_of_another_run_is_refused(root: Path, tmp_path: Path) -> None:
    consigned(FIRST.isoformat())
    one = chosen(root)["declaration_id"][0]
    old = filled(sheet_of(root), tmp_path / "old.xlsx", {one: ("未见异常", None)})
    with pytest.raises(UsageError, match="rests on run r1, not on r7"):
        collected(old, run_id="r7")
    offices = root / "data/declarations/offices.csv"
    pl.read_csv(offices).with_columns(minutes=pl.col("minutes") // 10).write_csv(offices)
    consigned(FIRST.isoformat())
    with pytest.raises(InputError, match="another one now"):
        collected(old)
    (root / "var/consign").rename(root / "var/elsewhere")
    with pytest.raises(UsageError, match="no list of 2026-11-02 was made here"):
        collected(old)
    (root / "var/runs/r1.json").rename(root / "var/runs/r2.json")
    with pytest.raises(UsageError, match="rests on run r1: no run r1"):
        collected(old)


def test_the_command_takes_rosters_and_lists_and_says_what_was_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    consigned(FIRST.isoformat())
    one, other = chosen(root)["declaration_id"].head(2)
    bad = filled(sheet_of(root), tmp_path / "bad.xlsx", {one: ("未查验：人手不足", "严重"), other: ("fine", None)})
    said = evenhand("collect", str(bad), "--officer", "li.na", "--json", code=CheckFailed.exit_code)
    (row,) = json.loads(said.stdout)
    assert (row["visits"], row["refused"]) == (0, 2)
    assert openpyxl.load_workbook(row["answer"]).sheetnames[0].startswith("问题")
    assert results_of(root).is_empty()
    given: list[str] = []
    monkeypatch.setattr("flows.collect.collect_roster", lambda *_, **__: given.append("roster"))
    monkeypatch.setattr("exports.returned_book.kind_of", lambda _: "roster")
    collect_workbook(Settings(), bad, tmp_path / "a.xlsx", officer="li.na")
    assert given == ["roster"]


def test_the_desk_takes_a_list_too(root: Path, tmp_path: Path) -> None:
    consigned(FIRST.isoformat())
    one = chosen(root)["declaration_id"][0]
    path = filled(sheet_of(root), tmp_path / "back.xlsx", {one: ("未查验：人手不足", "严重")})
    office: Any = SimpleNamespace(settings=Settings(), run=SimpleNamespace(run_id="another"))
    with open(path, "rb") as file:
        taken, answer = take_upload(office, UploadFile(file), "li.na")
    assert (taken.visits, taken.refused) == (0, 1)
    assert (Settings().root / "desk-answers" / f"{answer}.xlsx").is_file()


def test_who_hands_it_in_is_named(root: Path, tmp_path: Path) -> None:
    consigned(FIRST.isoformat())
    said = evenhand("collect", str(sheet_of(root)), "--officer", " ", code=7)
    assert "officer" in said.output


def test_hit_rates_by_office_tier_and_why(root: Path, tmp_path: Path) -> None:
    assert "proposes no rates" in evenhand("rates", "--consignments", "--visits", "3", code=2).output
    assert "no day of" in evenhand("rates", "--consignments", code=2).output
    consigned(FIRST.isoformat())
    names = chosen(root)["declaration_id"].to_list()
    said: dict[str, tuple[str, str | None]] = dict.fromkeys(names, ("未见异常", None))
    said |= dict.fromkeys(names[::4], ("原产地不符", "一般"))
    collected(filled(sheet_of(root), tmp_path / "back.xlsx", said))
    told = json.loads(evenhand("rates", "--consignments", "--json").stdout)
    together = [row for row in told["hits"] if row["office"] == "*"]
    assert sum(row["planned"] for row in together if row["why"] != "random") <= len(names)
    assert all(row["examined"] == row["planned"] and row["low"] <= row["rate"] <= row["high"] for row in together)
    assert told["period"] == "2026-Q4"
    assert "unbiased" in evenhand("rates", "--consignments").output
