"""What stands beside the acts: representatives, lists with windows, declared figures."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.records import INDICATORS, LINKS, LISTINGS
from models.synthetic.draws import I64, Bool
from models.synthetic.firms import Firms
from models.synthetic.world import World, days

_AGENT, _OWN, _CUSTOMS = 5 * 10**11, 6 * 10**11, 7 * 10**11  # ranges of person numbers besides heads of groups
BLACK = {
    "court_defaulters": ("judicial", 730),
    "major_tax_cases": ("tax", 1095),
    "serious_violations": ("market", 1095),
    "procurement_serious": ("market", 1095),
}


def links_frame(world: World, firms: Firms) -> pl.DataFrame:
    """LINKS as known on the world's day; `person_key` is a made-up number, not yet a keyed hash."""
    rules, draws, index = world.scale.owners, world.draws, firms.index
    changed = draws.chance("changed head", index, rules["changed_head"]) & ~firms.owners.shell
    change = draws.whole("change day", index, firms.registered, world.anchor)
    before = draws.whole("earlier head", index, 1, max(world.n, 2))
    start = np.where(changed, change, firms.registered)
    agent = draws.chance("agent", index, rules["finance_agent"])
    keeper = np.where(agent, _AGENT + draws.whole("which agent", index, 0, world.n // 60), _OWN + index)
    everyone = np.ones(len(firms), dtype=bool)
    never = np.full(len(firms), -1)
    rows = [
        _held(firms, everyone, firms.owners.head, "legal_representative", start, never),
        _held(firms, changed, before, "legal_representative", firms.registered, change),
        _held(firms, draws.chance("finance head", index, rules["finance_head"]), keeper, "finance_head", start, never),
        _held(
            firms,
            draws.chance("customs head", index, rules["customs_head"]),
            _CUSTOMS + index,
            "customs_head",
            start,
            never,
        ),
        _held(firms, draws.chance("controller", index, rules["controller"]), firms.owners.group, "owner", start, never),
    ]
    return pl.concat(rows)


def _held(firms: Firms, who: Bool, person: I64, role: str, start: I64, end: I64) -> pl.DataFrame:
    key = "SYN" + pl.Series(person[who]).cast(pl.String).str.zfill(15)
    return pl.DataFrame(
        {
            "person_key": key,
            "enterprise_id": firms.enterprise_id.filter(pl.Series(who)),
            "role": pl.repeat(role, int(who.sum()), eager=True),
            "from_date": days(start[who]),
            "to_date": days(end[who], end[who] >= 0),
        },
        schema=LINKS,
    )


def listings_frame(world: World, firms: Firms) -> pl.DataFrame:
    """LISTINGS entered by the world's day: black for the dishonest, watch, red for the honest."""
    rules, draws, index, d = world.scale.lists, world.draws, firms.index, firms.dishonesty
    bent = 5 * d * d * d * d  # mean near one half of a per mille's unit: most entries fall on the few
    kind = draws.choice("black list", index, [46, 12, 30, 12])
    black = draws.chance("black", index, rules["black"] * bent)
    frames = []
    for number, (name, (agency, term)) in enumerate(BLACK.items()):
        frames.append(_listed(world, firms, black & (kind == number), name, agency, term))
    watch = draws.chance("watch", index, rules["watch"] * bent)
    frames.append(_listed(world, firms, watch, "abnormal_operations", "market", 400))
    red = draws.chance("red", index, rules["red"] * 2 * (1 - d)) & ~black & ~watch
    frames.append(_listed(world, firms, red, "red_honours", "market", 730))
    return pl.concat(frames)


def _listed(world: World, firms: Firms, who: Bool, name: str, agency: str, term: int) -> pl.DataFrame:
    """Entries of one list; about a third of the windows have ended, some are open."""
    index = firms.index[who]
    start = world.draws.whole(f"{name} from", index, world.anchor - term - term // 2, world.anchor + 60)
    start = np.maximum(start, firms.registered[who] + 1)
    is_open = world.draws.chance(f"{name} open", index, 150)
    frame = pl.DataFrame(
        {
            "list_id": pl.repeat(name, len(index), eager=True),
            "enterprise_id": firms.enterprise_id.filter(pl.Series(who)),
            "from_date": days(start),
            "to_date": days(start + term, ~is_open),
            "agency": pl.repeat(agency, len(index), eager=True),
            "reference": "名单" + pl.Series(index).cast(pl.String) + "号",
        },
        schema=LISTINGS,
    )
    return frame.filter(pl.col("from_date") <= world.today_date)


def documents(world: World, firms: Firms) -> tuple[Bool, I64]:
    """Who trades over the border, and how many documents each files a year."""
    people = np.array([4, 25, 140, 600])[firms.size]
    trades = world.draws.chance("trades", firms.index, 260)
    return trades, world.draws.heavy("documents", firms.index, 8.0 * people, 2_000_000) + 1


def indicators_frame(world: World, firms: Firms) -> pl.DataFrame:
    """INDICATORS: documents filed last year, days of unpaid tax, insured employees."""
    draws, index = world.draws, firms.index
    year_end = (np.datetime64(f"{world.today_date.year - 1}-12-31") - np.datetime64("1970-01-01")).astype(np.int64)
    people = np.array([4, 25, 140, 600])[firms.size]
    trades, filed = documents(world, firms)
    late = draws.chance("tax unpaid", index, 60 * 4 * firms.dishonesty**2 * firms.dishonesty**2)
    unpaid = draws.heavy("unpaid days", index, np.full(len(firms), 40.0), 1500) + 1
    insured = draws.whole("insured", index, 1, people * 2)
    rows = [
        ("documents_filed", trades, filed),
        ("tax_unpaid_days", late, unpaid),
        ("insured_employees", insured > 0, insured),
    ]
    return pl.concat([_declared(firms, who, name, int(year_end), value) for name, who, value in rows])


def _declared(firms: Firms, who: Bool, name: str, period_end: int, value: I64) -> pl.DataFrame:
    count = int(who.sum())
    return pl.DataFrame(
        {
            "enterprise_id": firms.enterprise_id.filter(pl.Series(who)),
            "name": pl.repeat(name, count, eager=True),
            "period_end": days(np.full(count, period_end)),
            "value": value[who],
        },
        schema=INDICATORS,
    )
