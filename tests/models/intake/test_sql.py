"""An agency's database as a source: read-only, one snapshot, what is withdrawn disappears."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.errors import InputError
from config.in_force import Policy
from config.source_forms import Source
from models.intake import Intake, file_hashes, intake, load_source
from models.intake.sql import snapshot
from tests.models.intake.conftest import AS_OF, FIRMS, SOURCE

TABLES = """
create table firm (uscc text primary key, name text, kind text);
create table act (no text primary key, uscc text, item text, decided date, published date, fine numeric(12, 2),
                  severity text);
"""


@dataclass
class Agency:
    """A database of an agency and the folder that names it."""

    folder: Path
    run: Callable[[str], None]

    def take(self, policy: Policy) -> Intake:
        return intake(self.source, self.folder, secret=b"s" * 32, policy=policy, as_of=AS_OF)

    @property
    def source(self) -> Source:
        text = SOURCE.replace("files: firms.csv", "format: sql\n    query: select * from firm order by uscc")
        text = text.replace("files: penalties*.csv", "format: sql\n    query: select * from act order by no")
        (self.folder / "office.yaml").write_text(text, encoding="utf-8")
        return load_source(self.folder / "office.yaml")


def fill(run: Callable[[str], None]) -> None:
    for number, code in enumerate(FIRMS):
        run(f"insert into firm values ('{code}', 'Firm {number}', null)")
    for number in range(3):
        run(f"insert into act values ('{number}', '{FIRMS[0]}', 'price_fraud', '2026-01-05', null, 12.5, 'minor')")
    run(f"insert into act values ('9', '{FIRMS[1]}', 'bad_luck', '2026-01-05', '2026-01-06', -1, 'minor')")


@pytest.fixture
def sqlite(tmp_path: Path) -> Agency:
    database = sqlite3.connect(tmp_path / "agency.db", isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.executescript(TABLES)
    fill(lambda statement: database.execute(statement))
    (tmp_path / "connection.url").write_text("sqlite:///agency.db\n", encoding="utf-8")
    return Agency(tmp_path, lambda statement: database.execute(statement) and None)


@pytest.fixture
def postgres(tmp_path: Path) -> Agency:
    from tests.postgres.server import running

    with running() as server:
        url = server.new_database("agency")
        server.psql("agency", TABLES)
        fill(lambda statement: server.psql("agency", statement))
        (tmp_path / "connection.url").write_text(url, encoding="utf-8")
        yield Agency(tmp_path, lambda statement: server.psql("agency", statement))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def agency(request: pytest.FixtureRequest) -> Agency:
    return request.getfixturevalue(request.param)


def test_rows_are_checked_like_those_of_files(agency: Agency, policy: Policy) -> None:
    result = agency.take(policy)
    assert result.tables["records"].select("record_id", "act_date", "amount").rows() == [
        (f"market:{number}", AS_OF.replace(month=1, day=5), 1250) for number in range(3)
    ]
    assert result.rejected.select("file", "row", "rule").rows() == [("sql/1-records", 5, "unknown_item")]


def test_what_is_withdrawn_disappears_and_the_hash_tells(agency: Agency, policy: Policy) -> None:
    before = file_hashes(agency.source, agency.folder)
    assert before == {file.name: file.sha256 for file in agency.take(policy).files}
    agency.run("delete from act where no = '1'")
    assert agency.take(policy).tables["records"]["act_id"].to_list() == ["0", "2"]
    after = file_hashes(agency.source, agency.folder)
    assert after["sql/0-enterprises"] == before["sql/0-enterprises"]
    assert after["sql/1-records"] != before["sql/1-records"]


def test_one_snapshot_for_all_queries(agency: Agency) -> None:
    with snapshot(agency.folder) as database:
        first = database.read("a", "select no from act")[0].frame.height
        agency.run("delete from act")
        assert database.read("b", "select no from act")[0].frame.height == first
    with snapshot(agency.folder) as database:
        assert database.read("c", "select no from act")[0].frame.is_empty()


@pytest.mark.parametrize(
    "query", ["delete from act", "update act set fine = 0", "create table x (y int)", "select 1 +"]
)
def test_nothing_can_be_written(agency: Agency, policy: Policy, query: str) -> None:
    with pytest.raises(InputError, match="query fails"), snapshot(agency.folder) as database:
        database.read("q", query)
    assert agency.take(policy).tables["records"].height == 3


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (None, "no connection.url"),
        ("nonsense", "not a database address"),
        ("mysql://host/db", "mysql is not supported"),
        ("sqlite:///absent.db", "no database file absent.db"),
        ("sqlite:///agency\0.db", "not the name of a database file"),
        (f"sqlite:///{'a' * 5_000}.db", "not the name of a database file"),
        ("sqlite:///connection.url", "cannot be read|query fails"),
        ("postgresql://nobody@127.0.0.1:1/none?connect_timeout=2", "cannot be read"),
    ],
)
def test_addresses_that_lead_nowhere(sqlite: Agency, policy: Policy, address: str | None, words: str) -> None:
    path = sqlite.folder / "connection.url"
    path.unlink() if address is None else path.write_text(address, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        sqlite.take(policy)


def test_a_forbidden_field_in_a_query(sqlite: Agency) -> None:
    sqlite.run("alter table act add column religion text")
    with pytest.raises(InputError, match="religion"):
        sqlite.take(pytest.importorskip("config.policy").load_policy("market").at(AS_OF))
