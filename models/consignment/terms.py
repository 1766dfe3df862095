"""The nouns of a morning at the border: declarations, the offices' minutes, the balance carried from day to day.

Accounts are in thousandths of a declaration, so that they add up exactly; rates are per mille; minutes are
person-minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from config.errors import PolicyGap
from config.in_force import Consignment, Policy

Int, Text = pl.Int64, pl.String

DECLARATIONS = pl.Schema(
    {
        "declaration_id": Text,
        "office": Text,
        "enterprise_id": Text,  # the importer
        "examination": Text,  # type of examination it would get; a key of the policy's minutes
        "risk": Int,  # of the goods, higher is worse; null where nobody has said
        "must": Text,  # why it must be examined; null where it need not
    }
)
"""One row per declaration of the day."""

TIERS = pl.Schema({"enterprise_id": Text, "tier": Text})
"""One row per rated importer; others get the policy's default tier."""

OFFICES = pl.Schema({"office": Text, "examination": Text, "minutes": Int})
"""Minutes a day per office: one row per examination type that has people of its own, or one row with null for all
types that have none."""

BALANCE = pl.Schema(
    {
        "office": Text,
        "tier": Text,
        "declared": Int,
        "examined": Int,
        "must": Int,  # examined because they must be
        "random": Int,  # examined because drawn for the floor
        "account": Int,  # thousandths of a declaration the rate asks for beyond the floor; negative = ahead of it
        "floor_account": Int,  # thousandths of a declaration still to draw for the random floor
    }
)
"""One row per office and tier seen in the period; what `examine` takes and returns."""

CHOSEN = pl.Schema(
    {
        "declaration_id": Text,
        "office": Text,
        "enterprise_id": Text,
        "tier": Text,
        "examination": Text,
        "minutes": Int,
        "why": Text,  # must | random | risk
        "drawn": pl.Boolean,  # for the random floor; also where it had to be examined anyway
        "number": pl.UInt64,  # keyed number of the declaration on the day
        "detail": Text,  # arguments of the reason as JSON
    }
)
"""One row per declaration to examine, in the order in which minutes were given."""

LEFT_OUT = pl.Schema(
    {
        "declaration_id": Text,
        "office": Text,
        "enterprise_id": Text,
        "tier": Text,
        "reason": Text,  # rate_met | no_minutes | no_rate
        "number": pl.UInt64,
        "detail": Text,
    }
)
"""One row per declaration not to examine, with one true reason."""

USE = pl.Schema({"office": Text, "examination": Text, "minutes": Int, "used": Int})
"""One row per row of OFFICES."""

OVERLOAD = pl.Schema({"office": Text, "tier": Text, "rule": Text, "declarations": Int, "minutes": Int})
"""What the minutes did not allow: rule must | floor | rate, how many declarations, how many minutes are missing."""


@dataclass(frozen=True)
class DayPlan:
    """A day's examinations; `publication` is what an outsider needs to replay the draw (with the seed, later)."""

    day: date
    chosen: pl.DataFrame
    left_out: pl.DataFrame
    balance: pl.DataFrame
    use: pl.DataFrame
    overload: pl.DataFrame
    publication: dict[str, Any]


def rules(policy: Policy) -> Consignment:
    """What the policy says about consignments; PolicyGap where it is silent."""
    found = policy.inspection.consignment
    if found is None:
        raise PolicyGap(
            f"pack {policy.pack} says nothing about consignments on {policy.as_of}.",
            remedy="add consignment: to the pack's inspection.yaml, or use a pack that has it (customs-cn)",
        )
    return found
