"""The day's examination workbook comes back: recognised, read, checked, and answered with an annotated copy.

Every office's sheet of it is read, so that offices may send back the same workbook or one each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from config.in_force import Policy
from exports.annotated import ACCEPTED, annotate
from exports.consignment_forms import EXAMINATIONS, LISTS
from exports.consignment_sheet import DAY
from exports.facts import CONSIGNMENT_KIND
from exports.outcome_form import refused_rows
from exports.returned_book import WHOLE, ReturnedBook, opened
from exports.returned_rows import Reader
from models.consignment import DayPlan
from models.consignment.results import RETURNED, day_digest
from models.consignment.take import Taken, take
from models.outcome import REFUSED

BETWEEN = re.compile(r"[、,，;；/\n]+")  # names of officers in one cell
SAID = {
    "owed": f"{ACCEPTED}：未查验，计入下一日应查 not examined: owed on the next day to be made",
    "silent": f"{ACCEPTED}：规则未规定对应事项，不拟登记 the pack names no item for it: no record proposed",
    "unrated": f"{ACCEPTED}：企业不在评级名册内，不拟登记 the importer is not rated: no record proposed",
    "proposed": f"{ACCEPTED}：拟登记记录 a record is proposed",
}
"""What the answer says beside a row that was taken, by its note."""


@dataclass(frozen=True)
class Named:
    """What a returned workbook says it is: the run whose ratings it rests on, and the day."""

    run: str
    day: date


@dataclass(frozen=True)
class Collected:
    """One workbook collected: what is new, everything refused, rows not yet filled in, and the annotated copy."""

    taken: Taken
    refused: pl.DataFrame
    blank: int
    annotated: Path | None


def named_in(path: Path) -> Named:
    """Run and day of a returned workbook; InputError where it is no list of examinations."""
    with opened(path) as book:
        return _named(book)


def collect_day(
    path: Path,
    plan: DayPlan,
    policy: Policy,
    as_of: date,
    *,
    enterprises: pl.Series,
    known: pl.DataFrame | None = None,
    answer: Path | None = None,
) -> Collected:
    """Read a returned workbook of the day's `plan` and propose what it says.

    `enterprises`: ids of the importers that are rated; `known`: TOLD of the day from earlier returns; `answer`: where
    the annotated copy goes. Raises InputError for a file that is no workbook of this list; single bad rows are
    refused, the good ones stand.
    """
    pages: list[str] = []
    rows: list[dict[str, Any]] = []
    unread = [REFUSED.to_frame()]
    blank = 0
    with opened(path) as book:
        reader = Reader(EXAMINATIONS, _firms(plan), _same_list(book, plan), LISTS)
        for page in book.pages(EXAMINATIONS):
            found, problems, open_rows = page.read(reader)
            place = {"file": path.name, "sheet": page.sheet}
            rows += [place | row | {"officers": _officers(row["officers"])} for row in found]
            unread.append(refused_rows(path.name, page.sheet, problems))
            blank += open_rows
            pages.append(page.sheet)
    if not pages:
        message = "no sheet has the list's headings (result, and key or declaration with importer)."
        raise book.refuse("headings", message, "restore the heading row")
    returned = pl.DataFrame([{name: row.get(name) for name in RETURNED} for row in rows], schema=RETURNED)
    taken = take(returned, plan, policy, as_of, enterprises=enterprises, known=known)
    refused = pl.concat([*unread, taken.refused]).sort("sheet", "row", "column")
    copy = None
    if answer is not None:
        said = _said(taken.notes, pages)
        copy = annotate(path, EXAMINATIONS, said, refused, answer, whole=book.size <= WHOLE)
    return Collected(taken, refused, blank, copy)


def _said(notes: pl.DataFrame, pages: list[str]) -> dict[str, dict[int, str]]:
    """By sheet and row what the answer says of the good rows."""
    said: dict[str, dict[int, str]] = {page: {} for page in pages}
    for sheet, row, note in notes.iter_rows():
        said[sheet][row] = SAID.get(note, ACCEPTED)
    return said


def _officers(text: str | None) -> list[str]:
    return [name for part in BETWEEN.split(text or "") if (name := part.strip())]


def _firms(plan: DayPlan) -> dict[str, str | None]:
    return dict(plan.chosen.select("declaration_id", "enterprise_id").iter_rows())


def _named(book: ReturnedBook) -> Named:
    if book.kind != CONSIGNMENT_KIND:
        raise book.refuse("other_kind", "it is a roster, not a list of examinations.", "collect it as a roster")
    try:
        named = Named(book.facts["evenhand_run"].strip(), date.fromisoformat(book.facts[DAY]))
        if not named.run:
            raise ValueError("no run")
        return named
    except (KeyError, ValueError) as error:
        message = f"its hidden facts do not say which run and day it is of ({error})."
        raise book.refuse("facts", message, "fill in the workbook you were sent") from error


def _same_list(book: ReturnedBook, plan: DayPlan) -> str:
    """The list's digest; InputError where the workbook is of another day or of a list that was made anew."""
    named, digest = _named(book), day_digest(plan)
    if named.day != plan.day:
        raise book.refuse("other_day", f"it is the list of {named.day}, not of {plan.day}.", "collect it for its day")
    if book.facts.get("evenhand_plan") != digest:
        told = f"the list of {plan.day} is another one now; this is of run {named.run}."
        raise book.refuse("other_plan", told, "enter the results in the list as it stands, and send that")
    return digest
