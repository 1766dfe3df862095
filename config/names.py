"""Every name a pack uses is defined in it, and none is a field that may not be asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from config.conditions import Condition
from config.errors import PolicyError
from config.pack_form import PackForm, dated_values

REFUSED_FIGURES = frozenset(
    {"income", "deposit", "deposits", "religion", "gene", "genes", "fingerprint", "fingerprints"}
    | {"blood", "illness", "politics", "political"}
)
"""Words no figure of a rule may carry, whatever the pack says (State Council Order 631, Art. 14)."""

TABLES_BY_TIER = ("inspection.rates", "random_floor", "yearly_cap", "frequency", "consignment.rates")


def conditions(condition: Condition) -> Iterator[Condition]:
    """A condition and everything nested in it."""
    yield condition
    for group in (condition.all, condition.any, condition.none):
        for inner in group or ():
            yield from conditions(inner)


def check_names(form: PackForm) -> None:
    """PolicyError for a name that is not defined, a rule's name used twice, or a field that may not be asked for."""
    for path, kind, name, known in _uses(form):
        if name not in known:
            raise PolicyError(
                f"{form.pack.id}: {path}: unknown {kind} {name!r}.",
                remedy=f"define it or use one of {', '.join(sorted(known)[:12])}",
            )
    _rules_told_apart(form)
    for path, figure in _figures_asked_for(form):
        refused = REFUSED_FIGURES.union(form.pack.forbidden_fields).intersection({figure, *figure.split("_")})
        if refused:
            raise PolicyError(
                f"{form.pack.id}: {path}: {figure!r} names the forbidden field {sorted(refused)[0]!r}.",
                remedy="no rating may rest on it: take the rule out",
            )


Use = tuple[str, str, str, Collection[str]]  # path, kind, name, what is defined


def _uses(form: PackForm) -> Iterator[Use]:
    yield from _in_values(form)
    for code, item in form.catalogue.items():
        yield f"catalogue.{code}.dimension", "dimension", item.dimension, form.scorecard.dimensions
        if item.decay is not None:
            yield f"catalogue.{code}.decay", "decay", item.decay, form.scorecard.decay
    for name, figure in form.figures.items():
        yield f"figures.{name}.dimension", "dimension", figure.dimension, form.scorecard.dimensions
    if form.tiers.default is not None:
        yield "tiers.default", "tier", form.tiers.default, {tier.id for tier in form.tiers.tiers}
    for path, condition in _conditions(form):
        yield from _in_condition(form, path, condition)
    consignment = form.inspection.consignment if form.inspection else None
    for found, dated in consignment.findings.items() if consignment else ():
        for entry in dated.values.values():
            if entry.value is not None:
                yield f"inspection.consignment.findings.{found}", "item", entry.value, form.catalogue
    for name, veto in form.tender.vetoes.items() if form.tender else ():
        for listed in veto.listed.values.values():
            yield f"tender.vetoes.{name}", "list", listed.value or "", form.lists


def _in_values(form: PackForm) -> Iterator[Use]:
    """Instruments of references, tiers of values, rules that trigger links."""
    tiers = {tier.id for tier in form.tiers.tiers}
    for path, dated in dated_values(form):
        for day, entry in dated.values.items():
            yield f"{path}.{day}", "instrument", entry.reference.instrument, form.instruments
            for field, reference in getattr(entry.value, "clauses", {}).items():
                yield f"{path}.{day}.clauses.{field}", "instrument", reference.instrument, form.instruments
            for tier in _tiers_named(path, entry.value):
                yield f"{path}.{day}", "tier", tier, tiers
            for rule in getattr(entry.value, "trigger_gates", ()):
                yield f"{path}.{day}.trigger_gates", "gate or list", rule, {*form.tiers.gates, *form.lists}


def _conditions(form: PackForm) -> Iterator[tuple[str, Condition]]:
    for name, gate in form.tiers.gates.items():
        for entry in gate.rule.values.values():
            for inner in conditions(entry.value.when) if entry.value else ():
                yield f"tiers.gates.{name}", inner


def _in_condition(form: PackForm, path: str, condition: Condition) -> Iterator[Use]:
    if condition.listed is not None:
        yield path, "list", condition.listed, form.lists
    if condition.points is not None and condition.points.dimension is not None:
        yield path, "dimension", condition.points.dimension, form.scorecard.dimensions
    for tier in condition.held.tiers if condition.held else ():
        yield path, "tier", tier, {tier.id for tier in form.tiers.tiers}
    for acts in (condition.count, condition.amount, condition.ratio):
        for code in acts.items if acts else ():
            yield path, "item", code, form.catalogue
        for dimension in acts.dimensions if acts else ():
            yield path, "dimension", dimension, form.scorecard.dimensions


def _rules_told_apart(form: PackForm) -> None:
    """A rating names gates, lists and links in one column: no name may stand for two of them."""
    names = [*form.tiers.gates, *form.lists, *form.links]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PolicyError(
            f"{form.pack.id}: {twice[0]!r} names two rules among gates, lists and links.", remedy="rename one of them"
        )


def _figures_asked_for(form: PackForm) -> Iterator[tuple[str, str]]:
    for name, figure in form.figures.items():
        for entry in figure.rule.values.values():
            if entry.value is not None and entry.value.indicator is not None:
                yield f"figures.{name}", entry.value.indicator
    for path, condition in _conditions(form):
        if condition.indicator is not None:
            yield path, condition.indicator.name
        if condition.ratio is not None:
            yield path, condition.ratio.per


def _tiers_named(path: str, value: Any) -> Iterator[str]:
    """Tier ids that a value mentions."""
    for field in ("ceiling", "floor", "exactly"):
        named = getattr(value, field, None)
        if isinstance(named, str):
            yield named
    yield from getattr(value, "trigger_tiers", ())
    if isinstance(value, Mapping) and path.endswith(TABLES_BY_TIER):
        yield from value
