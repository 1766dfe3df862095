"""Names an overload: which skills, where and until when need more person-minutes than there are. By minimum cut."""

from __future__ import annotations

import numpy as np
from ortools.graph.python import max_flow

from models.inspection.crew import Ints
from models.inspection.problem import Problem


def overload(problem: Problem, visits: Ints) -> str | None:
    """One sentence for the tightest set of the given visits, or None when hours alone would suffice for them.

    Source → (district, skill, window) with the person-minutes needed → person and day → sink with the minutes there.
    """
    needs: dict[tuple[int, int, int, int], int] = {}
    for at in visits.tolist():
        key = (int(problem.district[at]), int(problem.skill[at]), int(problem.first[at]), int(problem.last[at]))
        needs[key] = needs.get(key, 0) + int(problem.minutes[at]) * problem.team_size
    flow, crew = max_flow.SimpleMaxFlow(), problem.crew
    source, sink = 0, 1
    of_need = {key: 2 + at for at, key in enumerate(sorted(needs))}
    base = 2 + len(of_need)
    opened: set[int] = set()
    for key, node in of_need.items():
        district, skill, first, last = key
        flow.add_arc_with_capacity(source, node, needs[key])
        for person in np.flatnonzero(crew.districts[:, district] & crew.skills[:, skill]).tolist():
            for day in range(first, min(last, crew.days - 1) + 1):
                if crew.there[person, day]:
                    person_day = base + person * crew.days + day
                    flow.add_arc_with_capacity(node, person_day, needs[key])
                    opened.add(person_day)
    for person_day in sorted(opened):
        minutes = int(crew.minutes[(person_day - base) // crew.days])
        flow.add_arc_with_capacity(person_day, sink, minutes)
    if not needs or not opened:
        return None
    flow.solve(source, sink)
    if flow.optimal_flow() == sum(needs.values()):
        return None
    cut = set(flow.get_source_side_min_cut())
    short = [key for key, node in of_need.items() if node in cut]
    have = sum(int(crew.minutes[(node - base) // crew.days]) for node in opened if node in cut)
    return _sentence(problem, short, sum(needs[key] for key in short), have)


def _sentence(problem: Problem, short: list[tuple[int, int, int, int]], need: int, have: int) -> str:
    district, skill = problem.district_names, problem.skill_names
    where = sorted({f"{skill[k[1]]} in {district[k[0]]}" if skill and district else f"{k[1]} in {k[0]}" for k in short})
    until = problem.days[min(max(key[3] for key in short), len(problem.days) - 1)]
    return (
        f"visits that have to take place by {until} need {need} person-minutes for {', '.join(where)}; there are {have}"
    )
