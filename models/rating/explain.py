"""Why an enterprise stands where it stands, what each thing rests on, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import polars as pl

from config.in_force import Policy
from models.rating.account import Account, RecordLine, account_of, record_lines
from models.rating.acts import set_aside
from models.rating.case import Case, engine_ranks
from models.rating.encoding import Shard, encode
from models.rating.engine import Carried, Inputs, Rated, facts, figure_rows, prepare, rated, unlinked
from models.rating.explanation import (
    DimensionLine,
    Explanation,
    FigureLine,
    LinkLine,
    ListLine,
    RuleLine,
)
from models.rating.facts import Facts
from models.rating.figures import figure_points
from models.rating.linked import LOW, LinkResult, carried, link_shards
from models.rating.moments import Move, first_moves
from models.rating.neighbourhood import around_all
from models.rating.recourse import Recourse, shortest
from models.rating.rubric import IntArray, compile_rubric
from models.rating.standing import in_force_listings
from models.rating.tier import rules
from models.rating.ways import ways

BATCH = 500  # enterprises explained together


def explain(
    enterprise_id: str,
    tables: Mapping[str, pl.DataFrame],
    policy: Policy,
    *,
    history: pl.DataFrame | None = None,
) -> Explanation:
    """Explain the rating that `rate(tables, policy, history=history)` gives the enterprise.

    Raises InputError where the enterprise is unknown.
    """
    return next(explain_many([enterprise_id], tables, policy, history=history))


def explain_many(
    ids: Sequence[str],
    tables: Mapping[str, pl.DataFrame],
    policy: Policy,
    *,
    history: pl.DataFrame | None = None,
) -> Iterator[Explanation]:
    """Explanations in the order of `ids`, a batch at a time: much cheaper than one after the other."""
    for start in range(0, len(ids), BATCH):
        batch = list(ids[start : start + BATCH])
        view = _viewed(around_all(batch, tables), policy, history)
        places = {name: place for place, name in enumerate(view.shard.enterprises["enterprise_id"])}
        ranks = {name: int(view.rating.tier[places[name]]) for name in batch}
        moves = first_moves(ranks, view.tables, policy, history, bool(view.results))
        for name in batch:
            yield _explanation(replace(view, eidx=places[name]), moves.get(name))


def _viewed(tables: Mapping[str, pl.DataFrame], policy: Policy, history: pl.DataFrame | None) -> _View:
    """Rate a neighbourhood and keep everything that explanations are read from."""
    shard = encode(tables)
    rubric = compile_rubric(policy, shard.codes.items)
    inputs = prepare(shard, rubric, history)
    results = link_shards({0: shard}, {0: inputs}, {0: rated(inputs)}, history)
    links = carried(results, 0, inputs.today) if results else unlinked(shard.size)
    rating = rated(inputs, links)
    figures = figure_points(shard.figure_tables(), policy, history) if policy.figures else pl.DataFrame()
    return _View(shard, inputs, rating, links, results, policy, tables, facts(inputs, rating.score),
                 set_aside(shard, rubric, None), in_force_listings(shard, policy, inputs.today), figures,
                 figure_rows(shard, rubric, history))  # fmt: skip


@dataclass(frozen=True)
class _View:
    """What the parts of an explanation are read from; eidx: the enterprise that is explained."""

    shard: Shard
    inputs: Inputs
    rating: Rated
    links: Carried
    results: list[LinkResult]
    policy: Policy
    tables: Mapping[str, pl.DataFrame]
    facts: Facts
    touched: pl.DataFrame
    listings: pl.DataFrame
    figures: pl.DataFrame
    figure_rows: pl.DataFrame
    eidx: int = 0


def _explanation(view: _View, move: Move | None) -> Explanation:
    policy, eidx, rating = view.policy, view.eidx, view.rating
    row = view.shard.enterprises.row(eidx, named=True)
    by_dimension = _figure_sums(view)
    named = dict(zip(view.inputs.rubric.dimensions, by_dimension.tolist(), strict=True))
    account = account_of(view.shard, view.inputs, eidx, view.touched)
    records = record_lines(account, view.inputs.rubric, named)
    final = policy.tiers[int(rating.tier[eidx])]
    days = int(rating.changes_in[eidx])
    return Explanation(
        enterprise_id=row["enterprise_id"],
        name=row["name"],
        region=row["region"],
        pack=policy.pack,
        digest=policy.digest,
        as_of=policy.as_of,
        base=policy.scorecard.base,
        score=int(rating.score[eidx]),
        band_tier=policy.tiers[int(rating.band[eidx])].id,
        tier=final.id,
        tier_title=final.title,
        dimensions=tuple(_dimensions(view, records, named)),
        records=records,
        figures=tuple(_figures(view)),
        rules=tuple(_rules(view)),
        lists=tuple(_lists(view)),
        links=tuple(_links(view)),
        next_change_on=policy.as_of + timedelta(days=days) if days < 200_000 else None,
        recourse=_recourse(view, account, by_dimension),
        moves_by_itself=move,
        policy=policy,
    )


def _figure_sums(view: _View) -> IntArray:
    """Milli-points of the pack's figures by dimension."""
    rows = view.figure_rows
    sums = np.zeros(len(view.inputs.rubric.dimensions), dtype=np.int64)
    if rows.height:
        mine = rows.filter(pl.col("eidx") == view.eidx)
        np.add.at(sums, view.inputs.rubric.dimension[mine["cell"].to_numpy()], mine["points"].to_numpy())
    return sums


def _dimensions(view: _View, records: tuple[RecordLine, ...], figures: Mapping[str, int]) -> list[DimensionLine]:
    lines = []
    for place, name in enumerate(view.inputs.rubric.dimensions):
        cap = view.policy.scorecard.dimensions[name]
        before = figures[name] + sum(r.points for r in records if r.item is not None and r.item.dimension == name)
        after = int(view.inputs.totals.dimensions[view.eidx, place])
        lines.append(DimensionLine(name, cap.title, before, after, cap.worst, cap.best, cap.clause))
    return lines


def _figures(view: _View) -> list[FigureLine]:
    if not view.policy.figures:
        return []
    mine = view.figures.filter(pl.col("enterprise_id") == view.shard.enterprises["enterprise_id"][view.eidx])
    known = {row["figure"]: row for row in mine.iter_rows(named=True)}
    return [
        FigureLine(
            f.id, f.title, known[f.id]["value"], known[f.id]["points"] or 0, known[f.id]["next_change_on"], f.clause
        )
        for f in view.policy.figures
        if f.id in known
    ]


def _rules(view: _View) -> list[RuleLine]:
    mask = int(view.rating.mask[view.eidx])
    return [
        RuleLine(rule.id, rule.kind, rule.title, rule.effect, view.policy.tiers[rule.rank].id, rule.clause)
        for bit, rule in enumerate(rules(view.policy))
        if mask >> bit & 1
    ]


def _listings(view: _View) -> pl.DataFrame:
    return view.listings.filter(pl.col("eidx") == view.eidx).sort("list_id", "from_date")


def _lists(view: _View) -> list[ListLine]:
    lines = []
    for row in _listings(view).iter_rows(named=True):
        listing = view.policy.lists[row["list_id"]]
        lines.append(
            ListLine(listing.id, listing.title, listing.kind.value, row["from_date"], row["last_on"], listing.clause)
        )
    return lines


def _links(view: _View) -> list[LinkLine]:
    lines = []
    for result in view.results:
        for row in result.carried.filter(pl.col("eidx") == view.eidx).iter_rows(named=True):
            link = result.link
            lines.append(
                LinkLine(
                    link.id,
                    link.title,
                    _source(view, row["source"]),
                    row["points"],
                    row["trigger_on"],
                    row["from_date"],
                    link.clause,
                )
            )
    return lines


def _source(view: _View, key: int) -> str:
    """The enterprise behind a key; explanations have one shard."""
    return str(view.shard.enterprises["enterprise_id"][key & LOW])


def _recourse(view: _View, account: Account, figures: IntArray) -> Recourse | None:
    rank = int(view.rating.tier[view.eidx])
    if rank == 0:
        return None
    here = {name: bool(flags[view.eidx]) for name, flags in view.links.holds.items()}
    found = ways(account, _listings(view), view.inputs.rubric)
    case = Case(
        facts=_alone(view.facts, view.eidx),
        linked=view.links.points[view.eidx : view.eidx + 1],
        figures=figures,
        ranks=engine_ranks(view.policy, here),
        rank=rank,
    )
    return shortest(case, found, view.policy)


def _alone(every: Facts, eidx: int) -> Facts:
    """The facts of one enterprise."""
    one = slice(eidx, eidx + 1)

    def mine(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(pl.col("eidx") == eidx).with_columns(eidx=pl.lit(0, dtype=pl.UInt32))

    return Facts(
        rubric=every.rubric,
        size=1,
        today=every.today[one],
        counted=mine(every.counted),
        listed={name: flags[one] for name, flags in every.listed.items()},
        indicators={name: (value[one], known[one]) for name, (value, known) in every.indicators.items()},
        registered=every.registered[one],
        dimensions=every.dimensions[one],
        score=every.score[one],
        elsewhere=mine(every.elsewhere),
        held=mine(every.held),
    )
