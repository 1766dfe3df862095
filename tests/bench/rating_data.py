"""Lakes of any size for measurements, written shard by shard so that memory does not grow with the size."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from config.in_force import Policy
from models.intake.generation import Generation
from models.intake.lake import Lake
from models.rating.acts import days_since_epoch
from models.rating.encoding import Codes, Shard
from models.rating.same_act import decisions
from models.records import ENTERPRISES, VISITS, empty

PER_SHARD = 500_000  # enterprises
RECORDS_EACH = 10  # mean
ROLES = ("customs_head", "finance_head", "legal_representative", "owner")
SPAN = 1200  # days back
CHUNK = np.random.Generator


def make_lake(
    root: Path,
    enterprises: int,
    policy: Policy,
    seed: int = 7,
    *,
    mapped: bool = False,
    shards: int | None = None,
) -> Lake:
    """A lake of so many enterprises and about ten times as many records, listings, offices."""
    shards = shards or max(1, enterprises // PER_SHARD)
    codes = Codes(tuple(sorted(policy.items)), tuple(sorted(policy.lists)), ROLES, ())
    with Generation(root, shards, codes, mapped=mapped) as generation:
        generation.write("persons.parquet", pl.DataFrame(schema={"person": pl.UInt32, "person_key": pl.String}))
        for number in range(shards):
            size = enterprises // shards
            generation.write_shard(number, shard(number, size, enterprises, codes, policy, seed))
        return generation.publish()


def shard(number: int, size: int, everyone: int, codes: Codes, policy: Policy, seed: int) -> Shard:
    """One shard, from its number alone."""
    random = np.random.default_rng([seed, number])
    today = days_since_epoch(policy.as_of)
    key = f"cn:{number:05d}"
    ids = pl.Series("enterprise_id", np.arange(size)).cast(pl.String).str.zfill(9)
    enterprises = pl.DataFrame({"enterprise_id": key + ids}).with_columns(
        *(pl.lit(None, dtype=dtype).alias(name) for name, dtype in ENTERPRISES.items() if name not in _KNOWN),
        region=pl.lit(f"{110100 + number % 16}"),
        industry=pl.lit("food"),
        registered_on=pl.Series(today - random.integers(0, 7000, size), dtype=pl.Int32).cast(pl.Date),
    ).select(list(ENTERPRISES))  # fmt: skip
    return Shard(
        codes=codes,
        enterprises=enterprises,
        records=_records(random, size, len(codes.items), today, number),
        links=_links(random, size, everyone, today),
        listings=_listings(random, size, len(codes.lists), today),
        indicators=pl.DataFrame(
            schema={"eidx": pl.UInt32, "name": pl.UInt16, "period_end": pl.Date, "value": pl.Int64}
        ),
        decisions=pl.DataFrame(schema=_DECISIONS),
        reliefs=pl.DataFrame(schema=_RELIEFS),
        visits=empty(VISITS),
    )


_KNOWN = ("enterprise_id", "region", "industry", "registered_on")
_DECISIONS = {"eidx": pl.UInt32, "row": pl.UInt32, "kind": pl.String, "filed_on": pl.Date, "decided_on": pl.Date,
              "outcome": pl.String, "from_date": pl.Date, "to_date": pl.Date}  # fmt: skip
_RELIEFS = {"enterprise_id": pl.String, "region": pl.String, "industry": pl.String, "item": pl.String,
            "from_date": pl.Date, "to_date": pl.Date, "filed_on": pl.Date, "decided_on": pl.Date,
            "outcome": pl.String}  # fmt: skip


def _dates(days: np.ndarray, share: float, random: CHUNK, until: int = 1 << 20) -> pl.Series:
    """Dates, only a share of them known, none later than `until`."""
    known = (random.random(days.size) < share) & (days <= until)
    return pl.Series(days.astype(np.int32)).set(pl.Series(~known), None).cast(pl.Date)


def _records(random: CHUNK, size: int, items: int, today: int, number: int) -> pl.DataFrame:
    """Heavy-tailed numbers of records; one in twelve is the same act reported again."""
    counts = random.poisson(random.gamma(0.8, RECORDS_EACH / 0.8, size))
    eidx = np.repeat(np.arange(size, dtype=np.uint32), counts)
    rows = eidx.size
    act = today - random.integers(0, SPAN, rows)
    item = random.integers(0, items, rows)
    again = np.zeros(rows, dtype=np.bool_)
    again[1:] = (random.random(rows - 1) < 1 / 12) & (eidx[1:] == eidx[:-1])
    act[1:] = np.where(again[1:], act[:-1], act[1:])
    item[1:] = np.where(again[1:], item[:-1], item[1:])
    frame = pl.DataFrame(
        {
            "eidx": eidx,
            "item": item.astype(np.uint16),
            "severity": random.choice(3, rows, p=[0.6, 0.3, 0.1]).astype(np.uint8),
            "act_date": pl.Series(act.astype(np.int32)).cast(pl.Date),
            "known_on": pl.Series(np.minimum(act + random.integers(0, 30, rows), today).astype(np.int32)).cast(pl.Date),
            "amount": pl.Series(random.integers(0, 10**8, rows)),
            "corrected_on": _dates(act + 60, 0.3, random, today),
            "ends_on": _dates(act + random.integers(30, 2000, rows), 0.05, random),
            "revoked_on": _dates(act + random.integers(30, 900, rows), 0.01, random, today),
        }
    )
    sort = frame.sort("eidx", "act_date", maintain_order=True).with_row_index("row")
    ids = f"a:{number:05d}-" + sort["row"].cast(pl.String).str.zfill(9)
    told = _told(random, sort, today)
    sort = sort.with_columns(told).sort("eidx", "act_date", maintain_order=True)
    return sort.drop("row").with_columns(decisions(sort), record_id=ids)


def _told(random: CHUNK, frame: pl.DataFrame, today: int) -> list[pl.Series]:
    """Who tells of each record, and under which number: most have one, some reports of an act share it, a few of those
    are dated a day or two later."""
    rows = frame.height
    own, agency = np.arange(rows), random.integers(0, 4, rows)
    again = np.zeros(rows, dtype=np.bool_)
    again[1:] = ((frame["eidx"][1:] == frame["eidx"][:-1]) & (frame["item"][1:] == frame["item"][:-1])).to_numpy()
    shared = again & (random.random(rows) < 0.5)
    own[1:] = np.where(shared[1:], own[:-1], own[1:])
    agency[1:] = np.where(shared[1:], agency[:-1], agency[1:])
    late = np.where(shared & (random.random(rows) < 0.3), random.integers(1, 3, rows), 0)
    numbered = random.random(rows) < 0.9
    days = {
        name: pl.Series(np.minimum(frame[name].to_physical().to_numpy() + late, today), dtype=pl.Int32).cast(pl.Date)
        for name in ("act_date", "known_on")
    }
    return [
        *(series.rename(name) for name, series in days.items()),
        pl.Series("act_id", own).cast(pl.String).set(pl.Series(~numbered), None),
        pl.Series("agency", agency).cast(pl.String),
    ]


def _links(random: CHUNK, size: int, everyone: int, today: int) -> pl.DataFrame:
    """1.3 offices an enterprise; most persons hold one or two, a few placeholders thousands."""
    rows = int(size * 1.3)
    people = random.integers(100, max(101, everyone), rows)
    people[random.random(rows) < 0.01] = random.integers(0, 100)
    begun = today - random.integers(0, 3000, rows)
    return pl.DataFrame(
        {
            "eidx": random.integers(0, size, rows).astype(np.uint32),
            "person": people.astype(np.uint32),
            "role": random.integers(0, len(ROLES), rows).astype(np.uint8),
            "from_date": pl.Series(begun.astype(np.int32)).cast(pl.Date),
            "to_date": _dates(begun + random.integers(100, 3000, rows), 0.3, random),
        }
    ).sort("eidx", "person", "role", "from_date")


def _listings(random: CHUNK, size: int, lists: int, today: int) -> pl.DataFrame:
    rows = size // 100
    begun = today - random.integers(0, 1500, rows)
    return pl.DataFrame(
        {
            "eidx": np.sort(random.integers(0, size, rows)).astype(np.uint32),
            "list": random.integers(0, lists, rows).astype(np.uint16),
            "from_date": pl.Series(begun.astype(np.int32)).cast(pl.Date),
            "to_date": _dates(begun + random.integers(10, 1500, rows), 0.5, random),
        }
    )


AS_OF = date(2026, 6, 30)
