"""Proportions of the made-up population, read once from calibration.yaml. Shares are per mille."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from config.dated import Strict
from config.yaml_files import read_yaml


class Industry(Strict):
    weight: int
    name: str
    acts: dict[str, int]  # weight by agency


class ActWeight(Strict):
    weight: int
    shift: int  # per mille towards serious


class Records(Strict):
    honest: int
    dishonest: int
    series: int
    cap: int
    years: int
    minor: int
    general: int
    corrected: int
    late_correction: int
    reported_twice: int
    revoked: int
    with_ban: int
    good: int


class Inspectors(Strict):
    per_100k: int
    at_least: int
    daily_minutes: int
    absent: int


class Declarations(Strict):
    offices: dict[str, int]
    usual: int
    examinations: dict[str, int]
    must: int
    days: int
    minutes_per_1000: int
    scanners: int


class Calibration(Strict):
    """calibration.yaml; its comments say what each figure means."""

    tier_mix: dict[str, int]
    districts: tuple[tuple[str, str, int, float, float], ...]
    enterprises_per_district: int
    industries: dict[str, Industry]
    items: dict[str, dict[str, ActWeight]]
    good_items: dict[str, str]
    second_agency: dict[str, str]
    records: Records
    decisions: dict[str, int]
    lists: dict[str, int]
    owners: dict[str, int]
    brand: str
    forms: tuple[str, ...]
    would_fail: dict[str, int]
    visits: dict[str, int]
    inspectors: Inspectors
    declarations: Declarations
    goods: tuple[tuple[str, int, int], ...]

    @property
    def agencies(self) -> tuple[str, ...]:
        """Agencies in the order of the file."""
        return tuple(self.items)


@cache
def calibration() -> Calibration:
    """The one calibration that comes with the project."""
    return Calibration.model_validate(read_yaml(Path(__file__).with_name("calibration.yaml")))
