"""Every record of one enterprise: how it stands on a day, what it weighs, when it ends, on which clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl

from config.in_force import Clause, Item, Policy
from models.rating.acts import days_since_epoch, last_day
from models.rating.encoding import Shard
from models.rating.engine import Inputs
from models.rating.once import gravity
from models.rating.rubric import FOREVER, SEVERITIES, Rubric, Term
from models.rating.same_act import of_one_act
from models.redress.status import ACT_WIDE, Status


@dataclass(frozen=True)
class RecordLine:
    """One record. points: milli-points, full = as graded, points = after decay, capped = within its dimension."""

    record_id: str
    row: int  # in the shard
    item: Item | None
    code: str
    severity: str
    act_date: date
    status: Status
    full: int
    points: int
    capped: int
    amount: int | None
    corrected_on: date | None
    expires_on: date | None  # first day without weight
    open_for_repair_on: date | None  # null = not repairable
    until_corrected: bool
    annotated: bool
    clause: Clause | None  # the one its status rests on
    agency: str | None


@dataclass(frozen=True)
class Account:
    """Every record of one enterprise, and what sets some of them aside.

    rows: columns of the shard's records with row, cell and last (day since the epoch); aside: row → status;
    said: row → what decisions and reliefs say about it; counted: rows that weigh
    """

    rows: list[dict[str, Any]]
    aside: dict[int, Status]
    said: dict[int, list[dict[str, Any]]]
    counted: frozenset[int]


def account_of(shard: Shard, inputs: Inputs, eidx: int, touched: pl.DataFrame) -> Account:
    """The account of one enterprise. touched: models.rating.acts.set_aside of the shard."""
    rows = _rows(shard, inputs.rubric, eidx)
    said = _touched(touched, eidx)
    counted = inputs.acts.counted.filter(pl.col("eidx") == eidx)["row"].to_list()
    return Account(rows, _act_wide(rows, said, inputs.rubric), said, frozenset(counted))


def record_lines(account: Account, rubric: Rubric, figures: Mapping[str, int] | None = None) -> tuple[RecordLine, ...]:
    """Lines of one enterprise, heaviest first, then by day and id. figures: their points by dimension."""
    lines = [
        _line(row, rubric, row["row"] in account.counted, account.aside.get(row["row"]), account.said)
        for row in account.rows
    ]
    ordered = sorted(lines, key=lambda line: (-abs(line.points), line.act_date, line.record_id))
    return tuple(_within_caps(ordered, rubric.policy, dict(figures or {})))


def _rows(shard: Shard, rubric: Rubric, eidx: int) -> list[dict[str, Any]]:
    """Records of the enterprise with row, cell and last day of a term that age alone does not end."""
    cell = (pl.col("item") * 3 + pl.col("severity").cast(pl.UInt16)).cast(pl.UInt16).alias("cell")
    ordered = shard.records["eidx"]
    first, after = ordered.search_sorted(eidx, "left"), ordered.search_sorted(eidx, "right")
    numbered = shard.records[first:after].with_row_index("row", offset=first)
    frame = numbered.with_columns(cell)
    return frame.with_columns(last=last_day(rubric).cast(pl.Int64)).to_dicts() if frame.height else []


def _touched(touched: pl.DataFrame, eidx: int) -> dict[int, list[dict[str, Any]]]:
    """What decisions and reliefs say about each row."""
    found = touched.filter(pl.col("eidx") == eidx).sort("row").to_dicts()
    return {row: list(rows) for row, rows in groupby(found, key=lambda entry: int(entry["row"]))}


def _act_wide(
    mine: list[dict[str, Any]], touched: dict[int, list[dict[str, Any]]], rubric: Rubric
) -> dict[int, Status]:
    """row → status, for records that are revoked, withdrawn, repaired, suspended or relieved, and for the reports of
    the same act that are not graver."""
    today = rubric.policy.as_of
    own: dict[int, Status] = {}
    for row in mine:
        found = [Status(entry["status"]) for entry in touched.get(row["row"], []) if entry["status"] is not None]
        if row["revoked_on"] is not None and row["revoked_on"] <= today:
            found.append(Status.revoked)
        if found and row["known_on"] <= today:
            own[row["row"]] = min(found, key=ACT_WIDE.index)
    grave = gravity(rubric)
    result = dict(own)
    for reports in acts_of(mine, set(own), rubric):
        for row in reports:
            reach = [
                own[other["row"]]
                for other in reports
                if other["row"] in own and grave[other["cell"]] >= grave[row["cell"]]
            ]
            if row["row"] not in own and reach:
                result[row["row"]] = min(reach, key=ACT_WIDE.index)
    return result


def acts_of(mine: list[dict[str, Any]], aside: set[int], rubric: Rubric) -> list[list[dict[str, Any]]]:
    """Reports of one enterprise, act by act; only those known, and in their term or set aside (rows)."""
    today = rubric.policy.as_of
    known = [row for row in mine if row["known_on"] <= today and row["act_date"] <= today]
    cells = np.array([row["cell"] for row in known], dtype=np.intp)
    order, starts = of_one_act(
        eidx=np.zeros(len(known), dtype=np.uint32),
        age=np.array([(today - row["act_date"]).days for row in known], dtype=np.int32),
        act_class=rubric.act_class[cells],
        decision=np.array([row["decision"] for row in known], dtype=np.uint32),
        gravity=gravity(rubric)[cells],
        matters=np.array([row["row"] in aside or _in_term(row, rubric) for row in known], dtype=np.bool_),
    )
    return [[known[place] for place in run] for run in np.split(order, starts[1:])] if order.size else []


def _in_term(row: dict[str, Any], rubric: Rubric) -> bool:
    term = rubric.terms[row["cell"]]
    expires = _expires_on(row, term)
    return not term.hidden and (expires is None or expires > rubric.policy.as_of)


def _line(
    row: dict[str, Any], rubric: Rubric, counts: bool, aside: Status | None, touched: dict[int, list[dict[str, Any]]]
) -> RecordLine:
    policy, term = rubric.policy, rubric.terms[row["cell"]]
    code, severity = rubric.codes[row["item"]], SEVERITIES[row["severity"]]
    item = policy.items.get(code)
    status = Status.counts if counts else _status(row, item, term, aside, policy.as_of)
    full = item.points.get(severity, 0) if item else 0
    place = row["cell"] * rubric.width + min(max((policy.as_of - row["act_date"]).days, 0), rubric.horizon)
    entries = touched.get(row["row"], [])
    return RecordLine(
        record_id=row["record_id"],
        row=row["row"],
        item=item,
        code=code,
        severity=severity.value,
        act_date=row["act_date"],
        status=status,
        full=full,
        points=int(rubric.points[place]) if status is Status.counts else 0,
        capped=0,
        amount=row["amount"],
        corrected_on=row["corrected_on"],
        expires_on=_expires_on(row, term),
        open_for_repair_on=row["act_date"] + timedelta(days=term.min_days) if term.repairable else None,
        until_corrected=term.until_corrected,
        annotated=any(entry["annotated"] for entry in entries),
        clause=_clause(status, item, policy, any(entry["annotated"] for entry in entries)),
        agency=row["agency"],
    )


def _status(row: dict[str, Any], item: Item | None, term: Term, aside: Status | None, today: date) -> Status:
    """Why a record does not weigh."""
    if row["known_on"] > today or row["act_date"] > today:
        return Status.not_yet_known
    if item is None:
        return Status.not_in_catalogue
    if aside is not None:
        return aside
    if term.hidden:
        return Status.hidden
    expires = _expires_on(row, term)
    if expires is not None and expires <= today:
        return Status.corrected if term.until_corrected and row["corrected_on"] == expires else Status.expired
    return Status.duplicate


def _expires_on(row: dict[str, Any], term: Term) -> date | None:
    """First day on which the record weighs nothing; null = no such day is set."""
    last = days_since_epoch(row["act_date"]) + term.max_days if term.by_age else row["last"]
    return None if last >= FOREVER else date(1970, 1, 1) + timedelta(days=last + 1)


def _clause(status: Status, item: Item | None, policy: Policy, annotated: bool) -> Clause | None:
    """The clause by which the record stands as it does."""
    clauses = policy.redress.clauses
    special = {
        Status.repaired: clauses.get("repair_needs"),
        Status.suspended: clauses.get("objection_effect"),
        Status.withdrawn: clauses.get("objection_effect"),
        Status.revoked: clauses.get("withdraw_within_working_days"),
        Status.relieved: clauses.get("relief"),
    }
    if status in special:
        return special[status]
    if item is None:
        return None
    return item.display_clause if status in (Status.expired, Status.hidden, Status.corrected) else item.clause


def _within_caps(lines: list[RecordLine], policy: Policy, sums: dict[str, int]) -> list[RecordLine]:
    """Share each dimension's capped total out: after its figures the heaviest record first."""
    result = []
    for line in lines:
        if line.item is None or line.points == 0:
            result.append(line)
            continue
        cap = policy.scorecard.dimensions[line.item.dimension]
        before = sums.get(cap.id, 0)
        sums[cap.id] = before + line.points
        within = [int(np.clip(value, cap.worst, cap.best)) for value in (before, sums[cap.id])]
        result.append(replace(line, capped=within[1] - within[0]))
    return result
