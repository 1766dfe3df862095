"""A plan's figures in words, for the end of a run and for `evenhand plan`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exports.left_out_words import shortfall_text
from models.inspection.breakdown import by_tier

MOST = 3  # reasons told of a tier


def plan_words(figures: Mapping[str, Any]) -> Iterator[str]:
    """Lines on where visits come from and why some are missing, on the draw, the days and the load; a plan of an
    earlier version has fewer figures and gets fewer lines. `figures`: Plan.figures."""
    yield from map(_of_tier, by_tier(figures.get("tiers", ())))
    if figures.get("drawn"):
        share = 100 * figures["drawn_scheduled"] / figures["drawn"]
        yield f"draw: {figures['drawn_scheduled']} of {figures['drawn']} drawn firms have a day ({share:.1f}%)"
    if figures.get("wait_packed"):
        saved = 100 * (figures["wait_packed"] - figures["wait"]) / figures["wait_packed"]
        yield f"days: ordering them took {saved:.0f}% off the risk-weighted waiting over {figures['days']} working days"
    if figures.get("load"):
        yield _load(figures["load"])


def _of_tier(row: Mapping[str, Any]) -> str:
    parts = " + ".join(
        f"{row[name]:.0f} {what}"
        for name, what in (("must", "that must be"), ("floor", "random floor"), ("rate", "by rate"))
        if round(row[name])
    )
    line = f"tier {row['tier']}: {parts or 'nothing sought'} → {row['planned']} planned"
    if row["short"] < 1:
        return line
    told = [shortfall_text(code, trade, visits, "en") for code, trade, visits in row["why"][:MOST]]
    rest = sum(visits for _, _, visits in row["why"][MOST:])
    return f"{line}, {row['short']:.0f} short: " + "; ".join([*told, *([f"{rest:.1f} more"] if rest >= 0.5 else [])])


def _load(load: list[Mapping[str, Any]]) -> str:
    worst = max(load, key=lambda row: row["gini"])
    least, most = min(row["least"] for row in load), max(row["most"] for row in load)
    return (
        f"load: {least / 60:.0f} to {most / 60:.0f} hours of visits an inspector; least even in {worst['region']}: "
        f"{worst['least'] / 60:.0f}, median {worst['median'] / 60:.0f}, {worst['most'] / 60:.0f} hours, "
        f"Gini {worst['gini'] / 1000:.3f}"
    )
