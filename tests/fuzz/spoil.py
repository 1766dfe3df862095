"""From bytes to a hostile file: either the bytes themselves, or a good file spoilt by what the bytes say.

Blind changes of a workbook or a YAML file die at the first parser; changes of cells and values get further in.
"""

from __future__ import annotations

import contextlib
import copy
import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import polars as pl
import yaml
from atheris import FuzzedDataProvider  # type: ignore[import-untyped]
from lxml import etree
from openpyxl.utils.exceptions import IllegalCharacterError

Spoil = Callable[[bytes, FuzzedDataProvider], bytes]

ODD_TEXTS = (
    "", " ", "x", "NaN", "inf", "-1", "1e999", "9" * 40, "2026-02-30", "0000-00-00", "10000-01-01", "2026-11-01",
    "２０２６", "#N/A", "=1+1", "\ufeff", "\u200b", "a\nb", 'a"b', "a,b", "a;b", "\x00", "\U0001f600", "合计",
    "../../x", "true", "null", "2026-11-01T25:00:00Z", "2026-11-01T00:00:00Z", "0.1", "-0", "1/0", "½", "\ud7ff",
    "A" * 5000,
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 0.1, -0.0, 1e308, float("nan"), float("inf"), [], {}, [None],
    [{}], [[]], {"id": None}, {"": ""}, {"value": None}, [1, 1], date(2026, 2, 28), date(1, 1, 1), date(9999, 12, 31),
)  # fmt: skip


def text(fdp: FuzzedDataProvider) -> str:
    """An odd text, or one of the bytes' own."""
    if fdp.ConsumeBool():
        return str(fdp.PickValueInList(list(ODD_TEXTS)))
    return str(fdp.ConsumeUnicodeNoSurrogates(12))


def value(fdp: FuzzedDataProvider) -> Any:
    """An odd value for a place in a tree."""
    return fdp.PickValueInList(list(ODD_VALUES)) if fdp.ConsumeBool() else text(fdp)


def raw(_: bytes, fdp: FuzzedDataProvider) -> bytes:
    """The bytes themselves."""
    return bytes(fdp.ConsumeBytes(fdp.remaining_bytes()))


def splice(good: bytes, fdp: FuzzedDataProvider) -> bytes:
    """A few places of the good file overwritten, cut out, doubled or cut off."""
    for _ in range(fdp.ConsumeIntInRange(1, 4)):
        at = fdp.ConsumeIntInRange(0, len(good))
        junk = bytes(fdp.ConsumeBytes(fdp.ConsumeIntInRange(0, 16)))
        how = fdp.ConsumeIntInRange(0, 3)
        skip = (len(junk), 0, 40, len(good))[how]
        good = good[:at] + junk + good[at + skip :]
    return good


def tree(good: bytes, fdp: FuzzedDataProvider, load: Callable[[bytes], Any], dump: Callable[[Any], str]) -> bytes:
    """Values of a tree replaced, keys renamed or taken away, branches put elsewhere."""
    root = load(good)
    for _ in range(fdp.ConsumeIntInRange(1, 4)):
        places = list(_places(root))
        if not places:
            break
        parent, key = fdp.PickValueInList(places)
        how = fdp.ConsumeIntInRange(0, 4)
        if how == 0:
            del parent[key]
        elif how == 1 and isinstance(parent, dict):
            parent[text(fdp)] = parent.pop(key)
        elif how == 2 and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[key]))
        else:
            parent[key] = copy.deepcopy(value(fdp))  # else a branch put into itself grows from input to input
    return dump(root).encode("utf-8", "surrogatepass")


def _places(root: Any) -> Any:
    inner = root.items() if isinstance(root, dict) else enumerate(root) if isinstance(root, list) else ()
    for key, child in list(inner):
        yield root, key
        yield from _places(child)


def json_tree(good: bytes, fdp: FuzzedDataProvider) -> bytes:
    return tree(good, fdp, json.loads, lambda root: json.dumps(root, ensure_ascii=False, default=str))


def yaml_tree(good: bytes, fdp: FuzzedDataProvider) -> bytes:
    return tree(good, fdp, yaml.safe_load, lambda root: yaml.safe_dump(root, allow_unicode=True))


def csv_cells(good: bytes, fdp: FuzzedDataProvider) -> bytes:
    """Cells, headings and lines of a CSV (UTF-8, comma) changed."""
    rows = list(csv.reader(io.StringIO(good.decode("utf-8-sig"), newline="")))
    for _ in range(fdp.ConsumeIntInRange(1, 5)):
        row = fdp.ConsumeIntInRange(0, len(rows) - 1)
        how = fdp.ConsumeIntInRange(0, 4)
        if how == 0:
            rows[row].append(text(fdp))
        elif how == 1:
            rows.insert(row, list(rows[row]))
        elif how == 2 and rows[row]:
            rows[row].pop()
        elif rows[row]:
            rows[row][fdp.ConsumeIntInRange(0, len(rows[row]) - 1)] = text(fdp)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def workbook_cells(good: bytes, fdp: FuzzedDataProvider) -> bytes:
    """Cells of a workbook changed, rows and columns and sheets moved, by openpyxl."""
    book = openpyxl.load_workbook(io.BytesIO(good))
    for _ in range(fdp.ConsumeIntInRange(1, 4)):
        page = fdp.PickValueInList(book.worksheets)
        how = fdp.ConsumeIntInRange(0, 7)
        at = fdp.ConsumeIntInRange(1, max(1, page.max_row))
        if how == 0:
            page.delete_rows(at)
        elif how == 1:
            page.insert_rows(at)
        elif how == 2:
            page.delete_cols(fdp.ConsumeIntInRange(1, max(1, page.max_column)))
        elif how == 3:
            page.title = f"s{at}"
        elif how == 4 and len(book.worksheets) > 1:
            book.remove(page)
        else:
            _put(page, at, fdp.ConsumeIntInRange(1, max(1, page.max_column)), value(fdp))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _put(page: Any, row: int, column: int, given: Any) -> None:
    with contextlib.suppress(ValueError, TypeError, AttributeError, IllegalCharacterError):
        etree.Element("v").text = str(given)  # what no file can hold, e.g. U+FFFF: openpyxl would fail on saving
        page.cell(row, column).value = given


def workbook_parts(good: bytes, fdp: FuzzedDataProvider) -> bytes:
    """The XML inside a workbook spliced, whatever openpyxl would have written."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = fdp.PickValueInList(sorted(parts))
    parts[name] = splice(parts[name], fdp)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return out.getvalue()


TYPES = (
    pl.String,
    pl.Int64,
    pl.Int8,
    pl.Float64,
    pl.Date,
    pl.Datetime,
    pl.Boolean,
    pl.Binary,
    pl.List(pl.Int64),
    pl.Null,
)


def parquet_columns(good: bytes, fdp: FuzzedDataProvider) -> bytes:
    """Columns of another type, renamed, missing, or without rows."""
    frame = pl.read_parquet(io.BytesIO(good))
    for _ in range(fdp.ConsumeIntInRange(1, 3)):
        if not frame.width:
            break
        name = fdp.PickValueInList(frame.columns)
        how = fdp.ConsumeIntInRange(0, 4)
        if how == 0:
            frame = frame.drop(name)
        elif how == 1:
            frame = frame.clear()
        elif how == 2 and (new := text(fdp)) not in frame.columns:
            frame = frame.rename({name: new})
        else:
            odd = fdp.PickValueInList(list(TYPES))
            frame = frame.with_columns(pl.Series(name, [None] * frame.height, dtype=odd))
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()
