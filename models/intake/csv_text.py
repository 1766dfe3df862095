"""CSV as offices write it: any encoding, broken lines kept with their number, quotes given to a real parser.

Lines are counted first and split afterwards: a line with the wrong number of fields or a stray byte is refused by
itself and does not take the file with it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import polars as pl

from config.errors import InputError
from models.intake.raw import ROW, TOTAL, TOTAL_REASON, Raw, refusals, without_totals

LINES_OF_A_FIELD = 50  # a quoted field may run over so many lines
UNREADABLE_SHARE = 0.2  # of a file's lines: more means that the encoding is wrong
MOST_COLUMNS = 1_000
Refusal = tuple[int, str, str, str]


def read_csv(name: str, data: bytes, *, encoding: str, separator: str, headings_at: int = 1) -> Raw:
    """All columns text, blanks null. Raises InputError where the file as a whole is not a CSV in this encoding.

    The headings are the first line that holds anything from line `headings_at` on.
    """
    lines, refused = _lines(name, data, encoding)
    filled = lines.filter(pl.col("line").str.contains(_something(separator)) & (pl.col(ROW) >= headings_at))
    if filled.is_empty():
        raise InputError("the file is empty.", file=name, rule="empty_file", remedy="ask for it again")
    headings = _headings(name, filled["line"][0], separator)
    body = filled.slice(1)
    plain, odd = _by_quotes(body, separator, len(headings))
    rows = list(_quoted(odd, body, separator, len(headings)))
    used = {row for row, _, _ in rows}
    taken = {line for _, _, lines_used in rows for line in lines_used}
    kept = plain.filter(~pl.col(ROW).is_in(list(taken))) if taken else plain
    misfits = kept.filter(~pl.col("fits")).select(ROW, "line")
    refused += [_misfit(row, line, separator, len(headings)) for row, line in misfits.iter_rows()]
    refused += [
        (row, "quotes", line, "a quoted field is never closed, or the fields do not fit the headings")
        for row, line in odd.filter(~pl.col(ROW).is_in(list(used | taken))).select(ROW, "line").iter_rows()
    ]
    frame = pl.concat([_split(kept.filter("fits"), headings, separator), _from_quoted(rows, headings)]).sort(ROW)
    return without_totals(Raw(name, frame, refusals(name, sorted(refused))))


def _something(separator: str) -> str:
    return rf"[^\s\"{re.escape(separator)}]"


def _lines(name: str, data: bytes, encoding: str) -> tuple[pl.DataFrame, list[Refusal]]:
    """ROW and line of every line, and the lines that this encoding cannot read."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:1024].count(0):
        remedy = "save it as CSV in UTF-8, or name its format in the source"
        raise InputError("not a text file in the encoding named.", file=name, rule="encoding", remedy=remedy)
    if data.startswith(b"\xef\xbb\xbf"):
        data, encoding = data[3:], "utf-8"
    try:
        text = data if encoding == "utf-8" and data.decode("utf-8") is not None else data.decode(encoding).encode()
        return _numbered(text), []
    except UnicodeDecodeError:
        return _line_by_line(name, data, encoding)


def _numbered(text: bytes) -> pl.DataFrame:
    frame = pl.scan_lines(text, row_index_name=ROW, row_index_offset=1).collect()
    return frame.with_columns(pl.col(ROW).cast(pl.Int64))


def _line_by_line(name: str, data: bytes, encoding: str) -> tuple[pl.DataFrame, list[Refusal]]:
    good: list[tuple[int, str]] = []
    bad: list[Refusal] = []
    for row, line in enumerate(data.split(b"\n"), start=1):
        try:
            good.append((row, line.decode(encoding).rstrip("\r")))
        except UnicodeDecodeError as error:
            text = line.decode(encoding, "replace")
            bad.append((row, "encoding", text, f"byte {error.start + 1} is not {encoding.upper()}"))
    if len(bad) > UNREADABLE_SHARE * (len(good) + len(bad)) or any(row == 1 for row, *_ in bad):
        remedy = f"set `encoding` in the source (now {encoding}){_reads_as(data)}"
        raise InputError(
            f"not {encoding.upper()}: {bad[0][3]}.", file=name, row=bad[0][0], rule="encoding", remedy=remedy
        )
    return pl.DataFrame(good, schema={ROW: pl.Int64, "line": pl.String}, orient="row"), bad


def _reads_as(data: bytes) -> str:
    """Which of the usual encodings would read the file."""
    for encoding in ("utf-8", "gb18030", "big5", "cp1252"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return f"; the file reads as {encoding.upper()}"
    return "; the file reads as none of the usual ones"


def _headings(name: str, line: str, separator: str) -> list[str]:
    """Headings without blanks around; a repeated or missing one gets a name that no source can mean."""
    try:
        cells = next(csv.reader([line], delimiter=separator))
    except csv.Error as error:
        raise InputError(f"the headings cannot be read ({error}).", file=name, row=1, rule="headings") from error
    if len(cells) > MOST_COLUMNS:
        raise InputError(f"{len(cells):,} columns.", file=name, rule="headings", remedy="remove stray columns")
    return unique_headings(cells)


def unique_headings(cells: list[str]) -> list[str]:
    """Stripped; '' → '(blank 3)', a second 'x' → 'x (2)'."""
    seen: set[str] = set()
    for position, cell in enumerate(cells, start=1):
        heading = first = cell.strip().strip("\ufeff") or f"(blank {position})"
        number = 1
        while heading in seen:
            number += 1
            heading = f"{first} ({number})"
        seen.add(heading)
        cells[position - 1] = heading
    return cells


def _by_quotes(body: pl.DataFrame, separator: str, width: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    quoted = pl.col("line").str.contains('"', literal=True)
    plain = body.filter(~quoted).with_columns(
        fits=pl.col("line").str.count_matches(separator, literal=True) == width - 1
    )
    return plain, body.filter(quoted)


def _misfit(row: int, line: str, separator: str, width: int) -> Refusal:
    if re.match(TOTAL, line.split(separator)[0]):
        return row, "total_line", line, TOTAL_REASON
    return row, "field_count", line, f"{line.count(separator) + 1} fields under {width} headings"


def _split(good: pl.DataFrame, headings: list[str], separator: str) -> pl.DataFrame:
    schema = dict.fromkeys(headings, pl.String)
    if good.is_empty():
        return pl.DataFrame(schema={ROW: pl.Int64, **schema})
    text = good["line"].str.join("\n").item().encode() + b"\n"
    if len(headings) == 1:  # a blank field of a single column would be taken for a blank line
        return good.select(ROW, pl.col("line").alias(headings[0]))
    frame = pl.read_csv(text, has_header=False, separator=separator, quote_char=None, schema=schema)
    return frame.select(good[ROW], pl.all())


def _quoted(
    odd: pl.DataFrame, body: pl.DataFrame, separator: str, width: int
) -> Iterator[tuple[int, list[str], list[int]]]:
    """Row, fields and lines used of every record with a quote in it, also where a field runs over several lines."""
    if odd.is_empty():
        return
    lines = dict(body.iter_rows())
    used: set[int] = set()
    for row, line in odd.iter_rows():
        if row in used:
            continue
        text, last = line, row
        while text.count('"') % 2 and last - row < LINES_OF_A_FIELD and last + 1 in lines:
            last += 1
            text += "\n" + lines[last]
        fields = _fields(text, separator)
        if fields is not None and len(fields) == width:
            used.update(range(row, last + 1))
            yield row, fields, list(range(row, last + 1))


def _fields(text: str, separator: str) -> list[str] | None:
    if text.count('"') % 2:
        return None
    try:
        records = list(csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 else None


def _from_quoted(rows: list[tuple[int, list[str], list[int]]], headings: list[str]) -> pl.DataFrame:
    schema = {ROW: pl.Int64, **dict.fromkeys(headings, pl.String)}
    return pl.DataFrame([(row, *fields) for row, fields, _ in rows], schema=schema, orient="row")
