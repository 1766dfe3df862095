"""Second phase: what links carry over between shards. First-phase tiers trigger; nothing cascades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from config.in_force import Link, Policy
from models.links import carry as links
from models.rating.decode import next_change_on
from models.rating.encoding import Shard
from models.rating.engine import Carried, Inputs, Rated, unlinked
from models.rating.rubric import FOREVER, IntArray
from models.rating.standing import in_force_listings
from models.rating.tier import rules

HALF = np.uint64(32)
LOW = 0xFFFFFFFF


def key(shard: int, eidx: IntArray | npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """One number that tells the enterprises of all shards apart."""
    return (np.uint64(shard) << HALF) | eidx.astype(np.uint64)


@dataclass(frozen=True)
class LinkResult:
    """One link rule over all shards.

    carried: shard, eidx, person, source (key), points, trigger_on, from_date, changes_on
    placeholders: person, enterprises
    """

    link: Link
    carried: pl.DataFrame
    placeholders: pl.DataFrame


def enabled(policy: Policy) -> tuple[Link, ...]:
    """Link rules that the pack switches on."""
    return tuple(link for link in policy.links if link.carry.enabled)


def triggers(
    shard: Shard, number: int, inputs: Inputs, rating: Rated, link: Link, history: pl.DataFrame | None
) -> pl.DataFrame:
    """Enterprises in a trigger tier: eidx, source (key), adverse, trigger_on, source_changes_on."""
    policy = inputs.rubric.policy
    ranks = [tier.rank for tier in policy.tiers if tier.id in link.carry.trigger_tiers]
    chosen = np.isin(rating.tier, ranks)
    if link.carry.trigger_gates:
        bits = [1 << bit for bit, rule in enumerate(rules(policy)) if rule.id in link.carry.trigger_gates]
        chosen &= (rating.mask & np.uint64(sum(bits))) > 0
    eidx = np.flatnonzero(chosen)
    frame = pl.DataFrame(
        {
            "eidx": pl.Series(eidx, dtype=pl.UInt32),
            "source": key(number, eidx),
            "adverse": inputs.totals.adverse[eidx],
            "source_changes_on": next_change_on(rating.changes_in, inputs.today).gather(eidx),
        }
    )
    return frame.join(_trigger_days(shard, inputs, frame, link, history), on="eidx", how="left").with_columns(
        pl.col("trigger_on").fill_null(policy.as_of)
    )


def _trigger_days(
    shard: Shard, inputs: Inputs, frame: pl.DataFrame, link: Link, history: pl.DataFrame | None
) -> pl.DataFrame:
    """Since when the trigger has held: eidx, trigger_on.

    From earlier ratings where there are any; else the day on which the latest act or list entry against the
    enterprise became known: since then it can only have got better, so the status is at least as old.
    """
    policy = inputs.rubric.policy
    of_acts = (
        inputs.acts.counted.join(frame.select("eidx"), on="eidx", how="semi")
        .filter(pl.col("points") <= 0)
        .select("eidx", "row")
    )
    known = of_acts.select("eidx", pl.Series("day", shard.records["known_on"].gather(of_acts["row"])))
    adverse = [name for name, listing in policy.lists.items() if listing.effect.ceiling is not None]
    listed = in_force_listings(shard, policy, inputs.today).filter(pl.col("list_id").is_in(adverse))
    days = pl.concat([known, listed.select("eidx", pl.col("from_date").alias("day"))])
    latest = days.group_by("eidx").agg(pl.col("day").max().alias("latest"))
    since = _since(history, shard, frame, link, policy)
    both = latest.join(since, on="eidx", how="full", coalesce=True)
    return both.select("eidx", pl.min_horizontal("since", "latest").alias("trigger_on"))


def _since(history: pl.DataFrame | None, shard: Shard, frame: pl.DataFrame, link: Link, policy: Policy) -> pl.DataFrame:
    """First day of the present unbroken run of trigger tiers in earlier ratings: eidx, since."""
    if history is None:
        return pl.DataFrame(schema={"eidx": pl.UInt32, "since": pl.Date})
    ids = frame.select("eidx", enterprise_id=shard.enterprises["enterprise_id"].gather(frame["eidx"]))
    past = history.filter((pl.col("pack") == policy.pack) & (pl.col("as_of") < policy.as_of)).join(
        ids, on="enterprise_id"
    )
    hit = pl.col("tier").is_in(list(link.carry.trigger_tiers))
    broken = pl.col("as_of").filter(~hit).max().over("eidx")
    run = past.filter(hit & (broken.is_null() | (pl.col("as_of") > broken)))
    return run.group_by("eidx").agg(pl.col("as_of").min().alias("since"))


def hot_persons(shard: Shard, found: pl.DataFrame, link: Link, policy: Policy) -> pl.DataFrame:
    """Persons over whom this shard's triggers reach others (models.links.carry.hot_persons)."""
    return links.hot_persons(shard.links, found, link.carry, shard.codes.roles, policy.as_of)


def offices(
    rows: pl.DataFrame, number: int, hot: pl.DataFrame, link: Link, roles: tuple[str, ...], policy: Policy
) -> pl.DataFrame:
    """Offices that hot persons hold in a shard: person, enterprise (key), from_date, to_date. rows: its links."""
    found = links.reach(rows, hot["person"].unique(), link.carry, roles, policy.as_of)
    return found.select(
        "person", pl.Series("enterprise", key(number, found["eidx"].to_numpy())), "from_date", "to_date"
    )


def resolve(link: Link, hot: pl.DataFrame, held: pl.DataFrame) -> LinkResult:
    """Over all shards: drop placeholder persons, keep each enterprise's heaviest link."""
    barred = links.placeholders(held, link.carry)
    chosen = links.carried(held.join(barred, on="person", how="anti"), hot, link.carry)
    whose = chosen["enterprise"].to_numpy()
    placed = chosen.drop("enterprise").with_columns(
        shard=pl.Series((whose >> HALF).astype(np.uint32)), eidx=pl.Series((whose & np.uint64(LOW)).astype(np.uint32))
    )
    return LinkResult(link, placed, barred)


def carried(results: Sequence[LinkResult], number: int, today: IntArray) -> Carried:
    """What the link rules bring to shard `number`; today: days since the epoch, per enterprise."""
    total = unlinked(today.size)
    for result in results:
        here = result.carried.filter(pl.col("shard") == number)
        eidx = here["eidx"].to_numpy()
        total.points[eidx] += here["points"].to_numpy()
        flags = np.zeros(today.size, dtype=np.bool_)
        flags[eidx] = True
        total.holds[result.link.id] = flags
        ahead = (here["changes_on"].to_physical() - pl.Series(today[eidx])).fill_null(FOREVER).to_numpy()
        np.minimum.at(total.changes_in, eidx, ahead)
    return total


def link_shards(
    shards: Mapping[int, Shard], prepared: Mapping[int, Inputs], first: Mapping[int, Rated],
    history: pl.DataFrame | None = None,
) -> list[LinkResult]:  # fmt: skip
    """Both halves of the second phase for shards in memory."""
    results = []
    for link in enabled(next(iter(prepared.values())).rubric.policy):
        policy = next(iter(prepared.values())).rubric.policy
        found = {n: triggers(shards[n], n, prepared[n], first[n], link, history) for n in shards}
        hot = pl.concat([hot_persons(shards[n], found[n], link, policy) for n in shards])
        held = pl.concat([offices(shards[n].links, n, hot, link, shards[n].codes.roles, policy) for n in shards])
        results.append(resolve(link, hot, held))
    return results
