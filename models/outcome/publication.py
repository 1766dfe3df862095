"""The figures of models.outcome.oversight in the form in which they may be published.

Officers become numbers, and counts that are so small that they tell about single people or firms are left out, with
those that would let them be worked out again. What remains of a row stays; a share of a count left out goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

COUNTS: dict[str, tuple[str, ...]] = {
    "approvals": ("decided", "refused", "unopened"),
    "overrides": ("overrides", "subjects"),
    "objections": ("filed", "open", "upheld", "rejected"),
    "burden": ("firms", "visited", "visits", "compliant", "visits_to_compliant"),
    "equal_treatment": ("firms", "chosen"),
}
"""Columns that count people, firms or what was done about them, by the first word of the figure."""
FOLLOWS: dict[str, tuple[str, ...]] = {
    "unopened": ("unopened_per_mille",),
    "decided": ("unopened_per_mille", "median_seconds_looked"),
    "overrides": ("kinds",),
    "subjects": ("per_mille",),
    "upheld": ("upheld_per_mille",),
    "rejected": ("upheld_per_mille",),
    "filed": ("median_days",),
    "compliant": ("visits_per_compliant", "most_visits"),
    "visits_to_compliant": ("visits_per_compliant", "most_visits"),
    "chosen": ("rate_per_mille", "ratio_to_highest", "ratio_to_expected"),
    "firms": ("expected", "rate_per_mille", "ratio_to_highest", "ratio_to_expected"),
}
"""Figures that would give a count away."""
OWN = {"rejections"}  # rows of files: they count neither people nor firms


def publishable(figures: Mapping[str, pl.DataFrame], least: int) -> dict[str, pl.DataFrame]:
    """Every figure, with officers as numbers and null where a count is above 0 and below `least`, or protects one.

    Raises ValueError for a figure it does not know, so that a new one cannot be published by oversight, and for a
    `least` that protects nobody.
    """
    if least < 3:
        raise ValueError(f"Expected a least count of 3 or more, got {least}.")
    told = {}
    for name, frame in figures.items():
        if name in OWN:
            told[name] = frame
            continue
        kind = next((kind for kind in COUNTS if name.startswith(kind)), None)
        if kind is None:
            raise ValueError(f"Expected a figure of {', '.join((*COUNTS, *OWN))}, got {name}.")
        told[name] = _protected(_numbered(frame), COUNTS[kind], least)
    return told


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """Officers by number; their order is that of the first count, so that the number says nothing else."""
    if "officer" not in frame.columns:
        return frame
    rest = [name for name in frame.columns if name != "officer"]
    by = frame.sort(*rest[:1], "officer", descending=[True, False])
    return by.with_columns(officer=pl.int_range(1, pl.len() + 1).cast(pl.String))


def _protected(frame: pl.DataFrame, counts: tuple[str, ...], least: int) -> pl.DataFrame:
    hidden = {name: _hidden(frame[name], least) for name in counts}
    hidden = {name: mask | _whole_row(frame, hidden, counts, name) for name, mask in hidden.items()}
    for name, mask in hidden.items():
        gone = pl.when(pl.Series(mask))
        for column in (name, *FOLLOWS.get(name, ())):
            if column in frame.columns:
                frame = frame.with_columns(gone.then(None).otherwise(pl.col(column)).alias(column))
    return frame


def _hidden(column: pl.Series, least: int) -> pl.Series:
    """Small counts, and where it would be the only one hidden the next larger: else the total gives it away."""
    small = (column > 0) & (column < least)
    if small.sum() != 1:
        return small
    others = column.filter(~small & (column > 0))
    return small | (column == others.min()) if others.len() else small


def _whole_row(frame: pl.DataFrame, hidden: dict[str, pl.Series], counts: tuple[str, ...], name: str) -> pl.Series:
    """With the first count (how many there are) hidden, the others of its row go too."""
    return hidden[counts[0]] if name != counts[0] else pl.repeat(value=False, n=frame.height, eager=True)
