"""All files of a pack together, and every dated value in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Field

from config.dated import Dated, Strict
from config.figures import FigureForm
from config.outcome import OutcomeForm
from config.pack import (
    InspectionForm,
    Instrument,
    ItemForm,
    PackHead,
    RedressForm,
    ScorecardForm,
    TenderForm,
    TiersForm,
)
from config.pack_lists import LinkForm, ListForm


class PackForm(Strict):
    """All files of a pack together."""

    pack: PackHead
    instruments: dict[str, Instrument]
    catalogue: dict[str, ItemForm]
    scorecard: ScorecardForm
    tiers: TiersForm
    lists: dict[str, ListForm] = Field(default_factory=dict)
    links: dict[str, LinkForm] = Field(default_factory=dict)
    figures: dict[str, FigureForm] = Field(default_factory=dict)
    redress: RedressForm
    inspection: InspectionForm | None = None
    tender: TenderForm | None = None
    outcome: OutcomeForm | None = None  # what a backtest looks for; no value of the law


FILES = tuple(PackForm.model_fields)


def dated_values(form: Any, path: str = "") -> Iterator[tuple[str, Dated[Any]]]:
    """Every dated value of a form with its path ('catalogue.late_report.points')."""
    if isinstance(form, Dated):
        yield path, form
    elif isinstance(form, BaseModel):
        for name in type(form).model_fields:
            yield from dated_values(getattr(form, name), f"{path}.{name}" if path else name)
    elif isinstance(form, Mapping):
        for key, value in form.items():
            yield from dated_values(value, f"{path}.{key}")
    elif isinstance(form, tuple):
        for index, value in enumerate(form):
            yield from dated_values(value, f"{path}.{getattr(value, 'id', index)}")
