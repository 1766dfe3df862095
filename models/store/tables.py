"""Every table of the register. Frames' tables take their columns from models/records.py.

Results (one scope = one run) carry no clock and are sealed in the ledger's `results` log; events carry who
and when and are sealed in its `journal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, Column, Date, Float, ForeignKey, Index, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

from models import records

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    },
)


def sql_type(dtype: Any) -> TypeEngine[Any]:
    """Column type of a polars type; nested ones are JSON text."""
    if dtype == pl.Date:
        return Date()
    if dtype.is_integer():
        return BigInteger()
    return Float() if dtype.is_float() else Text()


def _table(name: str, key: tuple[str, ...], columns: Mapping[str, Any], required: tuple[str, ...] = ()) -> Table:
    parts = [
        Column(
            column,
            sql_type(dtype),
            *([ForeignKey("runs.run_id")] if column == "run_id" and key[0] == "run_id" and name != "runs" else []),
            primary_key=column in key,
            nullable=column not in key and column not in required,
            autoincrement=False,
        )
        for column, dtype in pl.Schema(columns).items()
    ]
    return Table(name, metadata, *parts)


TextType, Int, Day = pl.String(), pl.Int64(), pl.Date()
RUN: dict[str, Any] = {"run_id": TextType}

runs = _table(
    "runs",
    ("run_id",),
    RUN
    | {
        "command": TextType,
        "source": TextType,
        "pack": TextType,
        "policy_digest": TextType,
        "as_of": Day,
        "seed": TextType,
        "period_from": Day,
        "period_to": Day,
        "program": TextType,  # digest of the code
        "arguments": TextType,  # JSON
    },
    required=("command", "policy_digest", "as_of", "seed"),
)
"""One row per run."""

input_files = _table("input_files", ("source", "sha256"), {"source": TextType, "sha256": TextType, "rows": Int})
"""One row per source and content of a file, whatever it was called."""

run_inputs = _table(
    "run_inputs",
    ("run_id", "name"),
    RUN | {"name": TextType, "source": TextType, "sha256": TextType, "rows": Int, "accepted": Int, "rejected": Int},
    required=("source", "sha256"),
)
"""One row per run and file read."""

rejected_rows = _table("rejected_rows", ("run_id", "number"), RUN | {"number": Int} | dict(records.REJECTED))
"""One row per run and refused row and rule, numbered in the order of file, row and rule."""

ratings = _table("ratings", ("run_id", "enterprise_id"), RUN | dict(records.RATINGS), required=("score", "tier"))
"""One row per enterprise and run."""

plans = _table(
    "plans",
    ("run_id",),
    RUN | {"period_from": Day, "period_to": Day, "objective": Int, "bound": Int, "figures": TextType},
)
"""One row per run with a plan; figures: JSON (quota by tier and region and what else the plan publishes)."""

planned_visits = _table(
    "planned_visits", ("run_id", "visit_id"), RUN | dict(records.PLAN_VISITS), required=("enterprise_id", "visit_date")
)
"""One row per planned visit."""

left_out = _table("left_out", ("run_id", "enterprise_id"), RUN | dict(records.PLAN_LEFT_OUT), required=("reason",))
"""One row per enterprise not scheduled."""

draws = _table("draws", ("run_id", "name"), RUN | {"name": TextType, "publication": TextType})
"""One row per published draw: JSON with seed commitment, hash of the pool, who was drawn."""

tenders = _table("tenders", ("run_id", "tender_id"), RUN | {"tender_id": TextType, "evaluation": TextType})
"""One row per tender evaluated; evaluation: JSON of everything but the bids."""

bid_scores = _table(
    "bid_scores",
    ("run_id", "tender_id", "lot", "bid_id"),
    RUN
    | {
        "tender_id": TextType,
        "lot": TextType,
        "bid_id": TextType,
        "enterprise_id": TextType,
        "tier": TextType,
        "credit_points": Int,  # milli-points
        "total_points": Int,
        "rank": Int,
        "detail": TextType,
    },
)
"""One row per bid and lot of a tender evaluated; a tender without lots has one."""

exports = _table("exports", ("run_id", "path"), RUN | {"path": TextType, "kind": TextType, "cell_digest": TextType})
"""One row per file written, by its path below the run's output folder."""

DECISION_EVENT: dict[str, Any] = (
    {"version": Int}
    | dict(records.DECISIONS)
    | {
        "annotated_on": Day,  # an objection: the day its item was marked as contested
        "withdrawn_on": Day,  # a revocation: the day the item was taken out of display and use
        "agency": TextType,
        "recorded_by": TextType,
        "recorded_at": TextType,
    }
)
decisions = _table(
    "decisions", ("decision_id", "version"), DECISION_EVENT, required=("kind", "recorded_by", "recorded_at")
)
"""One row per version of a decision: what was recorded is never changed, the highest version holds."""

APPROVAL: dict[str, Any] = {
    "approval_id": TextType,
    "run_id": TextType,
    "subject": TextType,  # plan | tender:<id> | notices | revocation:<id> | …
    "subject_digest": TextType,  # digest of what was decided on
    "outcome": TextType,  # approved | refused
    "officer": TextType,
    "name": TextType,
    "reason": TextType,
    "at": TextType,
}
approvals = _table(
    "approvals",
    ("approval_id",),
    APPROVAL,
    required=("run_id", "subject", "subject_digest", "outcome", "officer", "name", "reason", "at"),
)
"""One row per decision of a named officer on a digest."""

VIEW: dict[str, Any] = {
    "view_id": TextType,
    "run_id": TextType,
    "subject": TextType,
    "subject_digest": TextType,
    "officer": TextType,
    "at": TextType,
}
evidence_views = _table("evidence_views", ("view_id",), VIEW, required=("run_id", "subject", "officer", "at"))
"""One row per opening of the evidence by an officer."""

OVERRIDE: dict[str, Any] = {
    "override_id": TextType,
    "run_id": TextType,
    "subject": TextType,  # visit:<id> | enterprise:<id> | bid:<id> | …
    "before": TextType,
    "after": TextType,
    "officer": TextType,
    "name": TextType,
    "reason": TextType,
    "at": TextType,
}
overrides = _table("overrides", ("override_id",), OVERRIDE, required=("run_id", "subject", "officer", "reason", "at"))
"""One row per departure of an officer from what was proposed."""

NOTICE: dict[str, Any] = {
    "notice_id": TextType,
    "run_id": TextType,
    "enterprise_id": TextType,
    "kind": TextType,  # tier | visit | withdrawal | …
    "sent_on": Day,
    "effect_on": Day,
    "officer": TextType,
    "at": TextType,
}
notices = _table("notices", ("notice_id",), NOTICE, required=("run_id", "enterprise_id", "sent_on", "effect_on", "at"))
"""One row per notice sent; nothing adverse takes effect before effect_on."""

PROPOSED: dict[str, Any] = dict(records.RECORDS) | {
    "run_id": TextType,
    "visit_id": TextType,
    "form_sha256": TextType,  # the returned roster it was read from
    "officer": TextType,
    "at": TextType,
}
proposed_records = _table("proposed_records", ("record_id",), PROPOSED, required=("enterprise_id", "item", "at"))
"""One row per record proposed from a returned roster; input of a later run, never an edit of a rating."""

ledger = _table(
    "ledger",
    ("log", "position"),
    {
        "log": TextType,  # results | journal
        "position": Int,  # from 1, without gaps
        "kind": TextType,
        "subject": TextType,
        "body": TextType,  # canonical JSON
        "previous": TextType,  # leaf of the entry before; empty for the first
        "leaf": TextType,  # RFC 6962 leaf hash over all other columns
    },
    required=("kind", "subject", "body", "previous", "leaf"),
)
"""One row per entry of a log; only ever appended to."""
Index(None, ledger.c.log, ledger.c.kind, ledger.c.subject)

tree_heads = _table(
    "tree_heads",
    ("log", "size"),
    {"log": TextType, "size": Int, "root": TextType, "at": TextType, "public_key": TextType, "signature": TextType},
    required=("root", "at", "public_key", "signature"),
)
"""One row per signed tree head."""
