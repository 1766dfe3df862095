"""Tables → dense integer codes: the form in which ratings are calculated and the lake is kept.

`eidx` numbers the enterprises of one shard in the order of their ids; records are sorted by (eidx, act_date,
record_id), and `row` (their position) stands for the record from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from config.conditions import Severity
from config.errors import InputError
from models.rating.same_act import decisions as decisions_of
from models.records import TABLES, empty

SEVERITY_CODES = {severity.value: code for code, severity in enumerate(Severity)}


@dataclass(frozen=True)
class Codes:
    """Dictionaries shared by all shards, each in ascending order of the names."""

    items: tuple[str, ...]
    lists: tuple[str, ...]
    roles: tuple[str, ...]
    indicators: tuple[str, ...]


@dataclass(frozen=True)
class Shard:
    """Encoded tables of some enterprises.

    enterprises: as models.records.ENTERPRISES; row = eidx
    records:     eidx u32, item u16, severity u8, act_date, known_on, amount, corrected_on, ends_on, revoked_on,
                 decision u32 (models.rating.same_act), and where records are told: record_id, act_id, agency
    links:       eidx u32, person u32, role u8, from_date, to_date, sorted by eidx
    listings:    eidx u32, list u16, from_date, to_date
    indicators:  eidx u32, name u16, period_end, value
    decisions:   eidx u32, row u32, kind, filed_on, decided_on, outcome, from_date, to_date (of single records)
    reliefs:     enterprise_id, region, industry, item, from_date, to_date, filed_on, decided_on, outcome
    visits:      as models.records.VISITS
    """

    codes: Codes
    enterprises: pl.DataFrame
    records: pl.DataFrame
    links: pl.DataFrame
    listings: pl.DataFrame
    indicators: pl.DataFrame
    decisions: pl.DataFrame
    reliefs: pl.DataFrame
    visits: pl.DataFrame

    @property
    def size(self) -> int:
        """Number of enterprises."""
        return self.enterprises.height

    def figure_tables(self) -> dict[str, pl.DataFrame]:
        """Tables that figures are taken from, decoded: enterprises, indicators, visits."""
        keys, names = self.enterprises["enterprise_id"], pl.Series(self.codes.indicators, dtype=pl.String)
        indicators = self.indicators.select(
            pl.lit(keys).gather(pl.col("eidx")).alias("enterprise_id"),
            pl.lit(names).gather(pl.col("name")).alias("name"),
            "period_end",
            "value",
        )
        return {"enterprises": self.enterprises, "indicators": indicators, "visits": self.visits}


def table(tables: Mapping[str, pl.DataFrame], name: str) -> pl.DataFrame:
    """A table by name, without rows where it is absent."""
    return tables[name] if name in tables else empty(TABLES[name])


def codes_of(tables: Mapping[str, pl.DataFrame]) -> Codes:
    """Names that occur, sorted, so that the same tables always get the same codes."""

    def names(name: str, column: str) -> tuple[str, ...]:
        return tuple(table(tables, name)[column].drop_nulls().unique().sort())

    return Codes(names("records", "item"), names("listings", "list_id"), names("links", "role"),
                 names("indicators", "name"))  # fmt: skip


def person_numbers(links: pl.DataFrame) -> pl.DataFrame:
    """person_key → person u32, in ascending order of the keys."""
    return links.select("person_key").drop_nulls().unique().sort("person_key").with_row_index("person")


def encode(
    tables: Mapping[str, pl.DataFrame], codes: Codes | None = None, persons: pl.DataFrame | None = None
) -> Shard:
    """Encode the rows of the enterprises in `tables`; rows of other enterprises are left out.

    Raises InputError for a severity outside minor, general, serious or an enterprise that occurs twice.
    """
    codes = codes or codes_of(tables)
    persons = person_numbers(table(tables, "links")) if persons is None else persons
    enterprises = table(tables, "enterprises").sort("enterprise_id")
    if enterprises["enterprise_id"].n_unique() != enterprises.height:
        raise InputError("an enterprise occurs twice", file="enterprises", rule="duplicate_id",
                         remedy="keep one row per enterprise_id")  # fmt: skip
    numbers = enterprises.select("enterprise_id").with_row_index("eidx")
    records = _records(table(tables, "records"), numbers, codes)
    decisions = table(tables, "decisions")
    return Shard(
        codes=codes,
        enterprises=enterprises,
        records=records,
        links=_links(table(tables, "links"), numbers, codes, persons),
        listings=_listings(table(tables, "listings"), numbers, codes),
        indicators=_indicators(table(tables, "indicators"), numbers, codes),
        decisions=_decisions(decisions, records),
        reliefs=decisions.filter(pl.col("kind") == "relief")
        .sort("decision_id")
        .select(
            "enterprise_id", "region", "industry", "item", "from_date", "to_date", "filed_on", "decided_on", "outcome"
        ),
        visits=table(tables, "visits").join(numbers, on="enterprise_id", how="semi").sort("enterprise_id", "visit_id"),
    )


def _code(column: str, names: tuple[str, ...], dtype: type[pl.DataType]) -> pl.Expr:
    if not names:
        return pl.lit(None, dtype=dtype).alias(column)
    known = pl.Series(names, dtype=pl.String)
    return pl.col(column).replace_strict(known, pl.Series(range(len(names)), dtype=dtype), return_dtype=dtype)


def _records(records: pl.DataFrame, numbers: pl.DataFrame, codes: Codes) -> pl.DataFrame:
    odd = records.filter(~pl.col("severity").is_in(list(SEVERITY_CODES)) | pl.col("severity").is_null())
    if odd.height:
        raise InputError(f"severity {odd['severity'][0]!r} of {odd['record_id'][0]}", file="records", rule="severity",
                         remedy="use minor, general or serious")  # fmt: skip
    ordered = records.join(numbers, on="enterprise_id", how="inner").sort("eidx", "act_date", "record_id")
    return ordered.with_columns(decisions_of(ordered)).select(
        "eidx",
        _code("item", codes.items, pl.UInt16),
        pl.col("severity").replace_strict(SEVERITY_CODES, return_dtype=pl.UInt8),
        "act_date",
        pl.col("known_on").fill_null(pl.col("act_date")),
        "amount",
        "corrected_on",
        "ends_on",
        "revoked_on",
        "decision",
        "record_id",
        "act_id",
        "agency",
    )


def _links(links: pl.DataFrame, numbers: pl.DataFrame, codes: Codes, persons: pl.DataFrame) -> pl.DataFrame:
    return (
        links.join(numbers, on="enterprise_id", how="inner")
        .join(persons, on="person_key", how="inner")
        .select(
            "eidx",
            pl.col("person").cast(pl.UInt32),
            _code("role", codes.roles, pl.UInt8).alias("role"),
            "from_date",
            "to_date",
        )
        .sort("eidx", "person", "role", "from_date", "to_date")
    )


def _listings(listings: pl.DataFrame, numbers: pl.DataFrame, codes: Codes) -> pl.DataFrame:
    return (
        listings.join(numbers, on="enterprise_id", how="inner")
        .select("eidx", _code("list_id", codes.lists, pl.UInt16).alias("list"), "from_date", "to_date")
        .sort("eidx", "list", "from_date", "to_date")
    )


def _indicators(indicators: pl.DataFrame, numbers: pl.DataFrame, codes: Codes) -> pl.DataFrame:
    return (
        indicators.join(numbers, on="enterprise_id", how="inner")
        .select("eidx", _code("name", codes.indicators, pl.UInt16), "period_end", "value")
        .sort("eidx", "name", "period_end", "value")
    )


def _decisions(decisions: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    single = decisions.filter(pl.col("record_id").is_not_null() & (pl.col("kind") != "relief"))
    rows = (
        records.select("eidx", "record_id")
        .with_row_index("row")
        .join(single.select("record_id").unique(), on="record_id", how="semi")
    )
    return (
        single.select("record_id", "decision_id", "kind", "filed_on", "decided_on", "outcome", "from_date", "to_date")
        .join(rows, on="record_id", how="inner")
        .sort("row", "decision_id")
        .select("eidx", "row", "kind", "filed_on", "decided_on", "outcome", "from_date", "to_date")
    )
