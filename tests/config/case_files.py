"""Cases of the packs (config/policy/<pack>/cases/*.yaml): one enterprise on one day, and what must come out.

A case names only what matters; the rest of the enterprise is ordinary. The arithmetic stands in a comment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from config.policy import PACKS
from config.yaml_files import read_yaml
from models.rating.history import HISTORY
from models.records import ENTERPRISES, TABLES

FIRM = "cn:firm"
OTHER = "cn:other"
ORDINARY = {"name": "Ordinary", "region": "110101", "industry": "food", "size": "small", "status": "active"}
BORN = date(2010, 1, 1)


@dataclass(frozen=True)
class Case:
    """One case and where it stands."""

    pack: str
    file: Path
    name: str
    given: dict[str, Any]

    @property
    def as_of(self) -> date:
        day: date = self.given["as_of"]
        return day

    def __str__(self) -> str:
        return f"{self.pack}/{self.file.stem}: {self.name}"


def all_cases() -> list[Case]:
    """Every case of every pack, by pack, file and place."""
    return [
        Case(path.parent.parent.name, path, given["name"], given)
        for path in sorted(PACKS.glob("*/cases/*.yaml"))
        for given in read_yaml(path)
    ]


def tables_of(case: Case) -> dict[str, pl.DataFrame]:
    """models.records.TABLES of the case's enterprise (and the other one where it names one)."""
    tables = {name: pl.DataFrame(schema=schema) for name, schema in TABLES.items()}
    for name in ("records", "listings", "indicators", "visits", "links", "decisions"):
        rows = [_row(name, place, row) for place, row in enumerate(case.given.get(name, ()))]
        if rows:
            tables[name] = pl.DataFrame(rows, schema=TABLES[name])
    tables["enterprises"] = pl.DataFrame(
        [
            {
                **dict.fromkeys(ENTERPRISES.names()),
                **ORDINARY,
                "registered_on": BORN,
                **case.given.get("enterprise", {}),
            }
            | {"enterprise_id": FIRM},
            {**dict.fromkeys(ENTERPRISES.names()), **ORDINARY, "registered_on": BORN} | {"enterprise_id": OTHER},
        ],
        schema=ENTERPRISES,
    )
    return tables


def history_of(case: Case) -> pl.DataFrame:
    """Earlier ratings the case names: as_of, tier, gates (and pack, default its own)."""
    rows = [{"pack": case.pack, "enterprise_id": FIRM, "gates": [], **row} for row in case.given.get("history", ())]
    return pl.DataFrame(rows, schema=HISTORY)


def _row(table: str, place: int, row: dict[str, Any]) -> dict[str, Any]:
    """A row with the columns a case may leave out."""
    full: dict[str, Any] = {**dict.fromkeys(TABLES[table].names()), "enterprise_id": FIRM, **row}
    if table == "records":
        full |= {"record_id": row.get("record_id", f"r{place}"), "severity": row.get("severity", "general")}
        full |= {"known_on": row.get("known_on", row["act_date"]), "agency": row.get("agency", "agency")}
    if table == "visits":
        full |= {"visit_id": f"v{place}", "inspectors": []}
    if table == "decisions":
        full["decision_id"] = f"d{place}"
        if row["kind"] == "relief":
            full["enterprise_id"] = row.get("enterprise_id")
    unknown = set(full) - set(TABLES[table].names())
    if unknown:
        raise ValueError(f"{table} row {place}: unknown {sorted(unknown)}")
    return full
