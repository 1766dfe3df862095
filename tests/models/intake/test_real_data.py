"""The sources for ../shared/data: counts that the data itself gives, and nothing of after as_of."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from config.policy import load_policy
from models.intake import Intake, intake, load_source

pytestmark = pytest.mark.shared


def take(name: str, folder: Path, as_of: date) -> Intake:
    source = load_source(name)
    return intake(source, folder, secret=b"s" * 32, policy=load_policy(source.policy).at(as_of), as_of=as_of)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Processor time, which other work on the machine does not change."""
    begun = time.process_time()
    yield
    assert time.process_time() - begun < seconds


@pytest.fixture(scope="module")
def chicago(shared_data: Path) -> Intake:
    with within(5):
        return take("chicago", shared_data / "chicago", date(2014, 9, 1))


@pytest.fixture(scope="module")
def nyc(shared_data: Path) -> Intake:
    with within(8):
        return take("nyc", shared_data / "nyc", date(2015, 10, 1))


def test_chicago_has_every_licence_inspected_or_due(chicago: Intake, shared_data: Path) -> None:
    canvass = pl.read_parquet(shared_data / "chicago" / "canvass_inspections_to_2014-08.parquet")
    due = pl.read_csv(shared_data / "chicago" / "due_list_2014-09_to_12_no_results.csv.gz", infer_schema_length=None)
    wanted = {f"us-chi:{licence}" for licence in [*canvass["License"], *due["License"]]}
    register = chicago.tables["enterprises"]["enterprise_id"]
    assert set(register) == wanted
    assert register.n_unique() == len(register) == 12_367


def test_chicago_records_are_the_violations_of_a_class(chicago: Intake) -> None:
    records = chicago.tables["records"]
    assert records.height == 101_473 - 101  # without class "other"
    serious = records.filter(pl.col("severity") == "serious")["item"]
    assert set(serious) <= {f"v{code:02}" for code in range(1, 15)}
    assert chicago.rejected.is_empty()


def test_chicago_owners_tie_licences_and_are_not_named(chicago: Intake, shared_data: Path) -> None:
    links = chicago.tables["links"]
    canvass = pl.read_parquet(shared_data / "chicago" / "canvass_inspections_to_2014-08.parquet")
    assert links["enterprise_id"].n_unique() == links.height == 12_367
    assert links.group_by("person_key").len()["len"].max() > 1000  # the schools
    assert set(links["person_key"]).isdisjoint(canvass["owner_key"])


def test_chicago_shows_nothing_of_later(shared_data: Path) -> None:
    day = date(2013, 3, 1)
    early = take("chicago", shared_data / "chicago", day)
    assert early.tables["enterprises"].height == 12_367  # licences are due before they have a history
    assert early.tables["records"]["act_date"].max() <= day
    assert early.tables["visits"]["visit_date"].max() <= day
    assert early.tables["indicators"]["period_end"].max() <= day
    assert early.tables["links"]["from_date"].max() <= day
    assert early.tables["enterprises"]["registered_on"].max() <= day


def test_nyc_counts(nyc: Intake, shared_data: Path) -> None:
    inspections = pl.read_parquet(shared_data / "nyc" / "inspections_to_2015-09.parquet")
    due = pl.read_csv(shared_data / "nyc" / "due_list_2015Q4_no_results.csv")
    register = set(nyc.tables["enterprises"]["enterprise_id"])
    assert register == {f"us-nyc:{camis}" for camis in [*inspections["camis"], *due["camis"]]}
    assert nyc.tables["visits"].height == inspections.height
    closed = nyc.tables["records"].filter(pl.col("item") == "closed_by_department")
    assert closed.height == inspections["closed"].sum()
    assert nyc.rejection_per_mille == 0


def test_polish_tax_numbers_that_fail_their_check_are_refused(shared_data: Path) -> None:
    from stdnum.pl import nip

    result = take("pl_contractors", shared_data / "procurement", date(2026, 5, 1))
    assert set(result.rejected["rule"]) == {"identifier"}
    assert not any(nip.is_valid(value) for value in result.rejected["value"])
    assert result.tables["enterprises"].height + result.rejected.height == 15_099


def test_importers_with_their_frauds(shared_data: Path) -> None:
    result = take("customs_kr", shared_data / "customs", date(2021, 1, 1))
    train = pl.read_csv(shared_data / "customs" / "df_syn_train_eng.csv", infer_schema_length=None)
    assert result.tables["records"].filter(pl.col("act_date") < date(2021, 1, 1)).height == train["Fraud"].sum()
    assert result.tables["records"]["act_date"].max() <= date(2021, 1, 1)
    assert result.rejected.is_empty()
