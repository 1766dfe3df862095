"""The figures of a plan in words."""

from __future__ import annotations

from flows.plan_words import plan_words


def test_every_figure_is_told() -> None:
    why = [["hours", "food", 4.0], ["no_qualified_inspector", "pharma", 2.0], ["team_days", "", 0.4]]
    tier = {
        "tier": "B",
        "region": "1",
        "must": 3.0,
        "floor": 30.4,
        "rate": 20.0,
        "planned": 47,
        "short": 6.4,
        "why": why,
    }
    load = {"region": "1", "inspectors": 4, "least": 600, "median": 660, "most": 720, "gini": 31}
    figures = {"tiers": [tier], "drawn": 200, "drawn_scheduled": 199, "days": 60, "wait_packed": 1000, "wait": 620,
               "load": [load]}  # fmt: skip
    told = "\n".join(plan_words(figures))
    assert "tier B: 3 that must be + 30 random floor + 20 by rate → 47 planned, 6 short: " in told
    assert "short: the hours of its inspectors are used up (Food) 4.0; " in told
    assert "no licensed inspector for its industry and district (Pharmaceuticals) 2.0" in told
    assert "199 of 200 drawn firms have a day (99.5%)" in told
    assert "took 38% off" in told
    assert "10 to 12 hours" in told
    assert "Gini 0.031" in told


def test_a_plan_of_an_earlier_version_is_told_without_them() -> None:
    assert list(plan_words({"drawn": 0, "risk_scheduled": 4})) == []
