"""Backtests of a made-up town where the truth is known, and the figures promised on the real ones."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from config.errors import PolicyError, UsageError
from config.outcome import OutcomeForm
from config.policy import PolicyBook, load_policy
from models.backtest import BacktestReport, backtest, run_backtest
from models.backtest.origins import known_before, origins
from models.backtest.outcomes import outcomes
from models.records import TABLES

SHARED = Path(__file__).parents[4] / "shared" / "data"
START, EVERY = date(2024, 7, 1), 30
STARTS = [START + timedelta(days=EVERY * k) for k in range(3)]
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not there")


def town(foretells: float, seed: int = 1, firms: int = 150) -> dict[str, pl.DataFrame]:
    """Restaurants visited every month; bad ones are found out often, and `foretells` of findings come from them."""
    rng = np.random.default_rng(seed)
    bad = rng.random(firms) < 0.3
    visits, records = [], []
    for month in range(9):
        for firm in range(firms):
            day = date(2024, 1, 1) + timedelta(days=30 * month + int(rng.integers(0, 30)))
            chance = 0.2 + 0.5 * foretells if bad[firm] else 0.2 - 0.15 * foretells
            visits.append((firm, day, bool(rng.random() < chance)))
    for number, (firm, day, found) in enumerate(visits):
        if found:
            records.append(
                {"record_id": f"r{number}", "enterprise_id": f"x:{firm}", "item": "v03", "act_id": str(number)}
                | {"act_date": day, "known_on": day, "severity": "serious", "agency": "a"}
            )
    tables = {name: pl.DataFrame(schema=schema) for name, schema in TABLES.items()}
    tables["records"] = _filled("records", records)
    tables["visits"] = _filled(
        "visits",
        [
            {"visit_id": f"v{number}", "enterprise_id": f"x:{firm}", "visit_date": day, "purpose": "statutory"}
            | {"inspectors": ["red" if firm % 2 else "blue"], "result": "problem" if found else "no_problem"}
            for number, (firm, day, found) in enumerate(visits)
        ],
    )
    tables["enterprises"] = _filled(
        "enterprises", [{"enterprise_id": f"x:{firm}", "region": f"w{firm % 3}"} for firm in range(firms)]
    )
    return tables


def _filled(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    empty = dict.fromkeys(TABLES[name].names())
    return pl.DataFrame([{**empty, **row} for row in rows], schema=TABLES[name])


@pytest.fixture(scope="module")
def book() -> PolicyBook:
    return load_policy("food-chicago")


def looked(tables: dict[str, pl.DataFrame], book: PolicyBook, **kwargs: object) -> BacktestReport:
    return backtest(lambda day: known_before(tables, day), book, STARTS, EVERY, seed=b"s", resamples=40, **kwargs)  # type: ignore[arg-type]


def test_where_the_past_foretells_the_rating_finds_it(book: PolicyBook) -> None:
    report = looked(town(1.0), book)
    assert report.figure("auc") > 0.75
    assert report.figure("days_earlier_than_random") > 3
    assert report.figure("days_earlier_than_random_within_team") > 3
    assert report.windows["days_earlier_than_random"].min() > 0  # type: ignore[operator]
    assert report.regions["region"].to_list() == ["w0", "w1", "w2"]
    assert report.regions["auc"].min() > 0.7  # type: ignore[operator]
    assert report.regions["visits"].sum() == report.windows["visits"].sum() == report.tiers["visits"].sum()


def test_where_the_past_says_nothing_no_worth_is_claimed(book: PolicyBook) -> None:
    seen = [looked(town(0.0, seed), book).figure("auc") for seed in range(6)]
    assert np.mean(seen) == pytest.approx(0.5, abs=0.02)


def test_nothing_dated_on_or_after_an_origin_is_seen(book: PolicyBook) -> None:
    """Turning the future upside down changes what was found, never a rating."""
    tables = town(1.0)
    turned = dict(tables)
    turned["records"] = pl.concat(
        [
            tables["records"].filter(pl.col("act_date") < START),
            tables["records"].filter(pl.col("act_date") >= START).with_columns(severity=pl.lit("minor")),
        ]
    )
    first = [START]
    run = lambda of: backtest(lambda _: of, book, first, EVERY, resamples=0)  # noqa: E731
    assert run(tables).tiers["visits"].to_list() == run(turned).tiers["visits"].to_list()
    assert run(turned).tiers["found"].sum() == 0


def test_later_endings_and_decisions_are_not_known_yet() -> None:
    day = date(2024, 7, 1)
    tables = {
        "records": _filled(
            "records", [{"known_on": date(2024, 1, 1), "revoked_on": day, "corrected_on": date(2024, 6, 30)}]
        ),
        "decisions": _filled("decisions", [{"filed_on": date(2024, 6, 1), "decided_on": day, "outcome": "granted"}]),
        "listings": _filled("listings", [{"from_date": day}, {"from_date": date(2024, 1, 1), "to_date": day}]),
    }
    seen = known_before(tables, day)
    assert seen["records"].select("corrected_on", "revoked_on").row(0) == (date(2024, 6, 30), None)
    assert seen["decisions"].select("decided_on", "outcome").row(0) == (None, None)
    assert seen["listings"]["to_date"].to_list() == [None]


def test_the_same_seed_gives_the_same_report(book: PolicyBook) -> None:
    tables = town(1.0, firms=40)
    one, two = looked(tables, book), looked(tables, book)
    assert one.totals.equals(two.totals)
    assert one.tiers.equals(two.tiers)


def test_known_inclusion_probabilities_correct_the_rate(book: PolicyBook) -> None:
    """Bad places drawn four times as often: the plain rate is too high, the corrected one is near the truth."""
    tables = town(1.0, firms=400)
    form = book.form.outcome
    assert form is not None
    everyone = outcomes(tables, form)
    risky = set(everyone.filter("found")["enterprise_id"].to_list())
    odds = everyone.select(
        "visit_id", probability=pl.when(pl.col("enterprise_id").is_in(list(risky))).then(0.8).otherwise(0.2)
    )
    kept = odds.filter(pl.Series(np.random.default_rng(5).random(len(odds)) < odds["probability"].to_numpy()))
    sample = dict(tables)
    sample["visits"] = tables["visits"].join(kept, on="visit_id", how="semi")
    truth = looked(tables, book).figure("found_rate")
    plain, corrected = looked(sample, book), looked(sample, book, inclusion=odds)
    assert abs(corrected.figure("found_rate") - truth) < abs(plain.figure("found_rate") - truth)


def test_found_can_be_a_result_a_figure_or_an_act() -> None:
    tables = town(1.0, firms=20)
    by_act = outcomes(tables, OutcomeForm(purposes=("statutory",), records={"severities": ["serious"]}))
    by_result = outcomes(tables, OutcomeForm(purposes=("statutory",), results=("problem",)))
    assert by_act.equals(by_result)
    tables["indicators"] = tables["visits"].select(
        "enterprise_id",
        name=pl.lit("score"),
        period_end="visit_date",
        value=(pl.col("result") == "problem").cast(pl.Int64),
    )
    by_figure = outcomes(tables, OutcomeForm(purposes=("statutory",), indicator={"name": "score", "at_least": 1}))
    assert by_figure.equals(by_result)


def test_windows_lie_wholly_inside() -> None:
    assert origins(date(2024, 1, 1), date(2024, 3, 1), 30) == [date(2024, 1, 1), date(2024, 1, 31)]
    with pytest.raises(UsageError, match="no window"):
        origins(date(2024, 1, 1), date(2024, 1, 20), 30)
    with pytest.raises(UsageError, match="at least one day"):
        origins(date(2024, 1, 1), date(2024, 3, 1), 0)


def test_a_pack_that_does_not_say_what_counts_as_found_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"outcome\.yaml"):
        backtest(lambda day: known_before(town(0.0, firms=2), day), load_policy("tax-cn"), STARTS, EVERY)


@shared
@pytest.mark.shared
@pytest.mark.slow
def test_chicago_comes_earlier_than_random_in_every_window() -> None:
    report = run_backtest(
        "chicago", SHARED / "chicago", date(2012, 9, 1), date(2014, 8, 31), 60, secret=b"s" * 32, seed=b"1"
    )
    assert report.windows.height == 12
    assert report.figure("days_earlier_than_random") >= 2.5
    assert report.figure("days_earlier_than_random_within_team") >= 2.5
    for measure in ("days_earlier_than_random", "days_earlier_than_random_within_team"):
        assert report.windows[measure].min() > 0  # type: ignore[operator]
    unseen = report.windows.filter(pl.col("origin") >= date(2013, 8, 27))  # no number was set on these
    assert unseen["days_earlier_than_random"].mean() >= 2.5  # type: ignore[operator]


@shared
@pytest.mark.shared
@pytest.mark.slow
def test_new_york_tells_bad_inspections_apart() -> None:
    report = run_backtest("nyc", SHARED / "nyc", date(2015, 4, 1), date(2015, 9, 30), 91, secret=b"s" * 32, seed=b"1")
    assert report.figure("auc") >= 0.63
    rates = report.tiers["rate"].to_list()
    assert rates == sorted(rates)


@shared
@pytest.mark.shared
@pytest.mark.slow
def test_the_placebo_stays_a_placebo() -> None:
    """Importers carry no signal in the synthetic declarations: doing better would mean looking into the future."""
    report = run_backtest(
        "customs_kr", SHARED / "customs", date(2021, 1, 1), date(2021, 4, 1), 90, secret=b"s" * 32, seed=b"1"
    )
    assert 0.19 <= report.figure("precision_at_5%") <= 0.24
    assert 0.19 <= report.figure("precision_at_10%") <= 0.24
