"""A filled roster comes back: recognised, read, checked, and answered with an annotated copy.

It may have been sorted, filtered, saved by another program, have lost columns and gained rows. It must still carry
the digest of the plan it was made for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from config.errors import InputError
from config.in_force import Policy
from exports.annotated import annotate
from exports.facts import FORMAT, plan_digest
from exports.returned_file import check_workbook
from exports.returned_rows import Problem, Reader, find_heading
from exports.words import Term, people_terms
from models.intake.raw import readable
from models.intake.sheets import check_extent
from models.outcome import REFUSED, RETURNED, Proposed, Staff, propose

FACTS = "_evenhand"
WHOLE = 30_000  # rows up to which the answer repeats the whole workbook


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
        taken = set(returned.rows["row"]) - set(refused["row"])
        copy = annotate(path, returned.sheet, refused, taken, answer, whole=returned.size <= WHOLE)
    return Collected(returned, proposed, refused, copy)


def read_roster(path: Path, visits: pl.DataFrame, policy: Policy, people: tuple[Term, ...] = ()) -> Returned:
    """The rows of a returned roster; `people` may be named in it. InputError: the file is no roster of this plan."""
    size = check_workbook(path)
    check_extent(path.name, path.read_bytes())
    with readable(path.name, "roster", "save it again as .xlsx"):  # errors and panics of the compiled reader
        book = fastexcel.read_excel(path)
        facts = _facts(path, book)
        digest = _same_plan(path, facts, visits)
        sheet, heading, columns, cells = _roster_sheet(path, book)
    reader = Reader(dict(visits.select("visit_id", "enterprise_id").iter_rows()), digest, policy, people)
    rows, problems, blank = _read(reader, cells, heading, columns)
    place = {"file": path.name, "sheet": sheet}
    taken = [place | row | {"inspectors": _present(row)} for row in rows]
    refused = [place | {key: getattr(p, key) for key in p.__dataclass_fields__} for p in problems]
    return Returned(
        path.name,
        facts.get("evenhand_run", ""),
        facts.get("evenhand_region", ""),
        sheet,
        pl.DataFrame([{key: row.get(key) for key in RETURNED} for row in taken], schema=RETURNED),
        pl.DataFrame(refused, schema=REFUSED),
        blank,
        size,
    )


def _present(row: dict[str, Any]) -> list[str]:
    """Ids of those who stood in for the planned inspectors; none where those went themselves."""
    return [one for name in ("present_1", "present_2") if (one := row.get(name))]


def _read(
    reader: Reader, cells: list[tuple[Any, ...]], heading: int, columns: dict[str, int]
) -> tuple[list[dict[str, Any]], list[Problem], int]:
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    blank = 0
    for index, row in enumerate(cells[heading + 1 :], start=heading + 2):
        outcome = reader.read(index, {name: row[at] for name, at in columns.items()})
        if outcome is None:
            blank += bool(row[columns["key"]] if "key" in columns else row[columns["visit_id"]])
        elif isinstance(outcome, Problem):
            problems.append(outcome)
        else:
            rows.append(outcome)
    return rows, problems, blank


def _cells(book: Any, sheet: str) -> list[tuple[Any, ...]]:
    """Every row of a sheet from its first one, as text."""
    table = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string", dtype_coercion="coerce")
    return list(table.to_polars().iter_rows())


def _facts(path: Path, book: Any) -> dict[str, str]:
    if FACTS not in book.sheet_names:
        message = "not a roster made by evenhand: its hidden facts are missing."
        raise _refuse(path, "unrecognised", message, "fill in the workbook you were sent, not a copy of its cells")
    found = {str(row[0]): str(row[1]) for row in _cells(book, FACTS) if len(row) > 1 and row[0]}
    if found.get("evenhand_format") != FORMAT:
        told = f"its layout is version {found.get('evenhand_format')}, this is {FORMAT}."
        raise _refuse(path, "format", told, "have the roster written again")
    return found


def _same_plan(path: Path, facts: dict[str, str], visits: pl.DataFrame) -> str:
    digest = plan_digest(visits)
    if facts.get("evenhand_plan") != digest:
        told = (
            f"it belongs to run {facts.get('evenhand_run')} and another plan ({facts.get('evenhand_plan', '')[:12]})."
        )
        raise _refuse(path, "other_plan", told, "collect it with --run of that run")
    return digest


def _roster_sheet(path: Path, book: Any) -> tuple[str, int, dict[str, int], list[tuple[Any, ...]]]:
    for name in book.sheet_names:
        if not str(name).startswith("_"):
            cells = _cells(book, name)
            found = find_heading(cells)
            if found is not None:
                return str(name), found[0], found[1], cells
    message = "no sheet has the roster's headings (result, and key or task number with registration code)."
    raise _refuse(path, "headings", message, "restore the heading row")


def _refuse(path: Path, rule: str, message: str, remedy: str) -> InputError:
    return InputError(message, file=path.name, rule=rule, remedy=remedy)
