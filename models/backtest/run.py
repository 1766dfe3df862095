"""From a source's files (or tables) to a report of how well the ratings foretold what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from config.errors import PolicyError
from config.outcome import OutcomeForm
from config.policy import PolicyBook, load_policy
from models.backtest.origins import known_before, origins
from models.backtest.outcomes import in_window, outcomes
from models.backtest.summary import by_group, by_window, totals
from models.backtest.window import Window, window
from models.intake import intake, load_source
from models.rating import rate

Tables = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class BacktestReport:
    """What the windows showed.

    windows: one row per origin: origin, until, visits, found, and every measure.
    totals: one row per measure: mean over windows, low and high of a 95% bootstrap interval, worst window.
    tiers, regions: one row per tier or region over all windows: visits, found, rate with interval; regions also AUC.
    """

    pack: str
    digest: str  # of the policy pack
    windows: pl.DataFrame
    totals: pl.DataFrame
    tiers: pl.DataFrame
    regions: pl.DataFrame

    def figure(self, measure: str) -> float:
        """The mean over windows of one measure; KeyError for an unknown one."""
        found = self.totals.filter(pl.col("measure") == measure)["mean"].to_list()
        if not found:
            raise KeyError(measure)
        return float(found[0])


def run_backtest(
    source: str,
    data: Path,
    start: date,
    end: date,
    every: int,
    *,
    secret: bytes,
    seed: bytes = b"",
    pack: str | Path | None = None,
    scenario: Path | None = None,
    inclusion: pl.DataFrame | None = None,
) -> BacktestReport:
    """Windows of `every` days in [start, end) over a source's files, by the source's own pack unless named.

    The files are read anew as of each origin, and only what was known on its eve is rated.
    inclusion: visit_id, probability of the visit having been drawn, where a draw published it.
    Raises InputError (files), PolicyError (pack without outcome.yaml), UsageError (no window).
    """
    described = load_source(source)
    # as of an early day most rows lie in the future and are refused, as they should be: no reason to stop
    described = described.model_copy(update={"rejection_limit_per_mille": 1000})
    book = load_policy(pack if pack is not None else described.policy, scenario)

    def as_of(day: date) -> Tables:
        return intake(described, data, secret=secret, policy=book.at(day), as_of=day).tables

    return backtest(as_of, book, origins(start, end, every), every, seed=seed, inclusion=inclusion)


def backtest(
    as_of: Callable[[date], Tables],
    book: PolicyBook,
    starts: Sequence[date],
    every: int,
    *,
    seed: bytes = b"",
    inclusion: pl.DataFrame | None = None,
    resamples: int = 200,
) -> BacktestReport:
    """Rate at each of `starts` with what was known on its eve, measure on the visits of the `every` days after.

    as_of: the tables as of a day; whatever is dated on or after an origin is taken out again before rating.
    inclusion: visit_id, probability of the visit having been drawn, where known; corrects rates and AUC.
    """
    found = outcomes(as_of(max(starts) + timedelta(days=every)), _outcome(book), inclusion)
    looked = [_window(as_of(start), book, found, start, every, seed) for start in starts]
    tiers = [tier.id for tier in book.at(starts[-1]).tiers]
    return BacktestReport(
        pack=book.pack,
        digest=book.digest,
        windows=by_window(looked, every),
        totals=totals(looked, seed, resamples),
        tiers=by_group(looked, "tiers", seed, resamples, tiers),
        regions=by_group(looked, "regions", seed, resamples),
    )


def _outcome(book: PolicyBook) -> OutcomeForm:
    if book.form.outcome is None:
        raise PolicyError(
            f"{book.pack}: no outcome.yaml: what counts as found is not said.",
            remedy="add outcome.yaml with purposes and results (or an indicator)",
        )
    return book.form.outcome


def _window(tables: Tables, book: PolicyBook, found: pl.DataFrame, start: date, every: int, seed: bytes) -> Window:
    policy = book.at(start)
    ratings = rate(known_before(tables, start), policy)
    followed = in_window(found, start, start + timedelta(days=every))
    return window(followed, ratings, [tier.id for tier in policy.tiers], start, seed)
