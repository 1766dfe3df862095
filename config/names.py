"""Every name a pack uses is defined in it, and none is a field that may not be asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from config.conditions import Condition
from config.errors import PolicyError
from config.pack_form import PackForm, dated_values

TABLES_BY_TIER = ("inspection.rates", "random_floor", "yearly_cap", "frequency", "consignment.rates")


def conditions(condition: Condition) -> Iterator[Condition]:
    """A condition and everything nested in it."""
    yield condition
    for group in (condition.all, condition.any, condition.none):
        for inner in group or ():
            yield from conditions(inner)


def check_names(form: PackForm) -> None:
    """Every name used is defined: instruments, dimensions, decays, tiers, lists, items."""
    known_tiers = {tier.id for tier in form.tiers.tiers}

    def refuse(path: str, kind: str, name: str, known: Mapping[str, Any] | set[str]) -> None:
        if name not in known:
            raise PolicyError(
                f"{form.pack.id}: {path}: unknown {kind} {name!r}.",
                remedy=f"define it or use one of {', '.join(sorted(known)[:12])}",
            )

    for path, dated in dated_values(form):
        for day, entry in dated.values.items():
            refuse(f"{path}.{day}", "instrument", entry.reference.instrument, form.instruments)
            for field, reference in getattr(entry.value, "clauses", {}).items():
                refuse(f"{path}.{day}.clauses.{field}", "instrument", reference.instrument, form.instruments)
            for tier in _tiers_named(path, entry.value):
                refuse(f"{path}.{day}", "tier", tier, known_tiers)
    for code, item in form.catalogue.items():
        refuse(f"catalogue.{code}.dimension", "dimension", item.dimension, form.scorecard.dimensions)
        if item.decay is not None:
            refuse(f"catalogue.{code}.decay", "decay", item.decay, form.scorecard.decay)
    for name, figure in form.figures.items():
        refuse(f"figures.{name}.dimension", "dimension", figure.dimension, form.scorecard.dimensions)
    if form.tiers.default is not None:
        refuse("tiers.default", "tier", form.tiers.default, known_tiers)
    for name, gate in form.tiers.gates.items():
        for entry in gate.rule.values.values():
            for inner in conditions(entry.value.when) if entry.value else ():
                path = f"tiers.gates.{name}"
                if inner.listed is not None:
                    refuse(path, "list", inner.listed, form.lists)
                for acts in (inner.count, inner.amount, inner.ratio):
                    for code in acts.items if acts else ():
                        refuse(path, "item", code, form.catalogue)
                    for dimension in acts.dimensions if acts else ():
                        refuse(path, "dimension", dimension, form.scorecard.dimensions)
    for name, veto in form.tender.vetoes.items() if form.tender else ():
        for listed in veto.listed.values.values():
            refuse(f"tender.vetoes.{name}", "list", listed.value or "", form.lists)


def _tiers_named(path: str, value: Any) -> Iterator[str]:
    """Tier ids that a value mentions."""
    for field in ("ceiling", "floor", "exactly"):
        named = getattr(value, field, None)
        if isinstance(named, str):
            yield named
    yield from getattr(value, "trigger_tiers", ())
    if isinstance(value, Mapping) and path.endswith(TABLES_BY_TIER):
        yield from value
