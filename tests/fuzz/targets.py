"""The readers, each with good files, the ways to spoil them, and what it promises."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from atheris import FuzzedDataProvider  # type: ignore[import-untyped]

from config.errors import EvenhandError
from config.policy import load_policy
from exports.bid_list import write_bid_list
from exports.consignment_return import collect_day
from exports.consignment_sheet import write_day
from exports.outcome_form import collect_file
from exports.registers import write_registers
from exports.roster import write_rosters
from models.consignment.customs import read_customs
from models.consignment.day import day_seed
from models.consignment.debt import debts
from models.consignment.files import carried_by, load_day, read_declarations, read_offices, save_day
from models.consignment.publication import publish_evening, publish_morning, verify_published
from models.consignment.results import TOLD
from models.consignment.terms import DayPlan
from models.inspection import load_plan, make_plan, verify_draw
from models.intake import intake, load_source
from models.intake.csv_text import read_csv
from models.intake.sheets import read_sheet
from models.intake.source import SOURCES
from models.intake.sql import snapshot
from models.intake.tables import read_parquet
from models.store.heads import read_anchor
from models.tender.ocds import read_ocds
from models.tender.sheet import read_tenders
from tests.config.small_pack import write_pack
from tests.exports.world import World, make_world
from tests.fuzz import spoil
from tests.fuzz.spoil import Spoil
from tests.models.consignment import morning
from tests.models.inspection.world import world as inspection_world
from tests.models.intake.conftest import AS_OF, FIRMS, GOOD, HEAD, SECRET, SOURCE
from tests.models.intake.test_sql import TABLES
from tests.models.tender import build

Files = Mapping[str, bytes]
DAY = date(2026, 7, 1)


@dataclass(frozen=True)
class Target:
    """One reader. `good`: files of a folder it reads well, spoilt in the ways of their ending."""

    good: Callable[[], Files]
    read: Callable[[Path], object]
    victims: frozenset[str] = frozenset()  # only these are spoilt; empty: each of them may be
    writes: frozenset[str] = frozenset()  # names a successful read may leave


def attack(target: Target, data: bytes) -> object:
    """Spoil as `data` says, read, and hold the reader to its promise; what it came to, None where it was refused.

    Raises AssertionError for a promise not kept; anything undeliberate goes through.
    """
    fdp = FuzzedDataProvider(data)
    files = dict(target.good())
    victim = fdp.PickValueInList(sorted(target.victims or files))
    files[victim] = fdp.PickValueInList(list(WAYS[victim.rpartition(".")[2]]))(files[victim], fdp)
    return hold(target, files)


def hold(target: Target, files: Files) -> object:
    """Read these files and hold the reader to its promise."""
    with tempfile.TemporaryDirectory(prefix="evenhand-fuzz-") as name:
        folder = Path(name)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        before = _state(folder)
        try:
            found = target.read(folder)
        except EvenhandError as refused:
            _told(refused)
            assert _state(folder) == before, "a refused file left something behind"
            return None
        after = _state(folder)
        assert {path for path in after if after[path] != before.get(path)} <= target.writes, "it wrote elsewhere"
        assert set(before) <= set(after), "it removed a file"
        return found if found is not None else True


def _told(refused: EvenhandError) -> None:
    assert refused.message.strip(), "an error that says nothing"


def _state(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def made(write: Callable[[Path], object]) -> Files:
    """The files that a function writes into a folder."""
    with tempfile.TemporaryDirectory(prefix="evenhand-fuzz-") as name:
        write(Path(name))
        return {path: content for path, content in _state(Path(name)).items() if not path.startswith(".")}


TEXT: tuple[Spoil, ...] = (spoil.raw, spoil.splice)
WAYS: dict[str, tuple[Spoil, ...]] = {
    **dict.fromkeys(("txt", "sql", "url", "db"), TEXT),
    "csv": (*TEXT, spoil.csv_cells),
    "json": (*TEXT, spoil.json_tree),
    "yaml": (*TEXT, spoil.yaml_tree, spoil.yaml_tree),
    "parquet": (*TEXT, spoil.parquet_columns),
    "xlsx": (*TEXT, spoil.workbook_parts, spoil.workbook_cells, spoil.workbook_cells),
}

FIRM_LINES = "".join(f"{code},Firm {number},\n" for number, code in enumerate(FIRMS))
OFFICE = {
    "office.yaml": SOURCE.encode(),
    "firms.csv": f"uscc,name,kind\n{FIRM_LINES}".encode(),
    "penalties.csv": f"{HEAD}\n{GOOD}\n{GOOD.replace('1,', '2,', 1)}\n".encode(),
    "heads.csv": f"person,uscc,from\np1,{FIRMS[0]},2020-01-01\n".encode(),
}


@cache
def _market() -> Any:
    return load_policy("market").at(AS_OF)


def _take_in(folder: Path) -> None:
    result = intake(load_source(folder / "office.yaml"), folder, secret=SECRET, policy=_market(), as_of=AS_OF)
    for file in result.files:
        assert file.rows >= file.rejected, "more rows refused than there are"
    known = result.tables["enterprises"]["enterprise_id"].implode()
    assert result.tables["records"]["enterprise_id"].is_in(known).all(), "a record of no enterprise"


@cache
def _registers() -> Files:
    """A generated delivery: every table the project knows, decisions and inspectors among them."""
    return made(lambda folder: write_registers(folder / "d", 15, 1, date(2026, 6, 30)))


def _take_delivery(folder: Path) -> None:
    form = load_source("generated").model_copy(update={"rejection_limit_per_mille": 1000})
    result = intake(form, folder / "d", secret=SECRET, policy=_market(), as_of=AS_OF)
    for file in result.files:
        assert file.rows >= file.rejected, "more rows refused than there are"


def _csv(folder: Path) -> None:
    for encoding, separator in (("utf-8", ","), ("gb18030", ";")):
        try:
            read_csv("f", (folder / "f.csv").read_bytes(), encoding=encoding, separator=separator)
        except EvenhandError:
            if separator == ";":
                raise


@cache
def _database() -> bytes:
    with tempfile.TemporaryDirectory(prefix="evenhand-fuzz-") as name:
        database = sqlite3.connect(Path(name) / "agency.db")
        database.executescript(TABLES)
        database.execute("insert into act values ('1', 'u', 'price_fraud', '2026-01-05', null, 12.5, 'minor')")
        database.commit()
        database.close()
        return (Path(name) / "agency.db").read_bytes()


def _sql(folder: Path) -> None:
    query = (folder / "query.sql").read_bytes().decode("utf-8", "replace")
    with snapshot(folder) as shot:
        shot.read("query", query)


@cache
def _pack() -> Files:
    return made(lambda folder: write_pack(folder))


def _policy(folder: Path) -> None:
    for day in (date(2024, 6, 1), date(2026, 6, 1)):
        load_policy(folder / _pack_folder()).at(day)


@cache
def _pack_folder() -> str:
    return next(iter(_pack())).rpartition("/")[0]


@cache
def _tender() -> Any:
    bids = [
        {"firm": "a", "lot": 1, "price": 100, "technical": [30], "business": [10]},
        {"members": {"b": 0.5, "c": 0.5}, "lot": 1, "price": 110, "technical": [31], "business": [9]},
        {"firm": "a", "lot": 2, "price": 120, "technical": [32], "business": [8], "subcontractors": ["d"]},
    ]
    return {
        "lots": {"1": 500, "2": 600},
        "limit": 1,
        "price": {"formula": "benchmark", "mix": 0.5, "trim_from": 3},
    }, bids


@cache
def _release() -> Files:
    return {"t.json": json.dumps(build.package(*_tender())).encode()}


@cache
def _sheets(name: str) -> Files:
    return made(lambda folder: write_bid_list(build.case_of(*_tender()), folder / name))


@cache
def _world() -> World:
    return make_world(20, 1)


@cache
def _roster() -> Files:
    world = _world()

    def write(folder: Path) -> None:
        paths = write_rosters(world.plan, world.enterprises, world.inspectors, world.policy, world.facts, folder)
        paths[0].rename(folder / "roster.xlsx")

    return {"roster.xlsx": made(write)["roster.xlsx"]}


def _collect(folder: Path) -> None:
    world = _world()
    path, answer = folder / "roster.xlsx", folder / "answer.xlsx"
    collect_file(path, world.plan.visits, world.policy, DAY, answer=answer)
    assert answer.is_file(), "no answer"


@cache
def _listed() -> DayPlan:
    return morning.planned(morning.declarations(40))


@cache
def _list() -> Files:
    return made(lambda folder: write_day(_listed(), morning.policy(), folder / "list.xlsx", run="r1"))


def _collect_list(folder: Path) -> None:
    plan, answer = _listed(), folder / "answer.xlsx"
    firms = plan.chosen["enterprise_id"]
    collect_day(folder / "list.xlsx", plan, morning.policy(), DAY, enterprises=firms, answer=answer)
    assert answer.is_file(), "no answer"


@cache
def _plan() -> Files:
    return made(lambda folder: make_plan(inspection_world(n=60, inspectors=6)).save(folder / "plan"))


@cache
def _day() -> Files:
    def write(folder: Path) -> None:
        plan = morning.planned(morning.declarations(40))
        save_day(plan, folder / "day", debts(TOLD.to_frame()))
        publish_morning(plan, folder / "published")
        publish_evening(folder / "published", day_seed(morning.SEED, plan.day))

    return made(write)


DECLARATIONS = b"declaration_id,office,uscc,examination,risk,must\n1,DDG,91X,scan,5,\n2,DDG,91Y,full,,rule\n"
CUSTOMS = (
    b"Declaration ID,Date,Office ID,Importer ID,HS6 Code,Mode of Transport,Item Price,Tax Rate,Fraud,Critical Fraud\n"
    b"1,2020-01-01,10,AB1,030617,10,1234.5,8.0,0,0\n2,2020-01-02,10,AB2,851712,40,99,0,1,1\n"
)
ANCHOR = {
    "results": {"log": "results", "size": 3, "root": "aa", "at": "2026-01-01T00:00:00.000000Z", "public_key": "bb",
                "signature": "cc"}
}  # fmt: skip


@cache
def _book() -> Files:
    import io

    import openpyxl

    book = openpyxl.Workbook()
    for row in (["no", "uscc", "fine"], *([str(n), FIRMS[n % 3], n / 7] for n in range(8))):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return {"f.xlsx": out.getvalue()}


@cache
def _table() -> Files:
    import io

    out = io.BytesIO()
    pl.DataFrame({"a": range(50), "b": [str(n) for n in range(50)], "c": [date(2026, 1, 1)] * 50}).write_parquet(out)
    return {"f.parquet": out.getvalue()}


def _raw(read: Callable[..., object], name: str, **options: Any) -> Callable[[Path], object]:
    return lambda folder: read("f", (folder / name).read_bytes(), **options)


def _file(name: str, content: bytes, read: Callable[[Path], object]) -> Target:
    """A reader of one file."""
    return Target(lambda: {name: content}, lambda folder: read(folder / name))


@cache
def _agency() -> Files:
    return {"agency.db": _database(), "connection.url": b"sqlite:///agency.db\n", "query.sql": b"select * from act"}


PLAIN = "absences conflicts decisions enterprises indicators inspectors lists must_visits representatives visits"
DELIVERED = frozenset(f"d/{name}.csv" for name in PLAIN.split())  # the UTF-8 ones
TARGETS: dict[str, Target] = {
    "csv": Target(lambda: {"f.csv": OFFICE["penalties.csv"]}, _csv),
    "excel": Target(_book, _raw(read_sheet, "f.xlsx", sheet=None)),
    "parquet": Target(_table, _raw(read_parquet, "f.parquet")),
    "sql": Target(_agency, _sql),
    "intake": Target(lambda: OFFICE, _take_in, frozenset(OFFICE) - {"office.yaml"}),
    "delivery": Target(_registers, _take_delivery, DELIVERED),
    "source": _file("s.yaml", (SOURCES / "generated.yaml").read_bytes(), load_source),
    "source-used": Target(lambda: OFFICE, _take_in, frozenset({"office.yaml"})),
    "policy": Target(_pack, _policy),
    "ocds": Target(_release, lambda f: read_ocds(f / "t.json")),
    "tender-book": Target(lambda: _sheets("t.xlsx"), lambda f: read_tenders(f / "t.xlsx")),
    "tender-csv": Target(lambda: _sheets("t.csv"), lambda f: read_tenders(f / "t.csv")),
    "roster": Target(_roster, _collect, writes=frozenset({"answer.xlsx"})),
    "list": Target(_list, _collect_list, writes=frozenset({"answer.xlsx"})),
    "declarations": _file("d.csv", DECLARATIONS, read_declarations),
    "offices": _file("o.csv", b"office,examination,minutes\nDDG,scan,480\n", read_offices),
    "customs": _file("c.csv", CUSTOMS, lambda path: read_customs([path])),
    "plan": Target(_plan, lambda f: (load_plan(f / "plan"), verify_draw(f / "plan"))),
    "day": Target(_day, lambda f: (load_day(f / "day"), carried_by(f / "day"), verify_published(f / "published"))),
    "anchor": _file("a.json", json.dumps(ANCHOR).encode(), lambda path: [h.holds() for h in read_anchor(path)]),
}
