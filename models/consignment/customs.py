"""Declarations as Korea's customs data has them (../shared/data/customs): columns, past results, risk of the goods.

Importer, declarant and office carry no signal in that data, the commodity does; so risk is the goods' own record, and
the importers' tiers come from a rating of what was found at them before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from config.errors import InputError
from models.consignment.terms import DECLARATIONS
from models.intake.raw import readable
from models.records import ENTERPRISES, INDICATORS, RECORDS

COLUMNS = {
    "Declaration ID": "declaration_id",
    "Date": "declared_on",
    "Office ID": "office",
    "Importer ID": "enterprise_id",
    "HS6 Code": "commodity",
    "Mode of Transport": "transport",
    "Item Price": "price",
    "Tax Rate": "tax_rate",
}
FOUND = {"Fraud": "fraud", "Critical Fraud": "critical"}
EXAMINATION = {"10": "scan", "40": "partial"}
"""By mode of transport, an assumption of ours: sea freight through the scanner, air freight opened in part."""
OTHERWISE = "document"
PREFIX = "kr"


def read_customs(files: Sequence[Path]) -> pl.DataFrame:
    """DECLARATIONS with `declared_on`, `commodity`, `duty` (minor units) and, where labelled, `fraud` and `critical`.

    Raises InputError naming file and column or row.
    """
    return pl.concat([_read(path) for path in files]).sort("declared_on", "declaration_id")


def _read(path: Path) -> pl.DataFrame:
    if not path.exists():
        raise InputError("no such file.", file=str(path), remedy="give the folder of the customs data")
    with readable(path.name, "CSV in UTF-8", "save it as CSV, UTF-8"):
        frame = pl.read_csv(path, infer_schema=False)
    for heading in COLUMNS:
        if heading not in frame.columns:
            raise InputError(f"no column {heading!r}.", file=path.name, rule="missing_column", remedy="export it too")
    labels = {heading: name for heading, name in FOUND.items() if heading in frame.columns}
    frame = frame.select(*COLUMNS, *labels).rename(COLUMNS | labels)
    day = pl.col("declared_on").str.to_date("%Y-%m-%d", strict=False)
    frame = frame.with_row_index("row", offset=2).with_columns(day)
    broken = frame.filter(
        pl.any_horizontal(pl.col("declaration_id", "declared_on", "office", "enterprise_id").is_null())
    )
    if broken.height:
        row = int(broken["row"][0])
        raise InputError("id, date, office or importer is missing.", file=path.name, row=row, rule="required")
    for name in ("price", "tax_rate", *labels.values()):
        frame = _number(path, frame, name)
    return frame.select(
        "declaration_id",
        "office",
        pl.format("{}:{}", pl.lit(PREFIX), "enterprise_id").alias("enterprise_id"),
        pl.col("transport").replace_strict(EXAMINATION, default=OTHERWISE).alias("examination"),
        pl.lit(None, dtype=pl.Int64).alias("risk"),
        pl.lit(None, dtype=pl.String).alias("must"),
        "declared_on",
        "commodity",
        (pl.col("price") * pl.col("tax_rate")).round().cast(pl.Int64).alias("duty"),
        *(
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(pl.Boolean).alias(name)
            for name in FOUND.values()
        ),
    )


def _number(path: Path, frame: pl.DataFrame, column: str) -> pl.DataFrame:
    number = pl.col(column).cast(pl.Float64, strict=False)
    wrong = frame.filter(pl.col(column).is_not_null() & ~number.is_between(0, 2**53).fill_null(False))
    if wrong.height:
        message = f"{column} {wrong[column][0]!r} is not a number of 0 or more."
        raise InputError(message, file=path.name, row=int(wrong["row"][0]), rule="number", remedy="correct the figure")
    return frame.with_columns(number)


def commodity_risk(past: pl.DataFrame, digits: int = 6, weight: int = 20) -> pl.DataFrame:
    """commodity (first `digits`), risk: finds per mille among past declarations, drawn to the mean."""
    mean = past.select((1000 * pl.col("fraud").sum()) // pl.len()).item()
    code = pl.col("commodity").str.head(digits)
    risk = (1000 * pl.col("fraud").sum() + weight * mean) // (pl.len() + weight)
    return past.group_by(code).agg(risk.cast(pl.Int64).alias("risk"))


def with_risk(declarations: pl.DataFrame, risk: pl.DataFrame) -> pl.DataFrame:
    """Declarations with the risk of their goods; null for goods nobody has seen."""
    digits = len(risk["commodity"][0]) if risk.height else 6
    key = pl.col("commodity").str.head(digits).alias("key")
    joined = declarations.drop("risk").with_columns(key).join(risk.rename({"commodity": "key"}), on="key", how="left")
    return joined.select(declarations.columns)


def rated_tables(past: pl.DataFrame, as_of: date) -> dict[str, pl.DataFrame]:
    """enterprises, records and indicators of the importers, from declarations before `as_of`: what `rate` needs.

    A find is a record of misdeclaration, serious where critical; the duty on the declared price stands in for the fine,
    which the data does not have. The documents filed in the year before are counted.
    """
    known = past.filter(pl.col("declared_on") < as_of)
    found = known.filter("fraud")
    return {
        "enterprises": _filled(known.select("enterprise_id").unique().sort("enterprise_id"), ENTERPRISES),
        "records": _filled(
            found.select(
                "enterprise_id",
                record_id=pl.format("customs:{}", "declaration_id"),
                item=pl.lit("customs_misdeclaration"),
                act_id="declaration_id",
                act_date="declared_on",
                known_on="declared_on",
                amount="duty",
                severity=pl.when("critical").then(pl.lit("serious")).otherwise(pl.lit("general")),
                agency=pl.lit("customs"),
            ),
            RECORDS,
        ),
        "indicators": _filled(
            known.filter(pl.col("declared_on") >= pl.lit(as_of).dt.offset_by("-1y"))
            .group_by("enterprise_id")
            .agg(pl.len().cast(pl.Int64).alias("value"))
            .with_columns(name=pl.lit("documents_filed"), period_end=pl.lit(as_of).dt.offset_by("-1d")),
            INDICATORS,
        ),
    }


def _filled(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The frame in this schema; columns it lacks are null."""
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )


__all__ = ["DECLARATIONS", "commodity_risk", "rated_tables", "read_customs", "with_risk"]
