"""OCDS 1.1 release and record packages (bids, lots, bid opening extensions) → tender cases.

Beyond the standard's fields this reads, as local additions: `tender.criteria[]` with kind, weight and the price
formula's parameters, `tender.lotRule`, `tender.tieRule`, `bids.details[].scores[]` and `tenderers[].share`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from config.errors import InputError
from models.tender import amounts
from models.tender.case import Bid, Criterion, Formula, JudgeScore, Kind, Lot, Member, Party, PriceRule, Status
from models.tender.case import TenderCase as Case
from models.tender.identifiers import enterprise_of
from models.tender.merge import compiled_releases
from models.tender.shape import check_shape

T = TypeVar("T")
WHOLE = "1"
"""Id of the only lot of a tender that is not divided."""


def read_ocds(path: Path, *, schemas: Path | None = None) -> list[Case]:
    """Every tender of a package, one case per contracting process (ocid), in the file's order.

    With `schemas` (a folder with the published schema files) the package is checked against them first.
    Raises InputError naming the place in the file (JSON pointer) and the remedy.
    """
    package = read_json(path)
    if schemas is not None:
        from models.tender.schema import check_schema

        check_schema(package, schemas, str(path))
    return cases_of(package, str(path))


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; InputError where the file is missing, not UTF-8, not JSON or not an object."""
    try:
        package = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError("no such file.", file=str(path), remedy="give the path of an OCDS package") from error
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at byte {error.start}.", file=str(path), remedy="save it as UTF-8") from error
    except json.JSONDecodeError as error:
        message = f"line {error.lineno}: not JSON ({error.msg})."
        raise InputError(message, file=str(path), remedy="export the package again") from error
    except RecursionError as error:
        raise InputError("nested too deeply.", file=str(path), remedy="give an OCDS package") from error
    if not isinstance(package, dict):
        raise InputError("expected a JSON object at the top.", file=str(path), remedy="give an OCDS package")
    return package


def cases_of(package: Mapping[str, Any], file: str) -> list[Case]:
    """The tenders of a package that has been read already."""
    reader = _Reader(file)
    found = []
    for release, path in compiled_releases(package, file):
        check_shape(release, file, path)
        found.append(reader.case(release, path))
    return found


class _Reader:
    """Reads one file; every error carries the file and the JSON pointer."""

    def __init__(self, file: str) -> None:
        self.file = file

    def refuse(self, path: str, message: str, remedy: str) -> InputError:
        return InputError(message, file=f"{self.file}#{path}", rule="ocds", remedy=remedy)

    def take(self, path: str, convert: Callable[..., T], *values: Any) -> T:
        try:
            return convert(*values)
        except (ValueError, TypeError, ZeroDivisionError) as error:
            raise self.refuse(path, f"{error}.", "correct the value in the file") from error

    def case(self, release: Mapping[str, Any], path: str) -> Case:
        tender = release.get("tender")
        if not tender:
            raise self.refuse(f"{path}/tender", "the release has no tender.", "add the tender, or leave the file out")
        here = f"{path}/tender"
        currency = (tender.get("value") or {}).get("currency")
        lots = self.lots(tender, here)
        currency = currency or next((lot.currency for lot in lots if lot.currency), None)
        if not currency:
            raise self.refuse(f"{here}/value/currency", "the tender names no currency.", "add it")
        period = tender.get("tenderPeriod") or {}
        opening = (tender.get("bidOpening") or {}).get("date") or period.get("endDate")
        deadline = period.get("endDate")
        limit = (tender.get("lotDetails") or {}).get("maximumLotsAwardedPerSupplier")
        return Case(
            ocid=str(release.get("ocid", "")),
            id=str(tender.get("id", release.get("ocid", ""))),
            title=str(tender.get("title") or tender.get("id") or ""),
            buyer=str((release.get("buyer") or tender.get("procuringEntity") or {}).get("name") or ""),
            currency=currency,
            deadline=self.take(f"{here}/tenderPeriod/endDate", amounts.moment, deadline) if deadline else None,
            opening=self.take(f"{here}/bidOpening/date", amounts.moment, opening) if opening else None,
            lots=lots,
            criteria=self.criteria(tender, here),
            parties={party.id: party for party in map(party_of, release.get("parties") or ())},
            bids=self.bids(release, path, lots),
            max_lots_per_bidder=self.take(f"{here}/lotDetails", int, limit) if limit is not None else None,
            lot_rule=str(tender.get("lotRule") or "points"),
            tie_rule=tuple(tender.get("tieRule") or ("price", "technical", "draw")),
            file=f"{self.file}#{path}",
            release=release,
        )

    def lots(self, tender: Mapping[str, Any], path: str) -> tuple[Lot, ...]:
        listed = tender.get("lots") or [{"id": WHOLE, "title": tender.get("title"), "value": tender.get("value")}]
        found = []
        for index, lot in enumerate(listed):
            here = f"{path}/lots/{index}"
            value = lot.get("value") or {}
            money = value.get("currency") or (tender.get("value") or {}).get("currency")
            ceiling = None
            if value.get("amount") is not None and money:
                ceiling = self.take(f"{here}/value/amount", amounts.minor_units, value["amount"], money)
            found.append(Lot(str(lot.get("id", index + 1)), str(lot.get("title") or ""), ceiling, money))
        return tuple(found)

    def criteria(self, tender: Mapping[str, Any], path: str) -> tuple[Criterion, ...]:
        listed = tender.get("criteria") or ()
        return tuple(self.criterion(raw, f"{path}/criteria/{i}") for i, raw in enumerate(listed) if "kind" in raw)

    def criterion(self, raw: Mapping[str, Any], path: str) -> Criterion:
        try:
            kind = Kind(raw["kind"])
        except ValueError as error:
            message = f"unknown criterion kind {raw['kind']!r}."
            raise self.refuse(f"{path}/kind", message, f"use one of {', '.join(Kind)}") from error
        trim = raw.get("trimJudgesFrom")
        return Criterion(
            id=str(raw.get("id") or kind),
            title=str(raw.get("title") or raw.get("id") or kind),
            kind=kind,
            weight=self.take(f"{path}/weight", amounts.milli_points, raw.get("weight")),
            price=self.price_rule(raw, path) if kind is Kind.price else None,
            trim_judges_from=self.take(f"{path}/trimJudgesFrom", int, trim) if trim is not None else None,
            reads=tuple(raw.get("reads") or ()),
            description=" ".join(criterion_texts(raw)),
        )

    def price_rule(self, raw: Mapping[str, Any], path: str) -> PriceRule:
        name = raw.get("formula", Formula.lowest)
        if name not in list(Formula):
            message = f"unknown price formula {name!r}."
            raise self.refuse(f"{path}/formula", message, f"use one of {', '.join(Formula)}")
        trim = raw.get("trim_from")
        return PriceRule(
            formula=Formula(name),
            deduct_above=self.take(f"{path}/deduct_above", amounts.milli_points, raw.get("deduct_above", 1)),
            deduct_below=self.take(f"{path}/deduct_below", amounts.milli_points, raw.get("deduct_below", "0.5")),
            coefficient=self.take(f"{path}/coefficient", _fraction, raw.get("coefficient", 1)),
            mix=self.take(f"{path}/mix", _fraction, raw.get("mix", 0)),
            trim_from=self.take(f"{path}/trim_from", int, trim) if trim is not None else None,
        )

    def bids(self, release: Mapping[str, Any], path: str, lots: tuple[Lot, ...]) -> tuple[Bid, ...]:
        details = (release.get("bids") or {}).get("details") or ()
        return tuple(self.bid(raw, f"{path}/bids/details/{i}", lots) for i, raw in enumerate(details))

    def bid(self, raw: Mapping[str, Any], path: str, lots: tuple[Lot, ...]) -> Bid:
        related = raw.get("relatedLots") or ([lots[0].id] if len(lots) == 1 else [])
        if len(related) != 1:
            message = f"bid {raw.get('id')} names {len(related)} lots."
            raise self.refuse(f"{path}/relatedLots", message, "write one bid per lot, each with its price")
        value = raw.get("value") or {}
        currency, amount, date = value.get("currency"), value.get("amount"), raw.get("date")
        price = None
        if amount is not None:
            price = self.take(f"{path}/value/amount", amounts.minor_units, amount, str(currency))
        contracts = (raw.get("subcontracting") or {}).get("subcontracts") or ()
        return Bid(
            id=str(raw.get("id", "")),
            lot=str(related[0]),
            status=self.take(f"{path}/status", Status, raw.get("status") or "pending"),
            received=self.take(f"{path}/date", amounts.moment, date) if date else None,
            tenderers=tuple(
                self.member(t, t.get("share"), f"{path}/tenderers/{i}")
                for i, t in enumerate(raw.get("tenderers") or ())
            ),
            price=price,
            currency=currency,
            scores=tuple(
                sorted(
                    (self.score(s, f"{path}/scores/{i}") for i, s in enumerate(raw.get("scores") or ())),
                    key=lambda score: (score.criterion, score.judge),
                )
            ),
            subcontractors=tuple(
                self.member(
                    c.get("subcontractor") or {}, c.get("percentage"), f"{path}/subcontracting/subcontracts/{i}"
                )
                for i, c in enumerate(contracts)
            ),
            path=path,
        )

    def member(self, raw: Mapping[str, Any], part: Any, path: str) -> Member:
        if raw.get("id") is None:
            raise self.refuse(f"{path}/id", "a firm without id.", "give the id of a party")
        return Member(str(raw["id"]), self.take(f"{path}/share", amounts.share, part) if part is not None else None)

    def score(self, raw: Mapping[str, Any], path: str) -> JudgeScore:
        points = self.take(f"{path}/points", amounts.milli_points, raw.get("points"))
        return JudgeScore(str(raw.get("criterion", "")), str(raw.get("judge", "")), points)


def party_of(raw: Mapping[str, Any]) -> Party:
    """An OCDS organization → Party."""
    identifier = raw.get("identifier") or {}
    address, details = raw.get("address") or {}, raw.get("details") or {}
    scheme, number = identifier.get("scheme"), identifier.get("id")
    return Party(
        id=str(raw.get("id", "")),
        name=str(raw.get("name") or identifier.get("legalName") or raw.get("id") or ""),
        scheme=scheme,
        identifier=str(number) if number is not None else None,
        enterprise_id=enterprise_of(scheme, number),
        country=address.get("country") or address.get("countryName"),
        region=address.get("region"),
        size=details.get("scale"),
        ownership=details.get("ownership"),
    )


def criterion_texts(raw: Mapping[str, Any]) -> list[str]:
    """Every free text of a criterion: its description and those of its requirement groups and requirements."""
    texts = [str(raw["description"])] if raw.get("description") else []
    for group in raw.get("requirementGroups") or ():
        for part in (group, *(group.get("requirements") or ())):
            texts += [str(part[key]) for key in ("title", "description") if part.get(key)]
    return texts


def _fraction(value: object) -> Fraction:
    return Fraction(amounts.decimal(value))
