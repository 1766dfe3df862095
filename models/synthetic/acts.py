"""Records: heavy-tailed, driven by dishonesty and size, reported late, sometimes twice, corrected, revoked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models.records import RECORDS
from models.synthetic.draws import F64, I64, Bool
from models.synthetic.firms import Firms
from models.synthetic.world import HORIZON, World, days

SEVERITIES = ("minor", "general", "serious")
SHORT = {
    "tax": "税罚",
    "customs": "关缉",
    "market": "市监罚",
    "environment": "环罚",
    "labour": "人社监",
    "product_safety": "质监罚",
    "judicial": "执",
}
_PER_FIRM = 1024  # keys kept for the acts of one enterprise
_ECHO = 512  # added to the key of an act when a second agency reports it
_SIZE_FACTOR = np.array([0.85, 1.1, 1.5, 2.2])


@dataclass(frozen=True)
class Acts:
    """Arrays over acts, whether known yet or not; dates in days since 1970, −1 where there is none."""

    firm: I64  # position in Firms
    key: I64
    agency: I64
    item: pl.Series
    severity: I64
    act: I64
    known: I64
    amount: I64  # fen; −1 = none
    corrected: I64
    ends: I64
    revoked: I64

    def take(self, rows: I64 | Bool) -> Acts:
        """These acts only."""
        picked = {name: getattr(self, name)[rows] for name in self.__dataclass_fields__ if name != "item"}
        return Acts(item=self.item.filter(rows) if rows.dtype == bool else self.item.gather(rows), **picked)


def acts(world: World, firms: Firms) -> Acts:
    """Every act of these enterprises up to the horizon."""
    rules = world.scale.records
    steep = firms.dishonesty**2
    hazard = (rules.honest + rules.dishonest * steep * steep) / 1000 * world.density
    wanted = hazard * _SIZE_FACTOR[firms.size]
    many = world.draws.chance("offends in series", firms.index, rules.series * steep)
    bad = world.draws.about("acts", firms.index, wanted, rules.cap)
    bad = np.where(many, np.maximum(bad, world.draws.heavy("series", firms.index, 8 * wanted, rules.cap)), bad)
    good = world.draws.chance("honour", firms.index, rules.good * 2 * (1 - firms.dishonesty)).astype(np.int64)
    firm = np.repeat(np.arange(len(firms)), bad + good)
    number = np.arange(len(firm)) - np.repeat(np.cumsum(bad + good) - (bad + good), bad + good)
    key = firms.index[firm] * _PER_FIRM + number
    return _dated(world, firms, firm, key, honour=number >= bad[firm])


def _dated(world: World, firms: Firms, firm: I64, key: I64, honour: Bool) -> Acts:
    draws, rules = world.draws, world.scale.records
    agency, item, shift = _what(world, firms.industry[firm], key, honour)
    severity = _severity(world, key, shift, firms.dishonesty[firm])
    oldest = np.maximum(world.anchor - rules.years * 365, firms.registered[firm] + 10)
    span = world.anchor + HORIZON - oldest + 1
    act = oldest + (np.sqrt(draws.uniform("act", key)) * span).astype(np.int64)  # older ones have left the registers
    late = draws.chance("reported late", key, 60)
    known = act + draws.whole("lag", key, 3, np.where(late, 400, 35))
    corrected = act + draws.whole("correction", key, 5, 300)
    put_right = draws.chance("corrected", key, rules.corrected - 300 * firms.dishonesty[firm]) & ~honour
    ban = draws.chance("ban", key, rules.with_ban) & (severity == 2) & ~honour
    revoked = draws.chance("revoked", key, rules.revoked) & ~honour
    return Acts(
        firm=firm,
        key=key,
        agency=agency,
        item=item,
        severity=np.where(honour, _honour_grade(world, key, agency), severity),
        act=act,
        known=known,
        amount=np.where(honour, -1, _amount(world, key, severity)),
        corrected=np.where(put_right, corrected, -1),
        ends=np.where(ban, act + draws.whole("ban length", key, 6, 36) * 30, -1),
        revoked=np.where(revoked, known + draws.whole("revocation", key, 20, 200), -1),
    )


def _what(world: World, industry: I64, key: I64, honour: Bool) -> tuple[I64, pl.Series, I64]:
    """Agency, item and its shift of severity: agency by industry, item within the agency."""
    scale = world.scale
    agencies = scale.agencies
    weights = np.array([[row.acts[agency] for agency in agencies] for row in scale.industries.values()], dtype=float)
    agency = _row_choice(weights, industry, world.draws.uniform("agency", key))
    good_agency = [agencies.index(name) for name in scale.good_items]
    agency = np.where(honour, np.array(good_agency)[world.draws.choice("honour of", key, [2, 6, 2])], agency)
    names = [list(items) for items in scale.items.values()]
    width = max(map(len, names))
    table = np.array(
        [[row.weight for row in items.values()] + [0] * (width - len(items)) for items in scale.items.values()]
    )
    shifts = [[row.shift for row in items.values()] + [0] * (width - len(items)) for items in scale.items.values()]
    item = _row_choice(table.astype(float), agency, world.draws.uniform("item", key))
    flat = pl.Series(
        [name for row in names for name in row + [""] * (width - len(row))]
        + [scale.good_items.get(a, "") for a in agencies]
    )
    code = np.where(honour, len(agencies) * width + agency, agency * width + item)
    return agency, flat.gather(code), np.array(shifts)[agency, item]


def _row_choice(weights: F64, row: I64, u: F64) -> I64:
    """Draw a column with the weights of the row."""
    bounds = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    bounds[:, -1] = 1.0
    flat = (bounds + np.arange(len(weights))[:, None]).ravel()
    return np.asarray(np.searchsorted(flat, u + row, side="right") - row * weights.shape[1], dtype=np.int64)


def _severity(world: World, key: I64, shift: I64, dishonesty: F64) -> I64:
    """0 minor, 1 general, 2 serious; items and dishonesty move the bounds."""
    rules = world.scale.records
    u = world.draws.uniform("severity", key) * 1000
    move = shift + 200 * (dishonesty - 0.5)
    return (u > rules.minor - move).astype(np.int64) + (u > rules.minor + rules.general - 0.4 * move)


def _honour_grade(world: World, key: I64, agency: I64) -> I64:
    """Honours stand as general; half of the customs certificates are of the lower grade, written as minor."""
    lower = (agency == world.scale.agencies.index("customs")) & world.draws.chance("lower certificate", key, 500)
    return np.where(lower, 0, 1)


def _amount(world: World, key: I64, severity: I64) -> I64:
    """Fines in fen, heavy-tailed; half of the minor acts are warnings without one."""
    root = np.sqrt(world.draws.uniform("fine", key))
    yuan = np.array([200.0, 5000.0, 50000.0])[severity] / (root * np.sqrt(root))
    fen = np.minimum(yuan, 50_000_000.0).astype(np.int64) * 100 + world.draws.whole("cents", key, 0, 9) * 10
    return np.where((severity == 0) & world.draws.chance("warning", key, 500), -1, fen)


def act_numbers(acts: Acts, agencies: tuple[str, ...]) -> pl.Series:
    """Number of the decision as the agency writes it: short name, year in brackets, running number."""
    year = days(acts.act).dt.year().cast(pl.String)
    short = pl.Series([SHORT[name] for name in agencies]).gather(acts.agency)
    running = pl.Series(acts.key).cast(pl.String)
    return pl.select(pl.concat_str(short, pl.lit("〔"), year, pl.lit("〕"), running, pl.lit("号"))).to_series()


def records_frame(world: World, firms: Firms, acts: Acts, *, fresh: bool = False) -> pl.DataFrame:
    """RECORDS known on the world's day, what happened later left out; an enterprise's rows stand together.

    With `fresh`, only what was published, corrected or revoked on that very day.
    """
    twice = acts.take(world.draws.chance("reported twice", acts.key, world.scale.records.reported_twice))
    second = np.array([world.scale.agencies.index(world.scale.second_agency[name]) for name in world.scale.agencies])
    later = twice.known + world.draws.whole("echo", twice.key, 2, 40)
    every = _joined(acts, replace(twice, agency=second[twice.agency], known=later, key=twice.key + _ECHO))
    shown, today = every.known <= world.today, world.today
    if fresh:
        shown &= (every.known == today) | (every.corrected == today) | (every.revoked == today)
    return _rows(world, firms, every.take(shown))


def first_reports_frame(world: World, acts: Acts) -> pl.DataFrame:
    """record_id, first_amount: acts that were first published with another amount, which a later file mends."""
    few = acts.take(
        world.draws.chance("late correction", acts.key, world.scale.records.late_correction)
        & (acts.amount >= 0)
        & (acts.known <= world.today)
    )
    return pl.DataFrame({"record_id": record_ids(few, world.scale.agencies), "first_amount": few.amount * 10})


def _joined(left: Acts, right: Acts) -> Acts:
    """Both, ordered by enterprise."""
    names = [name for name in left.__dataclass_fields__ if name != "item"]
    both = Acts(
        item=pl.concat([left.item, right.item]),
        **{n: np.concatenate([getattr(left, n), getattr(right, n)]) for n in names},
    )
    return both.take(np.argsort(both.firm, kind="stable"))


def record_ids(acts: Acts, agencies: tuple[str, ...]) -> pl.Series:
    """`<agency>:<number>` of each act."""
    name = pl.Series(agencies).gather(acts.agency)
    return pl.select(pl.concat_str(name, pl.lit(":"), act_numbers(acts, agencies))).to_series()


def _rows(world: World, firms: Firms, acts: Acts) -> pl.DataFrame:
    until = world.today
    amount = pl.Series(acts.amount)
    number = act_numbers(acts, world.scale.agencies)
    name = pl.Series(world.scale.agencies).gather(acts.agency)
    return pl.DataFrame(
        {
            "record_id": record_ids(acts, world.scale.agencies),
            "enterprise_id": firms.enterprise_id.gather(acts.firm),
            "item": acts.item,
            "act_id": number,
            "act_date": days(acts.act),
            "known_on": days(acts.known),
            "severity": pl.Series(SEVERITIES).gather(acts.severity),
            "amount": pl.select(pl.when(amount >= 0).then(amount)).to_series(),
            "corrected_on": days(acts.corrected, (acts.corrected >= 0) & (acts.corrected <= until)),
            "ends_on": days(acts.ends, acts.ends >= 0),
            "revoked_on": days(acts.revoked, (acts.revoked >= 0) & (acts.revoked <= until)),
            "agency": name,
        },
        schema=RECORDS,
    )
