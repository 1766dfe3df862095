"""A pack on one day: every value taken with its clause, gaps and unchecked values noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from config import in_force
from config.bands import bands_without_gap
from config.dated import Dated
from config.errors import PolicyError
from config.pack import ConsignmentForm, DimensionForm, GateForm, InspectionForm, TenderForm
from config.pack_form import PackForm
from config.units import milli

T = TypeVar("T")


class Resolver:
    """Walks a pack for one day, collecting notices; names the path in every error."""

    def __init__(self, form: PackForm, day: date, digest: str) -> None:
        self.form, self.day, self.digest = form, day, digest
        self.notices: list[in_force.Notice] = []

    def take(self, path: str, dated: Dated[T]) -> tuple[T | None, in_force.Clause]:
        """Value (None where the pack says null) and clause in force."""
        try:
            since, entry = dated.entry_at(self.day)
        except PolicyError as error:
            raise PolicyError(f"{self.form.pack.id}: {path}: {error.message}", remedy=error.remedy) from error
        ref = entry.reference
        instrument = self.form.instruments[ref.instrument]
        text = f"{instrument.title.en}, {ref.article}" + (f" ({entry.note})" if entry.note else "")
        if entry.value is None:
            self.note("gap", path, f"not known since {since}; to be found in {text}")
        elif not entry.verified:
            self.note("unverified", path, f"recalled, not compared with the text; to be checked in {text}")
        ended = instrument.in_force_to
        if entry.value is not None and ended is not None and self.day >= ended:
            self.note("outlived", path, f"rests on {instrument.title.en}, out of force since {ended}")
        if dated.review_by is not None and self.day > dated.review_by:
            self.note("review_overdue", path, f"was to be looked at again by {dated.review_by}: {text}")
        return entry.value, in_force.Clause(ref.instrument, ref.article, since, entry.verified)

    def need(self, path: str, dated: Dated[T]) -> tuple[T, in_force.Clause]:
        """Like `take`, but a null stops the run: nothing sensible can be done without this value."""
        value, clause = self.take(path, dated)
        if value is None:
            raise PolicyError(
                f"{self.form.pack.id}: {path}: the value on {self.day} is not known ({clause}).",
                remedy="enter it with its reference",
            )
        return value, clause

    def note(self, kind: str, path: str, message: str) -> None:
        self.notices.append(in_force.Notice(kind, path, message))

    def policy(self) -> in_force.Policy:
        form = self.form
        tiers = self.tiers
        return in_force.Policy(
            pack=form.pack.id,
            title=form.pack.title,
            currency=form.pack.currency,
            as_of=self.day,
            digest=self.digest,
            instruments=form.instruments,
            items=dict(self.items()),
            scorecard=self.scorecard(),
            tiers=tiers,
            default_tier=form.tiers.default,
            gates=tuple(self.gates()),
            lists=dict(self.lists()),
            links=tuple(self.links()),
            figures=tuple(self.figures()),
            redress=self.redress(),
            forbidden_fields=frozenset(form.pack.forbidden_fields),
            inspection_rules=self.inspection(form.inspection) if form.inspection else None,
            tender_rules=self.tender(form.tender) if form.tender else None,
            notices=tuple(dict.fromkeys(self.notices)),
        )

    def items(self) -> Iterator[tuple[str, in_force.Item]]:
        general, general_clause = self.need("redress.display", self.form.redress.display)
        for code, item in self.form.catalogue.items():
            if not item.points.covers(self.day):
                continue  # not in the catalogue on this day: does not count
            points, clause = self.need(f"catalogue.{code}.points", item.points)
            display, display_clause = general, general_clause
            if item.display is not None:
                display, display_clause = self.need(f"catalogue.{code}.display", item.display)
            yield (
                code,
                in_force.Item(
                    code=code,
                    title=item.title,
                    dimension=item.dimension,
                    act_class=item.act_class or code,
                    points={severity: milli(value) for severity, value in points.items()},
                    decay=item.decay,
                    display=display,
                    clause=clause,
                    display_clause=display_clause,
                ),
            )

    def scorecard(self) -> in_force.Scorecard:
        form = self.form.scorecard
        base, clause = self.need("scorecard.base", form.base)
        return in_force.Scorecard(
            base=milli(base),
            lowest=milli(self.need("scorecard.lowest", form.lowest)[0]),
            highest=milli(self.need("scorecard.highest", form.highest)[0]),
            dimensions={name: self.dimension(name, dim) for name, dim in form.dimensions.items()},
            decay=dict(self.decays()),
            clause=clause,
        )

    def dimension(self, name: str, form: DimensionForm) -> in_force.Dimension:
        worst, clause = self.need(f"scorecard.dimensions.{name}.worst", form.worst)
        best, _ = self.need(f"scorecard.dimensions.{name}.best", form.best)
        return in_force.Dimension(name, form.title, milli(worst), milli(best), clause)

    def decays(self) -> Iterator[tuple[str, in_force.Decay]]:
        for name, dated in self.form.scorecard.decay.items():
            steps, clause = self.need(f"scorecard.decay.{name}", dated)
            yield name, in_force.Decay(name, tuple((s.from_days, s.per_mille) for s in steps), clause)

    @cached_property
    def tiers(self) -> tuple[in_force.Tier, ...]:
        found: list[in_force.Tier] = []
        for form in self.form.tiers.tiers:
            path = f"tiers.{form.id}"
            if form.exists is not None and not (
                form.exists.covers(self.day) and self.need(f"{path}.exists", form.exists)[0]
            ):
                continue
            bound, clause = None, None
            if form.from_points is not None and form.from_points.covers(self.day):
                value, clause = self.need(f"{path}.from_points", form.from_points)
                bound = milli(value)
            found.append(in_force.Tier(form.id, form.title, form.colour, len(found), bound, clause))
        bands_without_gap(self.form.pack.id, found, self.form.tiers.default, self.day)
        return tuple(found)

    def gates(self) -> Iterator[in_force.Gate]:
        for name, form in self.form.tiers.gates.items():
            gate = self.gate(name, form)
            if gate is not None:
                yield gate

    def gate(self, name: str, form: GateForm) -> in_force.Gate | None:
        if not form.rule.covers(self.day):
            return None
        rule, clause = self.take(f"tiers.gates.{name}", form.rule)
        if rule is None:
            return None  # noted as a gap: the rule exists, its numbers are not known
        for tier in {rule.ceiling, rule.floor, rule.exactly} - {None} - {tier.id for tier in self.tiers}:
            raise PolicyError(
                f"{self.form.pack.id}: tiers.gates.{name}: there is no tier {tier!r} on {self.day}.",
                remedy="let the gate end where the tier does",
            )
        return in_force.Gate(name, form.title, rule.when, rule.ceiling, rule.floor, rule.exactly, clause)

    def lists(self) -> Iterator[tuple[str, in_force.Listing]]:
        for name, form in self.form.lists.items():
            if form.effect.covers(self.day):
                effect, clause = self.need(f"lists.{name}", form.effect)
                early = form.ends_when if form.ends_when and form.ends_when.covers(self.day) else None
                duty, duty_clause = self.take(f"lists.{name}.ends_when", early) if early else (None, None)
                yield name, in_force.Listing(name, form.title, form.kind, effect, clause, duty, duty_clause)

    def links(self) -> Iterator[in_force.Link]:
        for name, form in self.form.links.items():
            if form.carry.covers(self.day):
                carry, clause = self.need(f"links.{name}", form.carry)
                yield in_force.Link(name, form.title, carry, clause)

    def figures(self) -> Iterator[in_force.Figure]:
        for name, form in self.form.figures.items():
            if form.rule.covers(self.day):
                rule, clause = self.take(f"figures.{name}", form.rule)
                if rule is not None:  # a gap was noted: the figure counts, its worth is not known
                    yield in_force.Figure(name, form.title, form.dimension, rule, clause)

    def redress(self) -> in_force.Redress:
        form = self.form.redress
        fields: dict[str, Dated[Any]] = {
            "notice_wait_days": form.notice_wait,
            "objection_effect": form.objection_effect,
            "annotate_within_working_days": form.objection_annotate_within,
            "decide_within_working_days": form.objection_decide_within,
            "withdraw_within_working_days": form.revocation_withdraw_within,
            "repair_needs": form.repair_needs,
        }
        values, clauses = self.need_all("redress", fields)
        relief = False
        if form.relief is not None and form.relief.covers(self.day):
            relief, clauses["relief"] = self.need("redress.relief", form.relief)
        return in_force.Redress(**values, relief=relief, holidays=form.holidays, clauses=clauses)

    def need_all(
        self, path: str, fields: Mapping[str, Dated[Any]]
    ) -> tuple[dict[str, Any], dict[str, in_force.Clause]]:
        taken = {name: self.need(f"{path}.{name}", dated) for name, dated in fields.items()}
        return {n: v for n, (v, _) in taken.items()}, {n: c for n, (_, c) in taken.items()}

    def by_tier(self, path: str, dated: Dated[dict[str, Any]]) -> tuple[dict[str, Any], in_force.Clause]:
        """A table by tier; a wholly or partly unknown table leaves None for the tier and a notice."""
        table, clause = self.take(path, dated)
        result = {}
        for tier in self.tiers:
            result[tier.id] = None if table is None else table.get(tier.id)
            if table is not None and result[tier.id] is None:
                self.note("gap", f"{path}.{tier.id}", f"no figure for tier {tier.id} ({clause})")
        return result, clause

    def inspection(self, form: InspectionForm) -> in_force.Inspection | None:
        if not form.rates.covers(self.day):
            return None
        plain: dict[str, Dated[Any]] = {
            "yearly_cap": form.yearly_cap,
            "exempt_reasons": form.exempt_reasons,
            "min_interval_days": form.min_interval,
            "visit_minutes": form.visit_minutes,
            "team_size": form.team_size,
            "recusal_days": form.recusal,
            "directed_per_mille": form.directed_share,
        }
        values, clauses = self.need_all("inspection", plain)
        rates, clauses["rates"] = self.by_tier("inspection.rates", form.rates)
        floor, clauses["random_floor"] = self.by_tier("inspection.random_floor", form.random_floor)
        frequency: dict[str, int | None] = {}
        if form.frequency is not None and form.frequency.covers(self.day):
            table, clauses["frequency"] = self.need("inspection.frequency", form.frequency)
            frequency = {tier: rule.at_least_every_days if rule else None for tier, rule in table.items()}
        asides: dict[str, Dated[Any] | None] = {
            "strict_tiers": form.strict_tiers,
            "risk_first_per_mille": form.risk_first,
            "explore_per_mille": form.explore_share,
            "rate_step_per_mille": form.rate_step,
        }
        for name, aside in asides.items():
            values[name] = None
            if aside is not None and aside.covers(self.day):
                values[name], clauses[name] = self.need(f"inspection.{name}", aside)
        consignment = self.consignment(form.consignment) if form.consignment else None
        return in_force.Inspection(
            **values,
            rates=rates,
            random_floor=floor,
            frequency_days=frequency,
            clauses=clauses,
            consignment=consignment,
        )

    def consignment(self, form: ConsignmentForm) -> in_force.Consignment | None:
        if not form.rates.covers(self.day):
            return None
        rates, clause = self.by_tier("inspection.consignment.rates", form.rates)
        floor, _ = self.by_tier("inspection.consignment.random_floor", form.random_floor)
        tolerance, _ = self.need("inspection.consignment.tolerance", form.tolerance)
        minutes, _ = self.need("inspection.consignment.minutes", form.minutes)
        return in_force.Consignment(rates, floor, tolerance, minutes, clause, dict(self.findings(form)))

    def findings(self, form: ConsignmentForm) -> Iterator[tuple[str, in_force.Finding]]:
        """Irregularities with the item each proposes; those of which the law is silent, or unknown, are left out."""
        for code, dated in form.findings.items():
            path = f"inspection.consignment.findings.{code}"
            item, clause = self.take(path, dated) if dated.covers(self.day) else (None, None)
            if item is None or clause is None:
                continue
            points = self.form.catalogue[item].points
            if not points.covers(self.day) or min((self.need(path, points)[0]).values(), default=0) >= 0:
                raise PolicyError(
                    f"{self.form.pack.id}: {path}: {item!r} is no adverse item of the catalogue on {self.day}.",
                    remedy="name one that is, or let the finding end where the item does",
                )
            yield code.value, in_force.Finding(item, clause)

    def tender(self, form: TenderForm) -> in_force.Tender | None:
        if not form.bid.covers(self.day):
            return None
        bid, clause = self.need("tender.bid", form.bid)
        forbidden: tuple[str, ...] = ()
        forbidden_clause = weight_clause = weight = None
        if form.forbidden_attributes is not None and form.forbidden_attributes.covers(self.day):
            forbidden, forbidden_clause = self.need("tender.forbidden_attributes", form.forbidden_attributes)
        if form.max_credit_weight is not None and form.max_credit_weight.covers(self.day):
            weight, weight_clause = self.take("tender.max_credit_weight", form.max_credit_weight)
        return in_force.Tender(
            bid,
            clause,
            dict(self.vetoes(form)),
            forbidden,
            weight,
            forbidden_clause,
            weight_clause,
            form.attribute_words,
            form.attribute_negations,
        )

    def vetoes(self, form: TenderForm) -> Iterator[tuple[str, in_force.Veto]]:
        for name, veto in form.vetoes.items():
            if not veto.listed.covers(self.day):
                continue
            path = f"tender.vetoes.{name}"
            listed, clause = self.need(f"{path}.listed", veto.listed)
            term = self.take(f"{path}.term_days", veto.term_days)[0] if veto.term_days else None
            cleaning = self.take(f"{path}.self_cleaning", veto.self_cleaning)[0] if veto.self_cleaning else None
            yield name, in_force.Veto(name, veto.title, listed, term, bool(cleaning), clause, veto.covers)
