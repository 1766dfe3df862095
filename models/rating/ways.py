"""What an enterprise can bring about itself: an act repaired or put right, a list left; and what counts then.

What sets one report of an act aside reaches the reports that are not graver; a graver or a longer-lasting one of
another register weighs in its stead. So each way names the report that would count afterwards, if any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from config.in_force import Clause
from config.pack import Text
from config.pack_lists import ListKind
from models.rating.account import Account, acts_of
from models.rating.once import gravity
from models.rating.rubric import Rubric

Row = dict[str, Any]
COUNTED = pl.Schema(
    {"row": pl.UInt32, "eidx": pl.UInt32, "cell": pl.UInt16, "age": pl.Int32, "points": pl.Int32,
     "changes_in": pl.Int32, "amount": pl.Int64}
)  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """kind: repair | correct | leave_list. id: record_id or list id. also: records of the act put right with it."""

    kind: str
    id: str
    possible_from: date
    needs: tuple[str, ...]
    clause: Clause
    also: tuple[str, ...] = ()
    title: Text | None = None  # of a list
    ends_when: Text | None = None  # what ends an entry of the list on any day


@dataclass(frozen=True)
class Way:
    """Things that together change one act or list.

    act: ways of one act exclude each other. row: the report that counts now, −1 = a list. heir: what counts then
    (COUNTED), null = nothing. gains: milli-points by dimension, before caps.
    """

    things: tuple[Thing, ...]
    act: int
    row: int
    heir: Row | None
    gains: tuple[int, ...]

    @property
    def possible_from(self) -> date:
        """The day on which the last of its things is possible."""
        return max(thing.possible_from for thing in self.things)


def ways(account: Account, listings: pl.DataFrame, rubric: Rubric) -> list[Way]:
    """Everything the enterprise can bring about. listings: list_id, from_date, last_on of those in force."""
    found: list[Way] = []
    for number, reports in enumerate(acts_of(account.rows, set(account.aside), rubric)):
        found += _of_act(number, [row for row in reports if row["row"] not in account.aside], rubric)
    lists = _of_lists(listings, rubric)
    return found + [Way((thing,), -1 - place, -1, None, _none(rubric)) for place, thing in enumerate(lists)]


def heirs(found: Iterable[Way]) -> pl.DataFrame:
    """COUNTED rows of all ways, in their order."""
    return pl.DataFrame([way.heir for way in found if way.heir is not None], schema=COUNTED)


def _of_act(number: int, standing: Sequence[Row], rubric: Rubric) -> Iterator[Way]:
    """Repair of each report, putting the act right, and both; only what changes something."""
    now = _heaviest(standing, rubric)
    if now is None or now["points"] > 0:
        return
    correct = _correct(standing, rubric)
    repairs: list[tuple[Row | None, Thing | None]] = [(None, None)]
    repairs += [(row, thing) for row in standing if (thing := _repair(row, rubric)) is not None]
    for wanted in (correct, None) if correct else (None,):
        for repaired, repair in repairs:
            things = tuple(thing for thing in (wanted, repair) if thing is not None)
            left = [row for row in standing if not _ended(row, wanted, repaired, rubric)]
            then = _heaviest(left, rubric)
            if things and then != now:
                yield Way(things, number, now["row"], then, _gains(now, then, rubric))


def _ended(row: Row, correct: Thing | None, repaired: Row | None, rubric: Rubric) -> bool:
    """Whether a report counts no longer."""
    grave = gravity(rubric)
    if repaired is not None and grave[row["cell"]] <= grave[repaired["cell"]]:
        return True
    return correct is not None and row["record_id"] in (correct.id, *correct.also)


def _heaviest(reports: Sequence[Row], rubric: Rubric) -> Row | None:
    """What counts for an act of these reports, as a row of COUNTED."""
    if not reports:
        return None
    rows = [_counted(row, rubric) for row in reports]
    best = min(rows, key=lambda row: (-abs(row["points"]), row["points"], row["row"]))
    amounts = [row["amount"] for row in reports if row["amount"] is not None]
    return best | {"amount": max(amounts, default=None)}


def _counted(row: Row, rubric: Rubric) -> Row:
    age = (rubric.policy.as_of - row["act_date"]).days
    points = rubric.points[row["cell"] * rubric.width + min(age, rubric.horizon)]
    return {"row": row["row"], "eidx": 0, "cell": row["cell"], "age": age, "points": points, "changes_in": 0}


def _gains(now: Row, then: Row | None, rubric: Rubric) -> tuple[int, ...]:
    gains = list(_none(rubric))
    gains[rubric.dimension[now["cell"]]] -= now["points"]
    if then is not None:
        gains[rubric.dimension[then["cell"]]] += then["points"]
    return tuple(gains)


def _none(rubric: Rubric) -> tuple[int, ...]:
    return (0,) * len(rubric.dimensions)


def _correct(standing: Sequence[Row], rubric: Rubric) -> Thing | None:
    """Put the act right: every report of it whose term ends with that."""
    open_ones = [row for row in standing if rubric.terms[row["cell"]].until_corrected and row["corrected_on"] is None]
    if not open_ones:
        return None
    first, *others = [row["record_id"] for row in open_ones]
    item = rubric.policy.items[rubric.codes[open_ones[0]["item"]]]
    return Thing("correct", first, rubric.policy.as_of, (), item.display_clause, tuple(others))


def _repair(row: Row, rubric: Rubric) -> Thing | None:
    term, policy = rubric.terms[row["cell"]], rubric.policy
    if not term.repairable:
        return None
    needs = tuple(need for need in policy.redress.repair_needs if need != "corrected" or row["corrected_on"] is None)
    opens = max(row["act_date"] + timedelta(days=term.min_days), policy.as_of)
    clause = policy.items[rubric.codes[row["item"]]].display_clause
    return Thing("repair", row["record_id"], opens, needs, clause)


def _of_lists(listings: pl.DataFrame, rubric: Rubric) -> Iterator[Thing]:
    """Lists that can be left before their term: after some days, or when what they ask for is done."""
    policy = rubric.policy
    for name, from_date in listings.group_by("list_id").agg(pl.col("from_date").max()).sort("list_id").iter_rows():
        listing = policy.lists[name]
        early, term, duty = listing.effect.early_removal_days, listing.effect.term_days, listing.ends_when
        if listing.kind is ListKind.red or (early is None and term is not None and duty is None):
            continue
        opens = policy.as_of
        if duty is None and early is not None and from_date is not None:
            opens = max(opens, from_date + timedelta(days=early))
        yield Thing("leave_list", name, opens, (), listing.ends_when_clause or listing.clause, (), listing.title, duty)
