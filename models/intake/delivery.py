"""One delivery while it is being read: each file opened once, its rows typed and checked, its refusals kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from config.source_forms import Format, JoinForm, Source, TableForm
from models.intake import columns
from models.intake.contracts import CHECK, INDEX, ORDER, REASONS, contract, rule_and_column
from models.intake.csv_text import read_csv
from models.intake.door import need_headings, refuse_forbidden
from models.intake.hashes import name_of_query
from models.intake.packed import content, files_of, found, relative, sha256
from models.intake.raw import ROW, VALUE_SHOWN, FileSeen, Raw
from models.intake.shaping import shaped
from models.intake.sheets import read_sheet
from models.intake.source import needed_headings
from models.intake.sql import Snapshot, snapshot
from models.intake.tables import read_parquet, refuse_nested
from models.records import REJECTED, TABLES, empty


@dataclass(frozen=True)
class Part:
    """Accepted rows of one file for one table."""

    number: int
    table: TableForm
    file: str
    accepted: pl.DataFrame  # the noun's columns and ROW

    def marked(self) -> pl.DataFrame:
        """With the part's number and the file's name, for refusals that only a view of all files can give."""
        return self.accepted.with_columns(pl.lit(self.number).alias("part"), pl.lit(self.file).alias("file"))


class Delivery:
    """State of one call of intake; not shared, not kept."""

    def __init__(self, source: Source, data: Path, run: columns.Run) -> None:
        self.source, self.data, self.run = source, data, run
        self._raw: dict[tuple[str, ...], Raw] = {}
        globs = [table.files for table in source.tables] + [
            form.files for table in source.tables for form in table.join
        ]
        self._readers = Counter(globs)  # a file's rows are kept only where another table reads them too
        self._hashes: dict[str, str] = {}
        self._rows: dict[str, int] = {}
        self._fills: dict[str, list[str]] = {}
        self._same: dict[str, str] = {}
        self._refused: list[pl.DataFrame] = []
        self._accepted: Counter[str] = Counter()
        self._set_aside: Counter[str] = Counter()
        self._parts = 0
        self._snapshot: Snapshot | None = None
        self.open = ExitStack()  # closed by the caller

    def parts(self, table: TableForm, register: pl.DataFrame | None) -> Iterator[Part]:
        """The table's files, one part each."""
        for raw in self._raws(table, register):
            yield self._part(table, raw)

    def shaped(self, table: TableForm) -> Iterator[pl.DataFrame]:
        """Rows of the table's files before they are converted, one frame per file."""
        for raw in self._raws(table, None):
            needed = needed_headings(table)
            need_headings(raw.name, raw.headings, needed, table.encoding)
            refuse_nested(raw, needed)
            yield shaped(raw.frame, table, self.run.as_of, self._other)

    def _raws(self, table: TableForm, register: pl.DataFrame | None) -> Iterator[Raw]:
        """A file of the same bytes as one before it is read once."""
        if table.format is Format.register:
            yield self._as_raw(register)
            return
        if table.query is not None:
            yield self._queried(table.query, name_of_query(self.source, table))
            return
        seen: dict[str, str] = {}
        for path in files_of(table, self.data, self.source.id):
            name = relative(path, self.data)
            digest = self._hash(path, name)
            if digest in seen:
                self._same[name] = seen[digest]
                self._rows.setdefault(name, 0)
                continue
            seen[digest] = name
            yield self._read(path, name, table)

    def _queried(self, query: str, name: str) -> Raw:
        if self._snapshot is None:
            self._snapshot = self.open.enter_context(snapshot(self.data))
        raw, self._hashes[name] = self._snapshot.read(name, query)
        refuse_forbidden(name, raw.headings, self.run.policy.forbidden_fields)
        self._rows[name] = raw.rows
        return raw

    def _as_raw(self, register: pl.DataFrame | None) -> Raw:
        frame = register if register is not None else empty(TABLES["enterprises"])
        ids = pl.col("enterprise_id").str.strip_prefix(f"{self.source.prefix}:")
        numbered = frame.with_columns(ids).with_row_index(ROW, offset=2).with_columns(pl.col(ROW).cast(pl.Int64))
        return Raw("(register)", numbered, empty(REJECTED))

    def _hash(self, path: Path, name: str) -> str:
        if name not in self._hashes:
            self._hashes[name] = sha256(path)
        return self._hashes[name]

    def _read(self, path: Path, name: str, form: TableForm | JoinForm) -> Raw:
        sheet = form.sheet if isinstance(form, TableForm) else None
        key = (name, form.format, form.encoding, form.separator, sheet or "", str(form.headings_at))
        if key in self._raw:
            return self._raw[key]
        raw = self._parse(path, name, form, sheet)
        refuse_forbidden(name, raw.headings, self.run.policy.forbidden_fields)
        self._refused.append(raw.refused)
        self._rows[name] = raw.rows
        if self._readers[form.files] > 1:
            self._raw[key] = raw
        return raw

    def _parse(self, path: Path, name: str, form: TableForm | JoinForm, sheet: str | None) -> Raw:
        data = content(path, name, self._hashes[name])
        if form.format is Format.parquet:
            return read_parquet(name, data)
        if form.format is Format.excel:
            return read_sheet(name, data, sheet=sheet, headings_at=form.headings_at)
        at = form.headings_at
        return read_csv(name, data, encoding=form.encoding, separator=form.separator, headings_at=at)

    def _other(self, form: JoinForm) -> pl.DataFrame:
        """All files that a join looks into."""
        raws = []
        for path in found(form.files, self.data, self.source.id):
            name = relative(path, self.data)
            self._hash(path, name)
            raw = self._read(path, name, form)
            needed = {*form.match.values(), *form.take}
            need_headings(name, raw.headings, needed, form.encoding)
            refuse_nested(raw, needed)
            raws.append(raw.frame)
        return pl.concat(raws, how="diagonal_relaxed")

    def _part(self, table: TableForm, raw: Raw) -> Part:
        needed = needed_headings(table)
        need_headings(raw.name, raw.headings, needed, table.encoding)
        refuse_nested(raw, needed)
        self._fills.setdefault(raw.name, []).append(table.fills)
        frame = shaped(raw.frame, table, self.run.as_of, self._other)
        origins = columns.origins(frame, table)
        typed = columns.values(origins, table, self.source, self.run)
        late = columns.later(typed, table, self.run.as_of)
        self._set_aside[raw.name] += int(late.sum())
        accepted = self._checked(raw.name, table, typed.filter(~late), origins, frame[ROW])
        rows = frame[ROW].gather(accepted[INDEX])
        self._parts += 1
        return Part(self._parts, table, raw.name, accepted.select(TABLES[table.fills].names()).with_columns(rows))

    def _checked(
        self, name: str, table: TableForm, typed: pl.DataFrame, origins: pl.DataFrame, rows: pl.Series
    ) -> pl.DataFrame:
        checks = [column for column in typed.columns if column.startswith(CHECK)]
        accepted, failure = contract(table.fills, checks).filter(typed)
        details = failure.details()
        broken = [column for column in details.columns if details.schema[column] == pl.Enum]
        refused = [_refusal(name, row, broken, origins, rows) for row in details.iter_rows(named=True)]
        self._refused.append(pl.DataFrame(refused, schema=REJECTED, orient="row"))
        prefix = pl.lit(f"{self.source.prefix}:")
        if "enterprise_id" in accepted.columns:
            return accepted.with_columns(enterprise_id=prefix + pl.col("enterprise_id"))
        return accepted

    def refuse(self, frame: pl.DataFrame, rule: str, column: str, reason: str) -> None:
        """Refuse marked rows that only a view of all files shows to be wrong."""
        texts = [pl.lit(rule).alias("rule"), pl.lit(column).alias("column"), pl.col(column).alias("value")]
        rows = frame.select("file", pl.col(ROW).alias("row"), *texts, pl.lit(reason).alias("reason"))
        self._refused.append(rows.cast(REJECTED))

    def set_aside(self, frame: pl.DataFrame) -> None:
        """Count marked rows that do not count but are not wrong."""
        self._set_aside.update(dict(frame.group_by("file").len().iter_rows()))

    def count_accepted(self, frame: pl.DataFrame) -> None:
        """Count marked rows that stayed."""
        self._accepted.update(dict(frame.group_by("file").len().iter_rows()))

    def rejected(self) -> pl.DataFrame:
        """All refusals, by file and row, one per row of a file however many tables it was meant for."""
        everything = pl.concat([empty(REJECTED), *self._refused]).sort("file", "row", maintain_order=True)
        return everything.unique(["file", "row"], keep="first", maintain_order=True)

    def files(self) -> tuple[FileSeen, ...]:
        """Files seen, by name."""
        refused = dict(self.rejected().group_by("file").len().iter_rows())
        return tuple(
            FileSeen(
                name,
                digest,
                self._rows.get(name, 0),
                self._accepted[name],
                refused.get(name, 0),
                self._set_aside[name],
                tuple(self._fills.get(name, ())),
                self._same.get(name),
            )
            for name, digest in sorted(self._hashes.items())
        )


def _refusal(
    name: str, row: dict[str, Any], broken: list[str], origins: pl.DataFrame, rows: pl.Series
) -> tuple[Any, ...]:
    """One REJECTED row: the most telling of the rules that the row breaks."""
    failed = [rule_and_column(rule) for rule in broken if row[rule] == "invalid"]
    rule, column = min(failed, key=lambda pair: ORDER.index(pair[0]))
    index = row[INDEX]
    value = origins.item(index, column) if column in origins.columns else None
    shown = None if value is None else str(value)[:VALUE_SHOWN]
    return name, rows[index], rule, column, shown, REASONS[rule]
