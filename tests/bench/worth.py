"""`make bench-worth [SIZE=20000]`: what a plan finds, where the truth is known.

Generated registers with their hidden truth (three seeds), then Chicago's windows where ../shared is there. Greedy by
priority keeps neither rates nor floor; the distance to it is what these cost.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from scipy import stats

from tests.bench.worth_chicago import Due, earlier, windows, with_team
from tests.bench.worth_generated import Worth, compared, town

SHARED = Path(os.environ.get("EVENHAND_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "chicago"
SEEDS = (1, 2, 3)


def generated(n: int) -> None:
    """Dishonest firms found in one quarter: our plan, greedy by priority, by lot; same people and hours."""
    print(f"generated, {n:,} enterprises, one quarter; working day counted from 0; would fail = hidden truth")
    line = "{:>4} {:<26}{:>8}{:>8}{:>9}{:>7}{:>11}{:>10}{:>12}{:>12}"
    heads = ("seed", "", "visits", "firms", "hours", "found", "found/100", "mean day", "in a third", "would fail")
    print(line.format(*heads))
    all_of: dict[str, list[Worth]] = {}
    for seed in SEEDS:
        given, truth = town(n, seed)
        active = truth.join(given.ratings, on="enterprise_id", how="semi")
        base = 100 * float(active["would_fail"].sum()) / active.height
        for one in compared(given, truth):
            all_of.setdefault(one.name, []).append(one)
            figures = [f"{value:.0f}" for value in (one.visits, one.firms, one.minutes / 60, one.found)]
            figures += [f"{one.per_hundred:.1f}", f"{one.day:.1f}", f"{one.in_a_third:.0f}"]
            print(line.format(seed, one.name, *figures, f"{base:.1f}%"), flush=True)
    print(
        f"{'mean (worst seed)':<26}{'found per 100 firms':>22}{'per 100 hours':>20}{'mean day':>14}{'in a third':>16}"
    )
    for name, ones in all_of.items():
        firms, hours = [one.per_hundred for one in ones], [6000 * one.found / one.minutes for one in ones]
        days, third = [one.day for one in ones], [one.in_a_third for one in ones]
        columns = ((firms, min), (hours, min), (days, max), (third, min))
        told = [f"{np.mean(of):.1f} ({worst(of):.1f})" for of, worst in columns]
        print(f"{name:<26}{told[0]:>22}{told[1]:>20}{told[2]:>14}{told[3]:>16}")
    print("\ndays by which evenhand finds earlier than, mean of the seeds and 95% interval (t):")
    ours = all_of["evenhand"]
    for name, ones in all_of.items():
        if name != "evenhand":
            print(f"{name:<26}{with_interval([one.day - our.day for one, our in zip(ones, ours, strict=True)])}")
    lots = [our.by_chance for our in ours]
    print(
        f"{'the same visits shuffled':<26}{with_interval([lot - our.day for lot, our in zip(lots, ours, strict=True)])}"
    )


def with_interval(values: list[float]) -> str:
    """Mean, and its 95% interval by Student's t over the values."""
    spread = float(stats.sem(values) * stats.t.ppf(0.975, len(values) - 1))
    return f"{np.mean(values):>+7.2f} ({np.mean(values) - spread:+.2f} to {np.mean(values) + spread:+.2f})"


def chicago() -> None:
    """Days by which violations are found earlier, per window, with means, intervals and the worst window."""
    if not SHARED.is_dir():
        print("Chicago: ../shared/data is not there")
        return
    everything = windows(SHARED)
    teams = [due for due in map(with_team, everything) if len(due.day)]
    policy = everything[0].policy
    assert policy is not None
    share = policy.inspection.risk_first_per_mille
    for own_team, dues, who in (
        (False, everything, "any team may take any visit"),
        (True, teams, "each team keeps its own visits (those whose team is known)"),
    ):
        for by_risk, how in (
            (1000, "planned by make_plan, every day by risk"),
            (share, f"planned by make_plan, {share} of 1,000 days by risk as the pack says, the others by lot"),
            (None, "sorted by the rating, no planner"),
        ):
            print(f"\nChicago, days earlier than; each team's visits a day as they were; {who}; {how}")
            table = [earlier(due, own_team=own_team, risk_first_per_mille=by_risk) for due in dues]
            _print_windows(dues, table)


def _print_windows(dues: list[Due], table: list[dict[str, float]]) -> None:
    names = list(table[0])
    print(f"{'window from':<12}{'visits':>8}{'found':>7}" + "".join(f"{name:>26}" for name in names))
    for due, row in zip(dues, table, strict=True):
        numbers = "".join(f"{row[name]:>+26.2f}" for name in names)
        print(f"{due.origin.isoformat():<12}{len(due.day):>8}{int(due.found.sum()):>7}{numbers}")
    columns = {name: [row[name] for row in table] for name in names}
    print(f"{'mean (95%)':<27}" + "".join(f"{with_interval(values):>26}" for values in columns.values()))
    print(f"{'worst':<27}" + "".join(f"{min(values):>+26.2f}" for values in columns.values()), flush=True)


if __name__ == "__main__":
    generated(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else 20_000)
    chicago()
