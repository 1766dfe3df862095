"""Numbers as tender files write them → integers, exactly; refuses what cannot be exact."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from config.units import MILLI

MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "TND": 3, "OMR": 3, "JOD": 3}
"""Digits of the minor unit (ISO 4217) where they are not two."""


def decimal(value: object) -> Decimal:
    """A JSON number or a cell → Decimal; ValueError for anything that is not a finite number."""
    if isinstance(value, bool) or value is None:
        raise ValueError(f"expected a number, got {value!r}")
    try:
        number = Decimal(str(value).strip().replace(",", "").replace("，", ""))
    except InvalidOperation as error:
        raise ValueError(f"expected a number, got {value!r}") from error
    if not number.is_finite():
        raise ValueError(f"expected a finite number, got {value!r}")
    return number


def minor_units(value: object, currency: str) -> int:
    """An amount → minor units; ValueError where it has more digits than the currency."""
    digits = MINOR_DIGITS.get(currency, 2)
    scaled = decimal(value).scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"expected at most {digits} decimals in {currency}, got {value!r}")
    return int(scaled)


def amount_of(minor: int, currency: str) -> Decimal:
    """Minor units → the amount as written: 123450 CNY → 1234.50."""
    return Decimal(minor).scaleb(-MINOR_DIGITS.get(currency, 2))


def milli_points(value: object) -> int:
    """Points as written → integer thousandths; ValueError beyond three decimals."""
    scaled = decimal(value) * MILLI
    if scaled != scaled.to_integral_value():
        raise ValueError(f"expected at most three decimals of a point, got {value!r}")
    return int(scaled)


def share(value: object) -> Fraction:
    """A share as 0.6, 60% or 60 (per cent) → a fraction of one."""
    text = str(value).strip()
    percent = text.endswith(("%", "％"))
    number = decimal(text.rstrip("%％"))
    return Fraction(number) / 100 if percent or number > 1 else Fraction(number)


def moment(value: object, zone: tzinfo = UTC) -> datetime:
    """An OCDS date-time → aware datetime; a day or a time without zone is taken as one of `zone`."""
    text = str(value).strip().replace("Z", "+00:00")
    found = value if isinstance(value, datetime) else datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def rounded(points: Fraction, step: int = 1) -> int:
    """Half up to the nearest multiple of `step` milli-points (half away from zero below zero never occurs)."""
    return int((points / step + Fraction(1, 2)).__floor__()) * step
