"""Who may be rated: enterprises with a valid identifier, never a natural person."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from stdnum.pl import nip

from config.source_forms import Scheme, Source
from models import identity
from models.identity import uscc_valid

Keep = Callable[[str, str, pl.Series], None]
PERSON = r"^[1-8]\d{5}(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dX]$"  # GB 11643-1999
OLD_PERSON = r"^[1-8]\d{5}\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}$"
SOLE_TRADER_CATEGORY = "92"  # GB 32100-2015: individually owned business
NUMBER = r"^[1-9]\d{0,17}$"
WORD = r"^[A-Z0-9][A-Z0-9._-]{0,63}$"


def normalised(ids: pl.Expr, scheme: Scheme) -> pl.Expr:
    """Identifier as the scheme writes it: '１３１１.0' → '1311', 'us 123' → 'US123'."""
    plain = identity.normalised(ids)
    return plain.str.replace(r"\.0+$", "") if scheme is Scheme.number else plain


def valid(ids: pl.Series, scheme: Scheme) -> pl.Series:
    """Which normalised identifiers the scheme admits; null → false."""
    if scheme is Scheme.uscc:
        return uscc_valid(ids)
    if scheme is Scheme.nip:
        good = [number for number in ids.drop_nulls().unique().to_list() if nip.is_valid(number)]
        return ids.is_in(good).fill_null(False)
    return ids.str.contains(NUMBER if scheme is Scheme.number else WORD).fill_null(False)


def person(ids: pl.Series, scheme: Scheme, rates_sole_traders: bool) -> pl.Series:
    """Which identifiers are a resident's identity number, or a sole trader's code where those are not rated."""
    looks = (ids.str.contains(PERSON) | ids.str.contains(OLD_PERSON)).fill_null(False)
    if scheme is not Scheme.uscc:
        return ids.str.contains(PERSON).fill_null(False)
    well_formed = uscc_valid(ids)
    sole = (ids.str.starts_with(SOLE_TRADER_CATEGORY) & well_formed).fill_null(False)
    return looks & ~well_formed if rates_sole_traders else (looks & ~well_formed) | sole


def check(ids: pl.Series, source: Source, keep: Keep) -> None:
    """Checks of an enterprise_id column in normalised form; blanks are the contract's business."""
    is_person = person(ids, source.scheme, source.rates_sole_traders)
    keep("person_as_subject", ids.name, ~is_person)
    keep("identifier", ids.name, valid(ids, source.scheme) | is_person | ids.is_null())
