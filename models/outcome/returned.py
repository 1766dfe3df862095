"""What comes back from a visit, row by row of a filled roster, and why a row cannot be taken."""

from __future__ import annotations

from typing import Any

import polars as pl

_FILLED: dict[str, Any] = {
    "file": pl.String,
    "sheet": pl.String,
    "row": pl.Int64,  # the sheet's own row number
    "visit_id": pl.String,
    "enterprise_id": pl.String,
    "visited_on": pl.Date,
    "result": pl.String,  # a code of RESULTS
    "item": pl.String,
    "severity": pl.String,
    "corrected_on": pl.Date,
    "inspectors": pl.List(pl.String),  # ids of those who were there
    "clerk": pl.String,
    "entered_on": pl.Date,
    "remark": pl.String,
}
RETURNED = pl.Schema(_FILLED)
"""One row per filled row of a returned roster."""

REFUSED = pl.Schema(
    {
        "file": pl.String,
        "sheet": pl.String,
        "row": pl.Int64,
        "column": pl.String,  # of RETURNED; the roster's cell to mend
        "rule": pl.String,
        "value": pl.String,
        "reason": pl.String,
        "remedy": pl.String,
    }
)
"""One row per returned row that cannot be taken, by its first problem."""

RESULTS = {
    "no_problem": "no_problem",
    "problem": "problem",
    "corrected": "problem",
    "not_published": "not_published",
    "concealment": "concealment",
    "unreachable": "unreachable",
    "no_business": "closed",
    "suspended": "closed",
    "refused": "refused",
    "deregistered": "closed",
    "licence_revoked": "closed",
    "registration_cancelled": "closed",
    "moved": "closed",
}
"""Result of the roster → result of models.records.VISITS."""

FOUND = frozenset({"problem", "not_published", "concealment"})
"""Results of VISITS that say that something was wrong; an item and its severity belong to them."""

CLEAN = frozenset({"no_problem"})
"""Results that say that nothing was wrong; every other result says that nobody could look."""
