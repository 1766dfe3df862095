"""A tender kept in Excel or CSV (one row per bidder and lot) → the same case as from OCDS.

Excel: sheets named as in `sheet_columns` (Chinese or English), a title may stand above the headings. CSV: the file
given holds the bids, its folder tender.csv, criteria.csv and lots.csv. Members and subcontractors: "code name share".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import polars as pl

from config.errors import InputError
from models.intake.raw import readable
from models.tender import amounts
from models.tender.case import TenderCase
from models.tender.ocds import cases_of, read_ocds
from models.tender.sheet_columns import (
    BIDS,
    CRITERIA,
    FORMULAS,
    KINDS,
    LOTS,
    SCORE,
    SHEETS,
    STATUS,
    TENDER,
    SheetTable,
    fold,
)
from models.tender.sheet_headings import TITLE_ROWS, below_title, our_name, strange

Row = dict[str, str]


def read_tenders(path: Path, *, schemas: Path | None = None) -> list[TenderCase]:
    """Tenders of an OCDS package (.json), a workbook (.xlsx) or a CSV file; InputError names place and remedy."""
    if path.suffix.lower() == ".json":
        return read_ocds(path, schemas=schemas)
    return [read_bid_sheet(path)]


def read_bid_sheet(path: Path) -> TenderCase:
    """The tender of a workbook or CSV file; rows are counted as the office sees them (heading = row 1)."""
    tables = _excel(path) if path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".ods") else _csv(path)
    bids = tables["bids"]
    release = _release(path, tables)
    (case,) = cases_of({"version": "1.1", "releases": [release]}, str(path))
    rows = [replace(bid, path=f"{BIDS.zh} row {int(row['__row'])}") for bid, row in zip(case.bids, bids, strict=True)]
    return replace(case, bids=tuple(rows), file=str(path))


def _release(path: Path, tables: Mapping[str, list[Row]]) -> dict[str, Any]:
    head = {fold(row.get("key", "")): row.get("value", "") for row in tables["tender"]}
    lots = tables["lots"] or [{"id": "1", "title": head.get("title", "")}]
    currency = head.get("currency") or "CNY"
    tender: dict[str, Any] = {
        "id": head.get("id") or path.stem,
        "title": head.get("title") or path.stem,
        "value": {"currency": currency},
        "lots": [_lot(path, row, currency) for row in lots],
        "criteria": [_criterion(row) for row in tables["criteria"]],
    }
    if own := strange([key for row in tables["bids"][:1] for key in row if key != "__row"], BIDS):
        tender["ownColumns"] = own
    times = {name: _time(path, head[name], name) for name in ("deadline", "opening") if head.get(name)}
    if "deadline" in times:
        tender["tenderPeriod"] = {"endDate": times["deadline"].isoformat()}
    if "opening" in times:
        tender["bidOpening"] = {"date": times["opening"].isoformat()}
    zone = next((time.tzinfo for time in times.values() if time.tzinfo), None) or UTC
    if head.get("maxlots"):
        tender["lotDetails"] = {"maximumLotsAwardedPerSupplier": _count(path, head["maxlots"])}
    if head.get("lotrule"):
        tender["lotRule"] = head["lotrule"]
    if head.get("tierule"):
        tender["tieRule"] = [part.strip() for part in head["tierule"].replace("，", ",").split(",")]
    parties: dict[str, dict[str, Any]] = {}
    details = [_bid(path, row, parties, currency, lots[0]["id"], zone) for row in tables["bids"]]
    return {
        "ocid": head.get("ocid") or f"local-{tender['id']}",
        "id": f"{tender['id']}-bids",
        "date": head.get("opening") or head.get("deadline") or "1970-01-01T00:00:00Z",
        "tag": ["tender"],
        "initiationType": "tender",
        "buyer": {"name": head.get("buyer", "")},
        "parties": list(parties.values()),
        "tender": tender,
        "bids": {"details": details},
    }


def _lot(path: Path, row: Row, currency: str) -> dict[str, Any]:
    lot: dict[str, Any] = {"id": row["id"], "title": row.get("title", "")}
    if row.get("ceiling"):
        lot["value"] = {"amount": _number(path, row, "ceiling"), "currency": currency}
    return lot


def _criterion(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {key: value for key, value in row.items() if value and not key.startswith("__")}
    found["kind"] = next((code for zh, code in KINDS.items() if row.get("kind", "").startswith(zh)), row.get("kind"))
    if "formula" in found:
        found["formula"] = FORMULAS.get(found["formula"], found["formula"])
    if "reads" in found:
        found["reads"] = [part.strip() for part in found["reads"].replace("，", ",").split(",")]
    return found


def _bid(
    path: Path, row: Row, parties: dict[str, dict[str, Any]], currency: str, only_lot: str, zone: tzinfo
) -> dict[str, Any]:
    members = _firms(path, row, "members", parties) or [_single(row, parties)]
    bid: dict[str, Any] = {
        "id": row.get("bid") or f"row-{row['__row']}",
        "relatedLots": [row.get("lot") or only_lot],
        "status": STATUS.get(row.get("status", ""), row.get("status") or "pending"),
        "tenderers": members,
        "scores": _scores(path, row),
    }
    if row.get("received"):
        bid["date"] = _moment(path, row, zone)
    if row.get("price"):
        bid["value"] = {"amount": _number(path, row, "price"), "currency": row.get("currency") or currency}
    contracts = _firms(path, row, "subcontractors", parties)
    if contracts:
        listed = [
            {"id": str(place), "subcontractor": {"id": c["id"], "name": c["name"]}, "percentage": c.get("share")}
            for place, c in enumerate(contracts, start=1)
        ]
        bid["subcontracting"] = {"subcontracts": listed}
    return bid


def _single(row: Row, parties: dict[str, dict[str, Any]]) -> dict[str, Any]:
    name, code = row["bidder"], row.get("code", "")
    party = _party(code, name, row.get("scheme") or "CN-USCC", parties)
    address = {key: row[at] for key, at in (("region", "region"), ("country", "country")) if row.get(at)}
    details = {key: row[at] for key, at in (("scale", "size"), ("ownership", "ownership")) if row.get(at)}
    party |= {key: value for key, value in (("address", address), ("details", details)) if value}
    return {"id": party["id"], "name": party["name"]}


def _firms(path: Path, row: Row, column: str, parties: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """ "code name share; …" → references with shares."""
    found = []
    for part in row.get(column, "").replace("；", ";").split(";"):
        words = part.split()
        if not words:
            continue
        if len(words) < 2:
            raise _refuse(path, row, column, f"{part.strip()!r} is not 'code name share'", "write code, name and share")
        share = words[-1] if len(words) > 2 or words[-1].rstrip("%％").replace(".", "").isdigit() else None
        name = " ".join(words[1:-1] if share else words[1:]) or words[0]
        party = _party(words[0], name, row.get("scheme") or "CN-USCC", parties)
        found.append(
            {"id": party["id"], "name": party["name"]} | ({"share": _share(path, row, column, share)} if share else {})
        )
    return found


def _party(code: str, name: str, scheme: str, parties: dict[str, dict[str, Any]]) -> dict[str, Any]:
    party_id = f"{scheme}-{code}" if code else name
    identifier = {"identifier": {"scheme": scheme, "id": code, "legalName": name}} if code else {}
    return parties.setdefault(party_id, {"id": party_id, "name": name, "roles": ["tenderer"]} | identifier)


def _scores(path: Path, row: Row) -> list[dict[str, Any]]:
    found = []
    for heading, value in row.items():
        criterion, at, judge = heading.partition(SCORE)
        if at and value:
            points = _number(path, row, heading)
            found.append({"criterion": criterion.strip(), "judge": judge.strip(), "points": points})
    return found


def _number(path: Path, row: Row, column: str) -> float:
    try:
        return float(amounts.decimal(row[column]))
    except ValueError as error:
        raise _refuse(path, row, column, str(error), "correct the cell") from error


def _count(path: Path, text: str) -> int:
    try:
        return int(amounts.decimal(text))
    except ValueError as error:
        message = f"{TENDER.zh}: the most lots of a bidder: {error}."
        raise InputError(message, file=str(path), rule="sheet", remedy="write a whole number") from error


def _share(path: Path, row: Row, column: str, text: str) -> float:
    try:
        return float(amounts.share(text))
    except ValueError as error:
        raise _refuse(path, row, column, str(error), "write the share as 60%") from error


def _time(path: Path, text: str, name: str) -> datetime:
    try:
        return amounts.moment(text)
    except ValueError as error:
        remedy = "write the time as 2025-09-01T09:00:00+08:00"
        raise InputError(f"{name}: {error}.", file=str(path), rule="sheet", remedy=remedy) from error


def _moment(path: Path, row: Row, zone: tzinfo) -> str:
    """A time as the office's clock shows it: without a zone it is one of the deadline's."""
    try:
        return amounts.moment(row["received"], zone).isoformat()
    except ValueError as error:
        raise _refuse(path, row, "received", str(error), "write the time as 2025-09-01T09:00:00+08:00") from error


def _refuse(path: Path, row: Row, column: str, message: str, remedy: str) -> InputError:
    return InputError(
        f"column {column}: {message}.", file=str(path), row=int(row["__row"]), rule="sheet", remedy=remedy
    )


def _excel(path: Path) -> dict[str, list[Row]]:
    import fastexcel

    if not path.is_file():
        raise InputError("no such file.", file=str(path), remedy="give the path of a workbook")
    with readable(str(path), "workbook", "save it as xlsx"):
        book = fastexcel.read_excel(path)
    found = {}
    for table in SHEETS:
        wanted = {fold(table.name), fold(table.zh), fold(f"{table.zh} {table.name}")}
        sheet = next((name for name in book.sheet_names if fold(name) in wanted), None)
        if sheet is None and table in (BIDS, CRITERIA):
            raise InputError(f"no sheet {table.zh} / {table.name}.", file=str(path), remedy="add or rename the sheet")
        with readable(str(path), "workbook", "save it as xlsx"):
            frame = pl.DataFrame() if sheet is None else book.load_sheet(sheet, dtypes="string").to_polars()
        found[table.name] = _rows(path, table, frame)
    return found


def _csv(path: Path) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for table in SHEETS:
        file = path if table is BIDS else path.with_name(f"{table.name}.csv")
        if not file.is_file():
            if table in (BIDS, CRITERIA):
                raise InputError("no such file.", file=str(file), remedy=f"put {table.name}.csv beside the bids")
            found[table.name] = []
            continue
        try:
            frame = pl.read_csv(file, infer_schema_length=0, encoding=_encoding(file))
        except (pl.exceptions.PolarsError, UnicodeError) as error:
            raise InputError(
                f"not a readable CSV file ({error}).", file=str(file), remedy="save it as UTF-8"
            ) from error
        found[table.name] = _rows(file, table, frame)
    return found


def _encoding(path: Path) -> str:
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf8"


def _rows(path: Path, table: SheetTable, frame: pl.DataFrame) -> list[Row]:
    """Rows with our column names; empty lines are left out, the office's row number is kept."""
    names = table.names_of()
    frame, first = below_title(frame, table)
    columns = {heading: our_name(heading, names) or heading.strip() for heading in frame.columns}
    missing = [c.zh for c in table.columns if c.needed and c.name not in columns.values()]
    if missing and (frame.width or table in (BIDS, CRITERIA)):
        raise InputError(
            f"{table.zh} lacks the column {', '.join(missing)}.",
            file=str(path),
            rule="heading",
            remedy=f"add the column, or put the headings into one of the first {TITLE_ROWS} rows",
        )
    found = []
    for place, values in enumerate(frame.iter_rows(), start=first):
        row = {
            name: (value or "").strip().removeprefix("'") for name, value in zip(columns.values(), values, strict=True)
        }
        if any(row.values()):
            found.append(row | {"__row": str(place)})
    if table is LOTS:
        return [row for row in found if row.get("id")]
    return found
