"""Inspectors as arrays: where they may go, what they are licensed for, when they are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from config.errors import PlanError
from models.inspection.working_days import presence

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Crew:
    """One row per inspector, sorted by id."""

    ids: tuple[str, ...]
    districts: Bools  # (inspectors, districts)
    skills: Bools  # (inspectors, skills)
    minutes: Ints  # person-minutes a day
    there: Bools  # (inspectors, days)
    region: Ints  # part of the country whose inspectors can meet; districts of one region share it
    district_region: Ints

    @property
    def days(self) -> int:
        return int(self.there.shape[1])


def build_crew(
    inspectors: pl.DataFrame, absences: pl.DataFrame, days: list[date], districts: list[str], skills: list[str]
) -> Crew:
    """Raises PlanError (named refusal) when nobody can work at all."""
    people = inspectors.unique("inspector_id", keep="first").sort("inspector_id")
    if people.is_empty():
        raise PlanError("inspectors: there are none.", remedy="give a table of inspectors with districts and skills")
    there = presence(people, absences, days)
    minutes = people["daily_minutes"].fill_null(0).clip(0).to_numpy().astype(np.int64)
    if not (minutes > 0).any():
        raise PlanError("inspectors: nobody has any daily minutes.", remedy="fill daily_minutes")
    if not there[minutes > 0].any():
        raise PlanError(
            "inspectors: nobody is licensed and present on any working day of the period.",
            remedy="look at licence_to and absences, or choose another period",
        )
    reach = _flags(people["districts"], districts)
    region, district_region = _regions(reach)
    return Crew(
        tuple(people["inspector_id"]), reach, _flags(people["skills"], skills), minutes, there, region, district_region
    )


def _flags(lists: pl.Series, names: list[str]) -> Bools:
    """(rows, names): the list holds the name, or "*"."""
    place = {name: at for at, name in enumerate(names)}
    found = np.zeros((len(lists), len(names)), dtype=np.bool_)
    for row, values in enumerate(lists.to_list()):
        for value in values or ():
            if value == "*":
                found[row] = True
            elif value in place:
                found[row, place[value]] = True
    return found


def _regions(reach: Bools) -> tuple[Ints, Ints]:
    """Connected parts of inspectors and districts, numbered by their first district."""
    people, districts = reach.shape
    rows, columns = np.nonzero(reach)
    size = people + districts
    links = csr_matrix((np.ones(len(rows)), (rows + districts, columns)), shape=(size, size))
    _, label = connected_components(links, directed=False)
    order: dict[int, int] = {}
    numbered = np.array([order.setdefault(int(found), len(order)) for found in label], dtype=np.int64)
    return numbered[districts:], numbered[:districts]
