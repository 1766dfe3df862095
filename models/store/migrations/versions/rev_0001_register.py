"""The tables of the register as they first were.

Revision: 0001, the first. Columns are text unless another type follows; `*` is part of the key, `!` is required.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TYPES: dict[str, Any] = {"text": sa.Text, "integer": sa.BigInteger, "day": sa.Date, "real": sa.Float}
OF_RUNS = (
    "run_inputs",
    "rejected_rows",
    "ratings",
    "plans",
    "planned_visits",
    "left_out",
    "draws",
    "tenders",
    "bid_scores",
    "exports",
)
TABLES = {
    "approvals": """
        approval_id* run_id! subject! subject_digest! outcome! officer! name! reason! at!
    """,
    "decisions": """
        version*:integer decision_id* kind! record_id enterprise_id region industry item filed_on:day
        decided_on:day outcome from_date:day to_date:day officer reason annotated_on:day withdrawn_on:day
        agency recorded_by! recorded_at!
    """,
    "evidence_views": """
        view_id* run_id! subject! subject_digest officer! at!
    """,
    "input_files": """
        source* sha256* rows:integer
    """,
    "ledger": """
        log* position*:integer kind! subject! body! previous! leaf!
    """,
    "notices": """
        notice_id* run_id! enterprise_id! kind sent_on!:day effect_on!:day officer at!
    """,
    "overrides": """
        override_id* run_id! subject! before after officer! name reason! at!
    """,
    "proposed_records": """
        record_id* enterprise_id! item! act_id act_date:day known_on:day severity amount:integer
        corrected_on:day ends_on:day revoked_on:day agency run_id visit_id form_sha256 officer at!
    """,
    "runs": """
        run_id* command! source pack policy_digest! as_of!:day seed! period_from:day period_to:day program
        arguments
    """,
    "tree_heads": """
        log* size*:integer root! at! public_key! signature!
    """,
    "bid_scores": """
        run_id* tender_id* lot* bid_id* enterprise_id tier credit_points:integer total_points:integer rank:integer
        detail
    """,
    "draws": """
        run_id* name* publication
    """,
    "exports": """
        run_id* path* kind cell_digest
    """,
    "left_out": """
        run_id* enterprise_id* region tier reason! detail
    """,
    "planned_visits": """
        run_id* visit_id* enterprise_id! region tier purpose visit_date!:day inspectors minutes:integer
        why_firm why_day why_team
    """,
    "plans": """
        run_id* period_from:day period_to:day objective:integer bound:integer figures
    """,
    "ratings": """
        run_id* enterprise_id* region score!:integer band_tier tier! gates dimensions reasons
        records_counted:integer linked_points:integer next_change_on:day
    """,
    "rejected_rows": """
        run_id* number*:integer file row:integer rule column value reason
    """,
    "run_inputs": """
        run_id* name* source! sha256! rows:integer accepted:integer rejected:integer
    """,
    "tenders": """
        run_id* tender_id* evaluation
    """,
}


def _columns(text: str) -> Iterator[sa.Column[Any]]:
    for word in text.split():
        name, _, kind = word.partition(":")
        bare = name.rstrip("*!")
        yield sa.Column(
            bare,
            TYPES[kind or "text"](),
            primary_key=name.endswith("*"),
            nullable=name == bare,
            autoincrement=False,
        )


def upgrade() -> None:
    for name, text in TABLES.items():
        columns = list(_columns(text))
        key = [column.name for column in columns if column.primary_key]
        parts: list[Any] = [*columns, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}")]
        if name in OF_RUNS:
            parts.append(sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=f"fk_{name}_runs"))
        op.create_table(name, *parts)
    op.create_index("ix_ledger_log_kind_subject", "ledger", ["log", "kind", "subject"])


def downgrade() -> None:
    op.drop_index("ix_ledger_log_kind_subject", "ledger")
    for name in reversed(TABLES):
        op.drop_table(name)
