"""Units of policy values and how they become integers.

Points are integer thousandths ("milli-points"), shares integer per-mille, money integer minor units,
so that sums do not depend on their order.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

MILLI = 1000


class Unit(StrEnum):
    """What a dated value is counted in."""

    points = "points"
    per_mille = "per_mille"
    per_million = "per_million"
    days = "days"
    working_days = "working_days"
    minutes = "minutes"
    number = "number"
    currency = "currency"
    flag = "flag"
    tier = "tier"
    rule = "rule"
    text = "text"


def milli(points: Decimal | int | float | str) -> int:
    """Points as a human writes them → integer thousandths; more than three decimals is an error."""
    scaled = Decimal(str(points)) * MILLI
    if scaled != scaled.to_integral_value():
        raise ValueError(f"Expected at most three decimals of a point, got {points}")
    return int(scaled)


def points_text(milli_points: int) -> str:
    """Integer thousandths → the shortest decimal text: -12500 → '-12.5'."""
    return format((Decimal(milli_points) / MILLI).normalize(), "f")
