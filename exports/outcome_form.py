"""A filled roster comes back: recognised, read, checked, and answered with an annotated copy.

It may have been sorted, filtered, saved by another program, have lost columns and gained rows. It must still carry
the digest of the plan it was made for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from config.in_force import Policy
from exports.annotated import ACCEPTED, annotate
from exports.facts import ROSTER_KIND, plan_digest
from exports.layout import ROSTER
from exports.returned_book import WHOLE, ReturnedBook, opened
from exports.returned_rows import Problem, Reader
from exports.words import Term, choice_lists, people_terms
from models.outcome import REFUSED, RETURNED, Proposed, Staff, propose


@dataclass(frozen=True)
class Returned:
    """What a returned file holds: RETURNED rows, REFUSED ones, and how many nobody has filled in yet."""

    file: str
    run: str
    region: str
    sheet: str
    rows: pl.DataFrame
    refused: pl.DataFrame
    blank: int
    size: int  # rows of all its sheets


@dataclass(frozen=True)
class Collected:
    """One file collected: what it proposes, everything refused, and the annotated copy."""

    returned: Returned
    proposed: Proposed
    refused: pl.DataFrame
    annotated: Path | None


def collect_file(
    path: Path,
    visits: pl.DataFrame,
    policy: Policy,
    as_of: date,
    *,
    known: pl.DataFrame | None = None,
    staff: Staff | None = None,
    answer: Path | None = None,
) -> Collected:
    """Read a returned roster of the plan `visits` (PLAN_VISITS) and propose what it says.

    `known`: VISITS taken before; `staff`: who may have stood in for the planned inspectors (without it nobody);
    `answer`: where the annotated copy goes. Raises InputError for a file that is no
    roster of this plan; single bad rows are refused, the good ones stand.
    """
    people = () if staff is None else people_terms(staff.inspectors)
    returned = read_roster(path, visits, policy, people)
    proposed = propose(returned.rows, visits, policy, as_of, known=known, staff=staff)
    refused = pl.concat([returned.refused, proposed.refused]).sort("row", "column")
    refused = refused.with_columns(pl.col("column").replace({"inspectors": "present_1"}))
    copy = None
    if answer is not None:
        taken = dict.fromkeys(set(returned.rows["row"]) - set(refused["row"]), ACCEPTED)
        copy = annotate(path, ROSTER, {returned.sheet: taken}, refused, answer, whole=returned.size <= WHOLE)
    return Collected(returned, proposed, refused, copy)


def read_roster(path: Path, visits: pl.DataFrame, policy: Policy, people: tuple[Term, ...] = ()) -> Returned:
    """The rows of a returned roster; `people` may be named in it. InputError: the file is no roster of this plan."""
    with opened(path, "roster") as book:
        digest = _same_plan(book, visits)
        page = next(book.pages(ROSTER), None)
    if page is None:
        message = "no sheet has the roster's headings (result, and key or task number with registration code)."
        raise book.refuse("headings", message, "restore the heading row")
    firms = dict(visits.select("visit_id", "enterprise_id").iter_rows())
    rows, problems, blank = page.read(Reader(ROSTER, firms, digest, choice_lists(policy, people)))
    place = {"file": path.name, "sheet": page.sheet}
    taken = [place | row | {"inspectors": _present(row)} for row in rows]
    return Returned(
        path.name,
        book.facts.get("evenhand_run", ""),
        book.facts.get("evenhand_region", ""),
        page.sheet,
        pl.DataFrame([{key: row.get(key) for key in RETURNED} for row in taken], schema=RETURNED),
        refused_rows(path.name, page.sheet, problems),
        blank,
        book.size,
    )


def refused_rows(file: str, sheet: str, problems: list[Problem]) -> pl.DataFrame:
    """REFUSED of what could not be understood on a sheet."""
    place = {"file": file, "sheet": sheet}
    rows = [place | {key: getattr(p, key) for key in p.__dataclass_fields__} for p in problems]
    return pl.DataFrame(rows, schema=REFUSED)


def _present(row: dict[str, Any]) -> list[str]:
    """Ids of those who stood in for the planned inspectors; none where those went themselves."""
    return [one for name in ("present_1", "present_2") if (one := row.get(name))]


def _same_plan(book: ReturnedBook, visits: pl.DataFrame) -> str:
    if book.kind != ROSTER_KIND:
        raise book.refuse("other_kind", "it is a list of examinations, not a roster.", "collect it without --run")
    digest = plan_digest(visits)
    if book.facts.get("evenhand_plan") != digest:
        run, plan = book.facts.get("evenhand_run"), book.facts.get("evenhand_plan", "")
        told = f"it belongs to run {run} and another plan ({plan[:12]})."
        raise book.refuse("other_plan", told, "collect it with --run of that run")
    return digest
