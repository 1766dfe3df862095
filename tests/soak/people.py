"""What people do between two nights: objections, repairs, a revocation, a relief, a returned roster, a changed law."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import yaml

from config.policy import load_policy
from config.settings import Settings
from exports.layout import ROSTER
from exports.words import RESULTS
from flows.collect import collect_roster
from flows.intake import tables
from flows.rate import ratings
from flows.redress_commands import decide_request, file_request, grant_relief, revoke_record
from flows.run import restored
from models.store import events
from models.store.session import open_store

OFFICER = "u17"
OPEN_FOR = 3  # nights until an officer decides
EVIDENCE = ["corrected", "pledge"]


def feed_back(settings: Settings, run_id: str, day: date) -> int:
    """A morning after the run; how many entries it made. Once more on the same day it adds nothing.

    Two objections and two repairs are filed, those of three nights ago decided; on the seventh of a month a relief is
    granted, on the tenth a record revoked.
    """
    made = _decide(settings, day)
    for place, record in enumerate(_worth_deciding(settings, run_id, day)):
        kind = ("objection", "repair")[place % 2]
        file_request(settings, kind, record, f"says so on {day}", OFFICER, day, EVIDENCE if kind == "repair" else [])
        made += 1
    if day.day == 7:
        window, scope = (day - timedelta(days=400), day - timedelta(days=300)), _a_region(settings, run_id)
        grant_relief(settings, scope, window, "flood", OFFICER, day)
    if day.day == 10:
        record = _worth_deciding(settings, run_id, day, age=0)[-1]
        assert revoke_record(settings, record, "court", OFFICER, day)["runs_touched"]
    return made


def repaired(settings: Settings, by: date) -> list[str]:
    """Records whose repair was granted by that day: they are no reason of a rating any more."""
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        found = events.decisions(snapshot)
    granted = (pl.col("kind") == "repair") & (pl.col("outcome") == "granted") & (pl.col("decided_on") <= by)
    return found.filter(granted)["record_id"].to_list()


def amend(pack: Path, day: date) -> None:
    """From `day` on arrears of tax weigh double: a new dated value below the one that holds, as an office adds it."""
    path = pack / "catalogue.yaml"
    catalogue: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    values = catalogue["tax_arrears"]["points"]["values"]
    values[day] = copy.deepcopy(values[max(values)])
    values[day]["value"] = {severity: 2 * points for severity, points in values[day]["value"].items()}
    path.write_text(yaml.safe_dump(catalogue, allow_unicode=True, sort_keys=False), "utf-8")
    load_policy(pack)


def _decide(settings: Settings, day: date) -> int:
    """What has waited long enough; objections are upheld and rejected in turn, repairs granted."""
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        held = events.decisions(snapshot)
    due = held.filter(pl.col("decided_on").is_null() & (pl.col("filed_on") <= day - timedelta(days=OPEN_FOR)))
    for place, row in enumerate(due.sort("decision_id").iter_rows(named=True)):
        outcome = "granted" if row["kind"] == "repair" else ("upheld", "rejected")[(place + day.day) % 2]
        decide_request(settings, row["kind"], row["decision_id"], outcome, "looked into", OFFICER, day)
    return due.height


def _worth_deciding(settings: Settings, run_id: str, day: date, age: int = 366) -> list[str]:
    """Four records that weigh in the run's ratings, are older than `age` days and not decided about before this day."""
    work = restored(settings, run_id).work
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        before = events.decisions(snapshot).filter(pl.col("filed_on") < day)["record_id"].drop_nulls()
    old = tables(work / "intake")["records"].filter(pl.lit(day) - pl.col("act_date") > pl.duration(days=age))
    weighed = (
        ratings(work / "ratings").select("reasons").explode("reasons").unnest("reasons").filter(pl.col("points") < 0)
    )
    fresh = weighed.join(old, on="record_id", how="semi").filter(~pl.col("record_id").is_in(before.to_list()))
    chosen = fresh.select("record_id").unique().sort("record_id")
    return chosen.gather_every(max(1, chosen.height // 4))["record_id"].to_list()[:4]


def _a_region(settings: Settings, run_id: str) -> dict[str, str | None]:
    firms = tables(restored(settings, run_id).work / "intake")["enterprises"]
    return {"region": str(firms["region"].sort()[0]), "industry": None, "item": None}


def return_roster(settings: Settings, run_id: str, out: Path, day: date, drawer: Path) -> int:
    """One inspectorate fills in five rows of the approved run's roster and hands it in; how many visits.

    `drawer`: folder where rosters are filled in.
    """
    rosters = sorted((out / "rosters").glob("roster-*.xlsx"))
    if not rosters:
        return 0
    filled = drawer / "returned.xlsx"
    fill_in(rosters[day.toordinal() % len(rosters)], filled, day)
    answer = drawer / "answer.xlsx"
    return collect_roster(settings, filled, answer, officer=OFFICER, run_id=run_id, today=day).visits


def fill_in(roster: Path, target: Path, day: date) -> None:
    """The first five rows of a roster as an inspector fills them in."""
    book = openpyxl.load_workbook(roster)
    sheet = book[ROSTER.title("both")]
    for number in range(5, min(10, sheet.max_row + 1)):
        if sheet[f"{ROSTER.letters['visit_id']}{number}"].value:
            found = (number + day.day) % 2
            sheet[f"{ROSTER.letters['result']}{number}"] = RESULTS[found].label("both")
            sheet[f"{ROSTER.letters['visited_on']}{number}"] = day
            if found:
                sheet[f"{ROSTER.letters['item']}{number}"] = "substandard_product"
                sheet[f"{ROSTER.letters['severity']}{number}"] = "general"
    book.save(target)
