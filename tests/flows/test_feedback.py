"""The loop in time: what comes back from a run is input of the next; no rating is edited."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

from config.settings import Settings
from flows.cli import app
from flows.collect import known_visits, report_visits
from flows.intake import input_hashes, tables, take_in
from flows.run import FinishedRun, restored
from models.store import events
from models.store.recalls import recalled
from models.store.session import open_store
from tests.flows.finished import finished_run


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return finished_run(tmp_path_factory.mktemp("loop"), 400)


@pytest.fixture(scope="module")
def run(settings: Settings) -> FinishedRun:
    return restored(settings)


def command(settings: Settings, monkeypatch: pytest.MonkeyPatch, *given: str) -> tuple[int, str]:
    monkeypatch.setenv("EVENHAND_VAR", str(settings.root))
    result = CliRunner().invoke(app, list(given))
    return result.exit_code, result.output


def some_record(run: FinishedRun) -> dict[str, object]:
    """A record that weighs in a rating."""
    ratings = pl.read_parquet(run.work / "ratings" / "ratings.parquet")
    reasons = ratings.explode("reasons").unnest("reasons").filter(pl.col("points") < 0)
    return reasons.sort("record_id").row(0, named=True)


def test_visits_reported_are_input_of_the_next_run(settings: Settings, run: FinishedRun, tmp_path: Path) -> None:
    planned = pl.read_parquet(run.work / "plan" / "plan" / "visits.parquet").row(0, named=True)
    before = input_hashes(run.context)
    visit = {name: planned[name] for name in ("visit_id", "enterprise_id", "inspectors", "purpose")}
    day = run.context.as_of
    frame = pl.DataFrame([visit | {"visit_date": day, "result": "problem"}])
    with open_store(settings.database) as store, store.unit_of_work() as unit:
        report_visits(unit, frame, officer="u1", form_sha256="f", at=datetime(2026, 11, 1, 12, tzinfo=UTC))
        unit.commit()
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        assert known_visits(snapshot)["visit_id"].to_list() == [planned["visit_id"]]
        assert known_visits(snapshot, known_by="2026-10-31T00:00:00.000000Z").is_empty()
    assert set(input_hashes(run.context).items()) - set(before.items())  # another input, so another run
    take_in.fn(run.context, tmp_path / "again")
    seen = tables(tmp_path / "again")["visits"].filter(pl.col("visit_id") == planned["visit_id"])
    assert seen.select("visit_date", "result").rows() == [(day, "problem")]


def test_an_objection_is_filed_with_its_clock_and_decided_once(
    settings: Settings, run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = str(some_record(run)["record_id"])
    why = ["--reason", "not our vehicle", "--officer", "li.na"]
    code, said = command(settings, monkeypatch, "objection", "file", record, *why, "--on", "2026-10-20")
    assert code == 0, said
    filed = json.loads(said)
    assert filed["decide_by"] > "2026-10-20"
    decide = ["objection", "decide", filed["decision_id"], *why]
    assert command(settings, monkeypatch, *decide, "--outcome", "granted", "--on", "2026-10-25")[0] == 2
    assert command(settings, monkeypatch, *decide, "--outcome", "upheld", "--on", "2026-10-19")[0] == 2
    assert command(settings, monkeypatch, *decide, "--outcome", "upheld", "--on", "2026-10-25")[0] == 0
    code, said = command(settings, monkeypatch, *decide, "--outcome", "rejected", "--on", "2026-10-26")
    assert code == 2
    assert "was decided on 2026-10-25: upheld" in said
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        held = events.decisions(snapshot).filter(pl.col("decision_id") == filed["decision_id"])
    assert held.select("filed_on", "decided_on", "outcome").rows() == [
        (date(2026, 10, 20), date(2026, 10, 25), "upheld")
    ]


def test_a_repair_needs_what_the_policy_asks_for(
    settings: Settings, run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = str(some_record(run)["record_id"])
    given = ["repair", "file", record, "--reason", "paid", "--officer", "li.na", "--on", "2026-10-20"]
    code, said = command(settings, monkeypatch, *given)
    assert code == 2
    assert "a repair needs" in said
    handed = [part for need in run.context.policy.redress.repair_needs for part in ("--evidence", need)]
    assert command(settings, monkeypatch, *given, *handed)[0] == 0


def test_a_revocation_names_the_runs_it_touched(
    settings: Settings, run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = str(some_record(run)["record_id"])
    code, said = command(settings, monkeypatch, "revoke", record, "--reason", "court", "--officer", "li.na")
    assert code == 0, said
    done = json.loads(said)
    (reached,) = done["runs_touched"]
    assert (reached["run_id"], reached["named_as_reason"]) == (run.run_id, True)
    today = datetime.now().date().isoformat()
    assert today < done["withdraw_by"]
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        assert record in recalled(snapshot)[run.run_id]
    who = ("--officer", "u17", "--name", "Li Wei", "--reason", "checked")
    code, said = command(settings, monkeypatch, "approve", *who)
    assert code == 7
    assert f"run {run.run_id} was recalled" in said
    gone = ("withdraw", done["decision_id"], "--reason", "struck", "--officer", "li.na")
    assert command(settings, monkeypatch, *gone, "--on", "2020-01-01")[0] == 2
    code, said = command(settings, monkeypatch, *gone)
    assert (code, json.loads(said)["withdrawn_on"]) == (0, today)


SIGNED = ("--reason", "x", "--officer", "y")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("objection", "file", "tax:nothing", *SIGNED), "no record"),
        (("objection", "decide", "x", "--outcome", "upheld", *SIGNED), "no objection"),
        (("revoke", "tax:nothing", "--reason", " ", "--officer", "y"), "an officer and a reason"),
        (("relief", "--from", "2026-07-01", "--to", "2026-07-02", *SIGNED), "change of policy"),
        (("relief", "--region", "1", "--from", "2026-07-03", "--to", "2026-07-02", *SIGNED), "ends on"),
        (("relief", "--region", "1", "--from", "July", "--to", "2026-07-02", *SIGNED), "not a day"),
    ],
)
def test_what_cannot_be_done_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], words: str
) -> None:
    code, said = command(settings, monkeypatch, *given)
    assert code in (2, 7)
    assert words in " ".join(said.split())


def test_relief_is_registered(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    window = ["--from", "2026-07-01", "--to", "2026-08-31", "--on", "2026-10-01"]
    code, said = command(
        settings, monkeypatch, "relief", "--region", "210602", *window, "--reason", "flood", "--officer", "li.na"
    )
    assert code == 0, said
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        held = events.decisions(snapshot).filter(pl.col("kind") == "relief")
    assert held.select("region", "from_date", "to_date").rows() == [("210602", date(2026, 7, 1), date(2026, 8, 31))]


def test_rates_from_the_drawn_visits(settings: Settings, run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = command(settings, monkeypatch, "rates")
    assert code == 0, said
    pool = pl.read_csv(run.work / "plan" / "plan" / "pool.csv").filter("drawn")
    firms = pool["enterprise_id"].unique().sort().to_list()
    day = run.context.period[0]
    rows = [
        {"visit_id": f"t{n}", "enterprise_id": firm, "visit_date": day, "inspectors": ["a", "b"], "purpose": "random",
         "result": "problem" if n % 4 == 0 else "no_problem"}
        for n, firm in enumerate(firms)
    ]  # fmt: skip
    with open_store(settings.database) as store, store.unit_of_work() as unit:
        report_visits(unit, pl.DataFrame(rows), officer="u1", form_sha256="g", at=datetime(2026, 12, 1, tzinfo=UTC))
        unit.commit()
    code, said = command(settings, monkeypatch, "rates", "--json", "--visits", "40")
    assert code == 0, said
    found = json.loads(said)
    assert sum(row["seen"] for row in found["rates"]) == len(firms)
    for row in found["rates"]:
        assert row["rate"] is None or row["low"] <= row["rate"] <= row["high"]
    assert {row["verdict"] for row in found["ordering"]} <= {"ordered", "reversed", "not_shown", "unknown"}
    assert [row["tier"] for row in found["proposal"]] == [row["tier"] for row in found["rates"] if row["tier"]]


def rate_anew(run: FinishedRun, folder: Path) -> None:
    from flows.rate import rate_all

    take_in.fn(run.context, folder / "intake")
    rate_all.fn(run.context, folder / "intake", folder / "ratings")


def test_a_filled_roster_weighs_in_the_next_rating(settings: Settings, run: FinishedRun, tmp_path: Path) -> None:
    from exports.layout import ROSTER
    from flows.collect import collect_roster

    planned = pl.read_parquet(run.work / "plan" / "plan" / "visits.parquet").filter(pl.col("purpose") == "random")
    sent = run.context.out / "rosters" / f"roster-{planned['region'][0]}.xlsx"
    workbook = openpyxl.load_workbook(sent)
    page, at = workbook[ROSTER.title("both")], ROSTER.letters
    taken_before = pl.read_parquet(run.work / "plan" / "plan" / "visits.parquet")["visit_id"][0]
    row = next(n for n in (5, 6) if page[f"{at['visit_id']}{n}"].value != taken_before)
    visit = page[f"{at['visit_id']}{row}"].value
    for name, value in {"visited_on": "2026-11-01", "result": "隐瞒弄虚作假", "severity": "严重"}.items():
        page[f"{at[name]}{row}"] = value
    page[f"{at['item']}{row}"] = run.context.policy.items["concealment_of_information"].title.zh
    workbook.save(tmp_path / "filled.xlsx")
    rate_anew(run, tmp_path / "before")  # with what the tests above have reported and decided
    taken = collect_roster(
        settings, tmp_path / "filled.xlsx", tmp_path / "answer.xlsx", officer="u1", today=date(2026, 11, 1)
    )
    assert (taken.visits, taken.records, taken.refused) == (1, 1, 0)
    rate_anew(run, tmp_path / "after")
    firm = pl.read_parquet(run.work / "plan" / "plan" / "visits.parquet").filter(pl.col("visit_id") == visit)
    before, after = (
        pl.read_parquet(tmp_path / when / "ratings" / "ratings.parquet").filter(
            pl.col("enterprise_id") == firm["enterprise_id"][0]
        )
        for when in ("before", "after")
    )
    assert after["score"].item() < before["score"].item()
    assert f"inspection:{visit}:concealment_of_information" in str(after["reasons"].to_list())
