"""Everything one evaluation leaves behind: workbook, OCDS release, the bids as a sheet, a notice to each bidder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path

import polars as pl

from config.in_force import Policy
from exports.bid_list import write_bid_list
from exports.bid_notice import write_notices
from exports.bid_sheet import write_bid_workbook
from exports.facts import Approval, Facts
from exports.layout import Language
from exports.tender_ocds import write_ocds
from models.tender.evaluation import Evaluation
from models.tender.leave_out import leave_out
from models.tender.sensitivity import sensitivity


def write_evaluation(
    evaluation: Evaluation,
    folder: Path,
    policy: Policy,
    ratings: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame] | None,
    schemas: Path | None = None,
    *,
    facts: Facts | None = None,
    approval: Approval | None = None,
    language: Language = "both",
    notices: bool = True,
) -> list[Path]:
    """Write all files of one tender into `folder`; returns their paths in order.

    `tables` (models.records.TABLES) allows the check without single records; with `schemas` the release is checked.
    """
    name = safe_name(evaluation.tender_id)
    left_out = leave_out(evaluation, tables, ratings, policy) if tables is not None else ()
    opened = evaluation.case.opening or datetime.combine(evaluation.opening, time(), UTC)
    written = [
        write_bid_workbook(
            evaluation,
            folder / f"bid-evaluation-{name}.xlsx",
            policy=policy,
            facts=facts,
            approval=approval,
            language=language,
            sensitivity=sensitivity(evaluation, policy),
            leave_out=left_out,
        ),
        write_ocds([evaluation], folder / f"ocds-{name}.json", published=opened, schemas=schemas),
        write_bid_list(evaluation.case, folder / f"bids-{name}.xlsx"),
    ]
    if notices:
        target = folder / f"notices-{name}"
        written += write_notices(evaluation, target, policy, ratings, facts=facts, approval=approval, language=language)
    return written


def safe_name(text: str) -> str:
    """A name every file system takes."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in text).strip(".-")[:80] or "tender"
