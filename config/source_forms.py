"""A source: one agency's export as it stands in config/sources/<id>.yaml. Closed keys, nothing resolved yet.

A source has tables; each table reads files (or a query), shapes them with a small closed vocabulary
(join, where, latest, unpivot, sharing) and maps headings to the columns of one noun of models/records.py.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from config.dated import Strict
from config.pack import Text


class Format(StrEnum):
    csv = "csv"  # plain or .gz
    excel = "excel"
    parquet = "parquet"
    sql = "sql"
    register = "register"  # the enterprises accepted so far: for what follows from the register itself


class Scheme(StrEnum):
    """How an enterprise's identifier is normalised and checked."""

    uscc = "uscc"  # unified social credit code, GB 32100-2015
    nip = "nip"  # Polish tax number
    number = "number"  # digits, no leading zero
    text = "text"  # letters, digits, dot, dash, underscore


class Treatment(StrEnum):
    """What happens to a row that does not belong: refused with its reason, or set aside and counted."""

    refuse = "refuse"
    set_aside = "set_aside"


class Delivery(StrEnum):
    """How the files of a table add up."""

    all = "all"  # each file adds (and, with `supersedes`, corrects)
    latest = "latest"  # each file is everything: the last by name counts, what it no longer has is withdrawn


class Later(StrEnum):
    """What happens to a row with a day after as_of."""

    refuse = "refuse"
    set_aside = "set_aside"  # not known yet, as in a back-test
    blank = "blank"  # the row stays, the day is dropped


class Band(Strict):
    """A number of at least this much becomes this code; bands stand in ascending order."""

    at_least: int
    code: str


class ColumnForm(Strict):
    """Where one of our columns comes from: a heading (or the first of several that is not blank), a constant or a
    template over headings; then one conversion. A plain string in the file means `from`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_: tuple[str, ...] = Field(default=(), alias="from")
    constant: str | int | None = None
    template: str | None = None  # "tax:{处罚决定书文号}"; blank where one of its headings is blank
    codes: dict[str, str] | None = None  # the export's value → ours
    otherwise: str | None = None  # for values without a code; absent: the row is refused
    keeps_others: bool = False  # values without a code stay as they are
    bands: tuple[Band, ...] = ()
    default: str | None = None  # a blank reads as this
    case: str | None = Field(default=None, pattern="^(lower|upper)$")
    dates: tuple[str, ...] = ()  # strptime formats, in place of the table's
    money: str | None = Field(default=None, pattern="^(major|minor|ten_thousand)$")  # yuan, fen, 万元
    split: str | None = None  # separator inside a list
    person: str | None = None  # namespace of a natural person's identifier: hashed with the secret, then dropped
    required: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """`region: 区划代码` is short for `region: {from: [区划代码]}`."""
        if isinstance(value, str):
            value = {"from": value}
        if isinstance(value, dict) and isinstance(value.get("from"), str):
            value = value | {"from": (value["from"],)}
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum((bool(self.from_), self.constant is not None, self.template is not None)) != 1:
            raise ValueError("expected exactly one of from, constant, template")
        return self


class JoinForm(Strict):
    """Look up another file of the source: left heading → its heading, and what to take from it."""

    files: str
    format: Format = Format.csv
    encoding: str = "utf-8"
    separator: str = ","
    headings_at: int = Field(default=1, ge=1)
    match: dict[str, str] = Field(min_length=1)
    take: dict[str, str] = Field(min_length=1)  # its heading → name here
    inner: bool = False  # rows without a match: set aside (true) or kept with blanks (false)


class WhereForm(Strict):
    """Rows of the file that this table is about; the others are not refused, they belong elsewhere."""

    column: str
    is_in: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    at_least: int | None = None
    filled: bool | None = None


class UnpivotForm(Strict):
    """One row per heading: what it is stands in `name`, its value in `value`; blanks and (unless kept) zeros vanish."""

    columns: dict[str, str] = Field(min_length=1)
    name: str
    value: str
    zeros: bool = False


class LatestForm(Strict):
    """A register inside a log: one row per `per`, the last one by `by` that was known on as_of; where there is none,
    the first one after it (an attribute of the enterprise, not a finding)."""

    per: str
    by: str | None = None
    known_only: bool = False  # leave out what first appears after as_of
    count: str | None = None  # name for the number of rows known on as_of
    day: str | None = None  # name for the row's own day; blank where that is after as_of
    earliest: dict[str, str] = Field(default_factory=dict)  # new name → heading whose earliest value it takes


class SharingForm(Strict):
    """Counts the rows that share a heading's value, letters only and upper case: outlets of one trade name, say."""

    heading: str
    name: str


class TableForm(Strict):
    """One table of models/records.py filled from one kind of file."""

    fills: str
    files: str | None = None  # glob under the data folder
    query: str | None = None  # read-only SQL
    format: Format = Format.csv
    encoding: str = "utf-8"
    separator: str = Field(default=",", min_length=1, max_length=1)
    sheet: str | None = None
    headings_at: int = Field(default=1, ge=1)  # row of the headings, where a title stands above them
    optional: bool = False  # no file is no error
    dates: tuple[str, ...] = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日")
    join: tuple[JoinForm, ...] = ()
    where: tuple[WhereForm, ...] = ()
    unpivot: UnpivotForm | None = None
    latest: LatestForm | None = None
    sharing: SharingForm | None = None
    columns: dict[str, ColumnForm] = Field(min_length=1)
    delivery: Delivery = Delivery.all
    supersedes: bool = False  # a row of a later file (by name) with a known key replaces the earlier one
    repeats: Treatment = Treatment.refuse  # rows whose key this file or an earlier one has given already
    later: Later = Later.refuse
    strangers: Treatment = Treatment.refuse  # enterprises that the register does not have

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = (self.files is not None, self.query is not None)
        wanted = {Format.sql: (False, True), Format.register: (False, False)}.get(self.format, (True, False))
        if given != wanted:
            raise ValueError("expected files; or format: sql with query; or format: register with neither")
        return self


class Source(Strict):
    """One agency's (or one city's) export."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Text
    policy: str  # pack it is rated with unless the caller says otherwise
    prefix: str = Field(pattern=r"^[a-z][a-z0-9-]*$")  # stands before every enterprise id
    scheme: Scheme
    currency: str
    rejection_limit_per_mille: int = Field(ge=0, le=1000)
    rates_sole_traders: bool = False  # only where a law rates them, or the subject is a place and not its holder
    licence: str | None = None
    tables: tuple[TableForm, ...] = Field(min_length=1)

    @field_validator("tables")
    @classmethod
    def _register_first(cls, tables: tuple[TableForm, ...]) -> tuple[TableForm, ...]:
        if not any(table.fills == "enterprises" for table in tables):
            raise ValueError("expected a table that fills enterprises: everything else refers to it")
        return tables
