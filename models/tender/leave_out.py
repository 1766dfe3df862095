"""The top two of each lot, rated again without each of their records: does one record decide the award?

All variants are rated in one call: every variant is a small world of its own (the firm, the enterprises linked to it,
their people) under renamed ids, so that no variant touches another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from config.in_force import Policy
from config.pack import BidMethod
from models import records as nouns
from models.rating.rate import rate
from models.tender.case import Kind
from models.tender.credit import BidCredit, Rated, bid_credit, rated_firms
from models.tender.evaluation import Evaluation, award
from models.tender.live import live_lost
from models.tender.scoring import Scored, ranked

MARK = "~without~"


@dataclass(frozen=True)
class LeftOut:
    """One record of one firm left out, and what becomes of the lot."""

    lot: str
    bid: str
    party: str
    record_id: str
    tier_before: str | None
    tier_after: str
    points_after: int  # milli-points of credit of the bid
    winner_before: str | None  # bid
    winner_after: str | None

    @property
    def changes(self) -> bool:
        return self.winner_before != self.winner_after


def leave_out(
    evaluation: Evaluation,
    tables: Mapping[str, pl.DataFrame],
    ratings: pl.DataFrame,
    policy: Policy,
    *,
    top: int = 2,
) -> tuple[LeftOut, ...]:
    """One row per lot, bid among the first `top`, firm and record of it, by lot, rank, firm and record.

    `tables` and `policy` are those the ratings were made from.
    """
    firms = {
        evaluation.case.party(firm.party).enterprise_id
        for row in evaluation.rows
        if row.rank <= top
        for firm in row.credit.firms
    }
    variants = _variants(tables, sorted(firm for firm in firms if firm))
    if not variants:
        return ()
    worlds = _worlds(tables, variants)
    again = rate(worlds, policy).filter(pl.col("enterprise_id").str.contains(MARK, literal=True))
    rated = {row[0]: Rated(row[1], row[2]) for row in again.select("enterprise_id", "tier", "score").iter_rows()}
    known = rated_firms(evaluation.case, ratings)
    lost = _live(evaluation, worlds, policy)
    return tuple(_rows(evaluation, policy, variants, rated, known, lost, top))


def _live(evaluation: Evaluation, worlds: Mapping[str, pl.DataFrame], policy: Policy) -> dict[str, int]:
    if evaluation.table.method is not BidMethod.annual_and_live:
        return {}
    return live_lost(worlds["records"].select(nouns.RECORDS.names()), policy, evaluation.opening)


def _variants(tables: Mapping[str, pl.DataFrame], firms: list[str]) -> dict[str, tuple[str, str]]:
    """Number of the variant → (enterprise, record left out)."""
    own = tables["records"].filter(pl.col("enterprise_id").is_in(firms)).sort("enterprise_id", "record_id")
    pairs = own.select("enterprise_id", "record_id").unique(maintain_order=True)
    return {str(number): (firm, record) for number, (firm, record) in enumerate(pairs.iter_rows())}


def _worlds(tables: Mapping[str, pl.DataFrame], variants: Mapping[str, tuple[str, str]]) -> dict[str, pl.DataFrame]:
    """The tables of all variants together, plus the firms as they are (for `known`'s live points)."""
    links = tables.get("links", nouns.empty(nouns.LINKS))
    members = pl.DataFrame(
        [
            (number, enterprise)
            for number, (firm, _) in variants.items()
            for enterprise in sorted({firm, *_neighbours(links, firm)})
        ],
        schema={"__variant": pl.String, "enterprise_id": pl.String},
        orient="row",
    )
    dropped = pl.DataFrame(
        [(number, firm, record) for number, (firm, record) in variants.items()],
        schema={"__variant": pl.String, "enterprise_id": pl.String, "record_id": pl.String},
        orient="row",
    )
    worlds: dict[str, pl.DataFrame] = {}
    for name, frame in tables.items():
        if "enterprise_id" not in frame.columns:
            worlds[name] = frame
            continue
        copies = frame.join(members, on="enterprise_id", how="inner")
        if name == "records":
            copies = copies.join(dropped, on=["__variant", "enterprise_id", "record_id"], how="anti")
        worlds[name] = pl.concat([_renamed(copies), _general(name, frame)])
    return worlds


def _neighbours(links: pl.DataFrame, firm: str) -> list[str]:
    people = links.filter(pl.col("enterprise_id") == firm)["person_key"].unique()
    return links.filter(pl.col("person_key").is_in(people.implode()))["enterprise_id"].unique().to_list()


def _renamed(copies: pl.DataFrame) -> pl.DataFrame:
    tag = pl.lit(MARK) + pl.col("__variant")
    ids = [pl.col(c) + tag for c in ("enterprise_id", "person_key", "record_id", "decision_id") if c in copies.columns]
    return copies.with_columns(ids).drop("__variant")


def _general(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that speak about no single enterprise (relief by region)."""
    return frame.filter(pl.col("enterprise_id").is_null()) if name == "decisions" else frame.clear()


def _rows(
    evaluation: Evaluation,
    policy: Policy,
    variants: Mapping[str, tuple[str, str]],
    rated: Mapping[str, Rated],
    known: Mapping[str, Rated],
    lost: Mapping[str, int],
    top: int,
) -> Iterator[LeftOut]:
    bids = {(bid.lot, bid.id): bid for bid in evaluation.case.bids}
    by_firm: dict[str, list[tuple[str, str]]] = {}
    for number, (left, record) in variants.items():
        by_firm.setdefault(left, []).append((number, record))
    for row in (row for row in evaluation.rows if row.rank <= top):
        for firm in row.credit.firms:
            enterprise = evaluation.case.party(firm.party).enterprise_id or ""
            for number, record in by_firm.get(enterprise, ()):
                copy = f"{enterprise}{MARK}{number}"
                if copy not in rated:
                    continue
                bid = bids[row.lot, row.bid]
                live = {**{e: lost.get(e, 0) for e in known}, enterprise: lost.get(copy, 0)}
                found = {**known, enterprise: rated[copy]}
                credit = bid_credit(evaluation.case, bid, found, evaluation.table, policy, live)
                yield LeftOut(
                    lot=row.lot,
                    bid=row.bid,
                    party=firm.party,
                    record_id=record,
                    tier_before=firm.tier,
                    tier_after=rated[copy].tier,
                    points_after=credit.total,
                    winner_before=evaluation.awards.get(row.lot),
                    winner_after=_winner_with(evaluation, row, credit),
                )


def _winner_with(evaluation: Evaluation, row: Scored, credit: BidCredit) -> str | None:
    """Winner of the row's lot when this bid has these credit points, everything else as it is."""
    changed = replace(
        row,
        credit=credit,
        points={**row.points, **credit.points},
        by_kind={**row.by_kind, Kind.credit: credit.total},
        total=row.without_credit + credit.total,
    )
    rows = [changed if other is row else other for other in evaluation.of_lot(row.lot)]
    moved = ranked(rows, evaluation.case.tie_rule)
    if evaluation.case.max_lots_per_bidder is None:
        return moved[0].bid
    others = [other for other in evaluation.rows if other.lot != row.lot]
    return award(evaluation.case, [*others, *moved]).awards.get(row.lot)
