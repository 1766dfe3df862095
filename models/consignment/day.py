"""One morning: from the day's declarations to what is examined, what is not and why, and the balance for tomorrow."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import polars as pl

from config.errors import InputError
from config.in_force import Policy
from models.consignment.account import charged, opened, settled
from models.consignment.choose import ranked, short_of, within_minutes
from models.consignment.terms import BALANCE, CHOSEN, LEFT_OUT, OVERLOAD, USE, DayPlan, rules
from models.inspection import keyed


def examine(
    day: date,
    declarations: pl.DataFrame,
    tiers: pl.DataFrame,
    policy: Policy,
    balance: pl.DataFrame | None,
    offices: pl.DataFrame,
    seed: bytes,
) -> DayPlan:
    """The day's examinations. `declarations`, `tiers`, `offices`, `balance`: schemas of the same names in terms.

    `balance` is the one the day before left (None on the first day of a period); `seed` is the period's. Minutes are
    never exceeded; what they did not allow is named in `overload` and stays in the balance. Raises PolicyGap where
    the policy is silent and InputError where a declaration or an office cannot be used.
    """
    known = _with_tiers(declarations, tiers, policy)
    refuse_unusable(known, policy, offices)
    key = day_seed(seed, day)
    rows = known.with_columns(pl.Series("number", keyed.numbers(key, known["declaration_id"]), dtype=pl.UInt64))
    before = balance if balance is not None else pl.DataFrame(schema=BALANCE)
    due = charged(opened(rows, before, seed), rows, policy)
    frame = within_minutes(ranked(rows, due, policy), offices)
    chosen = frame.filter("chosen")
    return DayPlan(
        day=day,
        chosen=_chosen(chosen),
        left_out=_left_out(frame),
        balance=settled(due, chosen),
        use=_use(chosen, offices),
        overload=short_of(frame).select(OVERLOAD.names()),
        publication=_publication(day, known, policy, key),
    )


def day_seed(seed: bytes, day: date) -> bytes:
    """The seed of one day: can be published in the evening without giving away tomorrow's."""
    return hashlib.blake2b(f"consignment|{day}".encode(), key=hashlib.sha256(seed).digest(), digest_size=32).digest()


def _with_tiers(declarations: pl.DataFrame, tiers: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    frame = declarations.join(tiers.select("enterprise_id", "tier"), on="enterprise_id", how="left")
    return frame.with_columns(pl.col("tier").fill_null(pl.lit(policy.default_tier, dtype=pl.String)))


def refuse_unusable(rows: pl.DataFrame, policy: Policy, offices: pl.DataFrame) -> None:
    """InputError naming the first declaration or office that breaks a rule; nothing is dropped silently."""
    if offices.select(pl.struct("office", "examination").is_duplicated().any()).item():
        raise InputError("an office has two rows for one examination type.", rule="offices", remedy="add them up")
    if offices.select(((pl.col("minutes") < 0) | pl.col("minutes").is_null()).any()).item():
        raise InputError("an office has no or negative minutes.", rule="offices", remedy="give minutes of 0 or more")
    minutes = rules(policy).minutes
    tiers, open_offices = [tier.id for tier in policy.tiers], offices["office"].unique().implode()
    known_tier = pl.col("tier").is_in(tiers).fill_null(False)
    twice = "give each declaration its own id and each importer one tier"
    empty = pl.any_horizontal(pl.col("declaration_id", "office", "examination").is_null())
    checks = {
        "duplicate_id": (pl.col("declaration_id").is_duplicated(), twice),
        "required": (empty, "fill in declaration_id, office and examination"),
        "unknown_office": (~pl.col("office").is_in(open_offices), "add the office's minutes"),
        "unknown_examination": (~pl.col("examination").is_in(list(minutes)), f"use one of {', '.join(minutes)}"),
        "unknown_tier": (~known_tier, "rate the importers with this pack, or give it a default tier"),
    }
    for rule, (broken, remedy) in checks.items():
        found = rows.filter(broken)
        if found.height:
            row = found.row(0, named=True)
            place = f"declaration {row['declaration_id']} at office {row['office']}"
            more = f" and {found.height - 1} more" if found.height > 1 else ""
            raise InputError(f"{place}{more}: {_value(rule, row)}.", rule=rule, remedy=remedy)


def _value(rule: str, row: dict[str, Any]) -> str:
    column = {"unknown_examination": "examination", "unknown_tier": "tier", "unknown_office": "office"}.get(rule)
    return f"{column} {row[column]!r}" if column else rule.replace("_", " ")


def _chosen(frame: pl.DataFrame) -> pl.DataFrame:
    why = pl.when("must_be").then(pl.lit("must")).when("drawn").then(pl.lit("random")).otherwise(pl.lit("risk"))
    detail = (
        pl.when("must_be")
        .then(_json(must="must"))
        .when("drawn")
        .then(_json(floor_per_mille="floor", due="floor_quota"))
        .otherwise(_json(rate_per_mille="rate", due="quota", risk="risk"))
    )
    return frame.with_columns(why=why, detail=detail).select(CHOSEN.names())


def _left_out(frame: pl.DataFrame) -> pl.DataFrame:
    """Every other declaration with its one reason."""
    open_quota = pl.col("quota") > (pl.col("chosen") & ~pl.col("drawn")).sum().over("office", "tier")
    reason = (
        pl.when(pl.col("wanted") | open_quota)
        .then(pl.lit("no_minutes"))
        .when(pl.col("rate").is_null())
        .then(pl.lit("no_rate"))
        .otherwise(pl.lit("rate_met"))
    )
    detail = (
        pl.when(pl.col("reason") == "no_minutes")
        .then(_json(examination="examination", minutes="minutes"))
        .otherwise(_json(rate_per_mille="rate", due="quota", risk="risk"))
    )
    rows = frame.with_columns(reason=reason).filter(~pl.col("chosen"))
    return rows.with_columns(detail=detail).select(LEFT_OUT.names()).sort("office", "tier", "declaration_id")


def _json(**columns: str) -> pl.Expr:
    """The columns under these names as one JSON text per row."""
    return pl.struct(pl.col(column).alias(name) for name, column in columns.items()).struct.json_encode()


def _use(chosen: pl.DataFrame, offices: pl.DataFrame) -> pl.DataFrame:
    used = chosen.group_by("office", "pool").agg(pl.col("minutes").sum().alias("used"))
    pools = offices.with_columns(pool=pl.col("examination").fill_null(""))
    frame = pools.join(used, on=["office", "pool"], how="left").with_columns(pl.col("used").fill_null(0))
    return frame.select(USE.names()).sort("office", "examination")


def _publication(day: date, rows: pl.DataFrame, policy: Policy, key: bytes) -> dict[str, Any]:
    """Published in the morning; in the evening the day's seed, and anyone can replay."""
    lines = rows.select(pl.concat_str("declaration_id", "office", "tier", separator="|")).to_series().sort()
    return {
        "day": day.isoformat(),
        "pack": policy.pack,
        "policy_digest": policy.digest,
        "declarations": rows.height,
        "pool_sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        "seed_sha256": keyed.commitment(key),
        "number": "first 8 bytes, big-endian, of blake2b-64(seed of the day ‖ declaration id)",
        "random": "per office and tier the declarations with the smallest numbers, as many as the floor has due",
    }
