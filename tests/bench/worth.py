"""`make bench-worth [SIZE=20000]`: what a plan finds, where the truth is known.

Generated registers with their hidden truth (three seeds), then Chicago's windows where ../shared is there. Greedy by
priority keeps neither rates nor floor; the distance to it is what these cost.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from tests.bench.worth_chicago import earlier, windows, with_team
from tests.bench.worth_generated import Worth, compared, town

SHARED = Path(os.environ.get("EVENHAND_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "chicago"
SEEDS = (1, 2, 3)


def generated(n: int) -> None:
    """Dishonest firms found in one quarter: our plan, greedy by priority, by lot; same people and hours."""
    print(f"generated, {n:,} enterprises, one quarter; working day counted from 0; would fail = hidden truth")
    line = "{:>4} {:<20}{:>8}{:>8}{:>9}{:>7}{:>11}{:>10}{:>10}"
    print(line.format("seed", "", "visits", "firms", "hours", "found", "found/100", "mean day", "would fail"))
    all_of: dict[str, list[Worth]] = {}
    for seed in SEEDS:
        given, truth = town(n, seed)
        active = truth.join(given.ratings, on="enterprise_id", how="semi")
        base = 100 * float(active["would_fail"].sum()) / active.height
        for one in compared(given, truth):
            all_of.setdefault(one.name, []).append(one)
            figures = [f"{value:.0f}" for value in (one.visits, one.firms, one.minutes / 60, one.found)]
            figures += [f"{one.per_hundred:.1f}", f"{one.day:.1f}"]
            print(line.format(seed, one.name, *figures, f"{base:.1f}%"), flush=True)
    print(f"{'':<20}{'found per 100 firms':>22}{'per 100 hours':>20}{'mean day':>14}   mean (worst seed)")
    for name, ones in all_of.items():
        firms, hours = [one.per_hundred for one in ones], [6000 * one.found / one.minutes for one in ones]
        days = [one.day for one in ones]
        told = [f"{np.mean(of):.1f} ({worst(of):.1f})" for of, worst in ((firms, min), (hours, min), (days, max))]
        print(f"{name:<20}{told[0]:>22}{told[1]:>20}{told[2]:>14}")


def chicago() -> None:
    """Days by which violations are found earlier, per window, with means and the worst window."""
    if not SHARED.is_dir():
        print("Chicago: ../shared/data is not there")
        return
    everything = windows(SHARED)
    teams = [due for due in map(with_team, everything) if len(due.day)]
    for own_team, dues, title in (
        (False, everything, "any team may take any visit"),
        (True, teams, "each team keeps its own visits (those whose team is known)"),
    ):
        print(f"\nChicago, days earlier than; each team's visits a day as they were; {title}")
        table = [earlier(due, own_team=own_team) for due in dues]
        names = list(table[0])
        print(f"{'window from':<12}{'visits':>8}{'found':>7}" + "".join(f"{name:>16}" for name in names))
        for due, row in zip(dues, table, strict=True):
            numbers = "".join(f"{row[name]:>+16.2f}" for name in names)
            print(f"{due.origin.isoformat():<12}{len(due.day):>8}{int(due.found.sum()):>7}{numbers}")
        for title_of, of in (("mean", np.mean), ("worst", min)):
            print(f"{title_of:<27}" + "".join(f"{float(of([row[name] for row in table])):>+16.2f}" for name in names))


if __name__ == "__main__":
    generated(int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else 20_000)
    chicago()
