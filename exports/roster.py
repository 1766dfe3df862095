"""The workbook of one inspectorate: summary, annual plan, item list, result roster, team sheets, why not, legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from config.in_force import Policy
from exports import plan_sheets, roster_sheet
from exports.facts import Approval, Facts, plan_digest
from exports.layout import Language
from exports.roster_rows import by_region, numbered, roster_rows, why_not_rows
from exports.words import Term, people_terms
from exports.workbook import Book


class PlanTables(Protocol):
    """What a plan must offer: PLAN_VISITS, PLAN_LEFT_OUT, the quota per region and tier, and figures (of which the
    breakdown `tiers` and the balance `load` are shown where they are known)."""

    @property
    def visits(self) -> pl.DataFrame: ...
    @property
    def left_out(self) -> pl.DataFrame: ...
    @property
    def quota(self) -> pl.DataFrame: ...
    @property
    def figures(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Office:
    """Everything that goes into one inspectorate's workbook."""

    region: str
    rows: pl.DataFrame  # roster_rows of the region
    left_out: pl.DataFrame  # why_not_rows of the region
    quota: pl.DataFrame
    gaps: tuple[Mapping[str, Any], ...]  # models.inspection.breakdown of the region
    people: tuple[Term, ...]  # the inspectors who serve the region
    policy: Policy
    facts: Facts
    approval: Approval | None
    language: Language


def write_rosters(
    plan: PlanTables,
    enterprises: pl.DataFrame,
    inspectors: pl.DataFrame,
    policy: Policy,
    facts: Facts,
    folder: Path,
    *,
    approval: Approval | None = None,
    language: Language = "both",
    regions: Iterable[str] | None = None,
) -> list[Path]:
    """One workbook per inspectorate, `roster-<region>.xlsx` in `folder`; returns their paths in order of region.

    `regions` limits the work to some inspectorates (the unit that `flows/` spreads over workers).
    Raises ValueError when `facts` belong to another plan.
    """
    if facts.plan != plan_digest(plan.visits):
        raise ValueError("Expected facts of this plan: make them with facts_of(policy, run, plan.visits).")
    wanted = sorted(regions if regions is not None else plan.quota["region"].unique())
    visits = plan.visits.filter(pl.col("region").is_in(wanted))
    left_out = plan.left_out.filter(pl.col("region").is_in(wanted))
    rows = by_region(roster_rows(visits, enterprises, inspectors, facts, language), wanted)
    why_not = by_region(why_not_rows(left_out, enterprises, policy.tiers, language), wanted)
    quota = by_region(plan.quota, wanted)
    known, common = people_terms(inspectors), (policy, facts, approval, language)
    gaps = {r: tuple(row for row in plan.figures.get("tiers", ()) if row["region"] == r) for r in wanted}
    offices = (
        Office(r, numbered(rows[r]), numbered(why_not[r]), quota[r], gaps[r], _serving(inspectors, known, r), *common)
        for r in wanted
    )
    return [write_office(office, folder / f"roster-{office.region}.xlsx") for office in offices]


def _serving(inspectors: pl.DataFrame, known: tuple[Term, ...], region: str) -> tuple[Term, ...]:
    """Those of the inspectors who serve a region."""
    districts = pl.col("districts")
    here = inspectors.filter(districts.list.contains(region) | districts.list.contains("*"))["inspector_id"].to_list()
    return tuple(term for term in known if term.code in here)


def write_office(office: Office, path: Path) -> Path:
    """The workbook of one inspectorate."""
    facts = office.facts
    book = Book(f"Roster {office.region}", facts.as_of, office.policy.tiers, facts.hidden())
    plan_sheets.summary(book, office)
    plan_sheets.annual_plan(book, office)
    plan_sheets.item_list(book, office)
    roster_sheet.roster(book, office)
    roster_sheet.teams(book, office)
    plan_sheets.why_not(book, office)
    plan_sheets.legend(book, office)
    roster_sheet.hidden_facts(book, office)
    return book.save(path)
