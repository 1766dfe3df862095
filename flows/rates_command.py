"""`evenhand rates`: what the drawn visits say about each tier, and rates proposed for the next period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import polars as pl
import typer

from config.errors import PolicyGap, UsageError
from config.settings import Settings
from flows import console
from flows.prefect_home import prepare

YEAR_DAYS = 365


def rates(
    run_id: Annotated[str | None, typer.Option("--run", help="Run whose draw is looked at; default: the last.")] = None,
    visits: Annotated[int | None, typer.Option(min=0, help="Visits of the next period; default: as planned.")] = None,
    explore: Annotated[
        int | None, typer.Option(min=0, max=1000, help="Per mille of spare visits for learning, against the policy's.")
    ] = None,
    step: Annotated[
        int | None, typer.Option(min=0, help="A rate moves by at most this, per mille of itself, against the policy's.")
    ] = None,
    consignments: Annotated[
        bool, typer.Option("--consignments", help="Of the examinations at the border, in the last quarter made.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Estimate from the drawn visits alone how often something is wrong in each tier, and propose rates.

    Visits chosen by risk say nothing about a tier; the draw's known probabilities do. People decide.

    Examples:

      evenhand rates --visits 700

      evenhand rates --consignments
    """
    settings = Settings()
    prepare(settings.root)
    from flows.hit_rates import print_hits
    from flows.run import restored

    if consignments and any(given is not None for given in (visits, explore, step)):
        raise UsageError("--consignments proposes no rates.", remedy="leave --visits, --explore and --step away")
    if consignments:
        print_hits(settings, run_id, as_json=as_json)
        return

    found = rates_of_run(settings, run_id, visits=visits, explore=explore, step=step)
    terms = terms_of(restored(settings, run_id).context.policy, explore, step)
    if as_json:
        console.print_json({name: frame.to_dicts() for name, frame in found.items()} | {"terms": terms.told})
        return
    _print(found)
    for line in terms.told:
        console.out.print(f"  {line}", markup=False)


def rates_of_run(
    settings: Settings,
    run_id: str | None = None,
    *,
    visits: int | None = None,
    explore: int | None = None,
    step: int | None = None,
) -> dict[str, pl.DataFrame]:
    """`rates` (models.outcome.RATES), `ordering` and `proposal` of a run's plan, from all visits reported so far.

    Shares of learning and steps are the policy's unless given. PolicyGap where neither says them.
    """
    from flows.collect import known_visits
    from flows.intake import tables
    from flows.run import restored
    from flows.schedule import planned
    from models.outcome import drawn_sample, ordering, propose_rates
    from models.outcome import rates as estimated
    from models.store.session import open_store

    run = restored(settings, run_id)
    if not (run.work / "plan").is_dir():
        raise UsageError(f"run {run.run_id} made no plan.", remedy="name a run with a plan by --run")
    plan, policy = planned(run.work / "plan"), run.context.policy
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        told = known_visits(snapshot)
    seen = pl.concat([tables(run.work / "intake")["visits"], told]).unique("visit_id", keep="last")
    sample = drawn_sample(plan.draw.pool, seen, plan.period_from, plan.period_to)
    table = estimated(sample, [tier.id for tier in policy.tiers])
    days = (plan.period_to - plan.period_from).days + 1
    firms = dict(plan.quota.group_by("tier").agg(pl.col("enterprises").sum()).iter_rows())
    limits = limits_of(policy, days, plan.quota)
    most = visits if visits is not None else plan.visits.height
    terms = terms_of(policy, explore, step)
    proposal = propose_rates(
        table, firms, limits, visits=most, explore_per_mille=terms.explore, step_per_mille=terms.step
    )
    return {"rates": table, "ordering": ordering(table), "proposal": proposal}


@dataclass(frozen=True)
class Terms:
    """How a proposal is made, per mille, and where each figure comes from in words."""

    explore: int
    step: int
    told: tuple[str, ...]


def terms_of(policy: Any, explore: int | None, step: int | None) -> Terms:
    """The policy's figures, or those given in their place; PolicyGap names what nobody says."""
    rules = policy.inspection
    figures, told = [], []
    for name, what, given in (
        ("explore_per_mille", "of the spare visits go on learning", explore),
        ("rate_step_per_mille", "is the most by which a rate may move", step),
    ):
        of_policy = getattr(rules, name)
        value = of_policy if given is None else given
        if value is None:
            raise PolicyGap(f"inspection.{name}: the pack says none.", remedy="add it with its reference, or give it")
        source = (
            str(rules.clauses[name]) if given is None else f"given on the command line; the policy says {of_policy}"
        )
        figures.append(value)
        told.append(f"{value}‰ {what} ({source})")
    return Terms(figures[0], figures[1], tuple(told))


def limits_of(policy: Any, days: int, quota: pl.DataFrame) -> dict[str, Any]:
    """Floor, cap and present rate of each tier of the quota, per mille of its firms in a period of `days`."""
    from models.outcome import Limits

    rules = policy.inspection
    sums = quota.group_by("tier").agg(pl.col("enterprises", "planned").sum())
    found = {}
    for tier, enterprises, planned in sums.iter_rows():
        cap = max(1000 * rules.yearly_cap.get(tier, 1) * days // YEAR_DAYS, 0)
        floor = min((rules.random_floor.get(tier) or 0) * days // YEAR_DAYS, cap)
        found[tier] = Limits(floor=floor, cap=cap, now=1000 * planned // enterprises if enterprises else 0)
    return found


def _print(found: dict[str, pl.DataFrame]) -> None:
    shown = [
        (row["tier"], row["drawn"], row["seen"], row["found"], *(_share(row[name]) for name in ("rate", "low", "high")))
        for row in found["rates"].iter_rows(named=True)
    ]
    headings = ["tier", "drawn", "seen", "wrong", "rate", "from", "to (95%)"]
    console.print_table("Something wrong, by tier, from the drawn visits", headings, shown)
    verdicts = {"ordered": "as it should", "reversed": "REVERSED", "not_shown": "not shown", "unknown": "too few seen"}
    pairs = [
        (f"{row['worse']} worse than {row['better']}", _share(row["difference"]), verdicts[row["verdict"]])
        for row in found["ordering"].iter_rows(named=True)
    ]
    console.print_table("Are the tiers ordered as they claim?", ["claim", "difference", "verdict"], pairs)
    rows = [
        (row["tier"], row["visits_now"], row["visits_proposed"], f"{row['rate_proposed'] / 10:.1f}%", row["why"])
        for row in found["proposal"].iter_rows(named=True)
    ]
    title = "Proposal for the next period: people decide"
    console.print_table(title, ["tier", "visits now", "visits proposed", "rate", "bound by"], rows)


def _share(per_million: int | None) -> str:
    return "–" if per_million is None else f"{per_million / 10_000:.1f}%"
