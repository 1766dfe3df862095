"""What one hop over a representative carries from an enterprise in a trigger tier to the others he or she runs."""

from __future__ import annotations

from datetime import date

import polars as pl

from config.pack_lists import LinkCarry
from config.units import milli


def in_office(links: pl.DataFrame, roles: tuple[str, ...], names: tuple[str, ...], as_of: date) -> pl.DataFrame:
    """Terms of office of these roles that hold on `as_of`; names: role codes in their order."""
    return links.filter(
        pl.col("role").is_in([code for code, name in enumerate(names) if name in roles]),
        pl.col("from_date").is_null() | (pl.col("from_date") <= as_of),
        pl.col("to_date").is_null() | (pl.col("to_date") >= as_of),
    )


def hot_persons(
    links: pl.DataFrame, triggers: pl.DataFrame, carry: LinkCarry, names: tuple[str, ...], as_of: date
) -> pl.DataFrame:
    """Representatives of enterprises in a trigger tier who held office on the trigger day or later.

    links: eidx, person, role, from_date, to_date; triggers: eidx, source, adverse, trigger_on, source_changes_on.
    Returns person, source, points (milli, ≤ 0, attenuated and capped), trigger_on, source_changes_on.
    """
    worst = milli(carry.worst)
    share = -(-pl.col("adverse") * carry.points_share_per_mille // 1000)
    return (
        links.filter(
            pl.col("role").is_in([code for code, name in enumerate(names) if name in carry.roles]),
            pl.col("from_date").is_null() | (pl.col("from_date") <= as_of),
        )
        .join(triggers, on="eidx", how="inner")
        .filter(pl.col("to_date").is_null() | (pl.col("to_date") >= pl.col("trigger_on")))
        .select("person", "source", share.clip(worst, 0).alias("points"), "trigger_on", "source_changes_on")
        .unique()
        .sort("person", "points", "source")
    )


def reach(
    links: pl.DataFrame, persons: pl.Series, carry: LinkCarry, names: tuple[str, ...], as_of: date
) -> pl.DataFrame:
    """Offices that these persons hold on `as_of`: person, eidx, from_date, to_date; the guard counts them."""
    return (
        in_office(links, carry.roles, names, as_of)
        .filter(pl.col("person").is_in(persons.implode()))
        .select("person", "eidx", "from_date", "to_date")
    )


def placeholders(offices: pl.DataFrame, carry: LinkCarry) -> pl.DataFrame:
    """Persons who represent more enterprises than a person can: they carry nothing. person, enterprises.

    offices: person, enterprise (any key that tells enterprises of all shards apart).
    """
    return (
        offices.group_by("person")
        .agg(pl.col("enterprise").n_unique().alias("enterprises"))
        .filter(pl.col("enterprises") > carry.max_enterprises_per_person)
        .sort("person")
    )


def carried(offices: pl.DataFrame, hot: pl.DataFrame, carry: LinkCarry) -> pl.DataFrame:
    """The heaviest link of each enterprise: enterprise, person, source, points, trigger_on, from_date, changes_on.

    offices: person, enterprise, from_date, to_date. An enterprise is never linked to itself; where the rule asks
    for it the office began after the trigger. Several links do not add up.
    """
    pairs = offices.join(hot, on="person", how="inner").filter(pl.col("enterprise") != pl.col("source"))
    if carry.begun_after_trigger:
        pairs = pairs.filter(pl.col("from_date") > pl.col("trigger_on"))
    ended = pl.col("to_date").dt.offset_by("1d")
    return (
        pairs.with_columns(changes_on=pl.min_horizontal("source_changes_on", ended))
        .with_columns(changes_on=pl.col("changes_on").min().over("enterprise"))
        .sort("enterprise", "points", "source", "trigger_on", "from_date", "person")
        .unique("enterprise", keep="first", maintain_order=True)
        .select("enterprise", "person", "source", "points", "trigger_on", "from_date", "changes_on")
    )
