"""The shape of a release as far as we read it: objects, lists, texts and numbers where they belong.

The published schema says more; this is what stands between any JSON file and the reader when no schema is at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from config.errors import InputError

TEXT, NUMBER = "text", "number"
_FIRM = {"id": TEXT, "name": TEXT, "share": NUMBER}
_VALUE = {"amount": NUMBER, "currency": TEXT}
_TEXTS = {"title": TEXT, "description": TEXT}

SHAPE: Mapping[str, Any] = {
    "ocid": TEXT,
    "id": TEXT,
    "date": TEXT,
    "buyer": {"id": TEXT, "name": TEXT},
    "parties": [
        {
            "id": TEXT,
            "name": TEXT,
            "identifier": {"scheme": TEXT, "id": TEXT, "legalName": TEXT},
            "address": {"region": TEXT, "country": TEXT, "countryName": TEXT},
            "details": {"scale": TEXT, "ownership": TEXT},
        }
    ],
    "tender": {
        "id": TEXT,
        "title": TEXT,
        "value": _VALUE,
        "procuringEntity": {"name": TEXT},
        "tenderPeriod": {"endDate": TEXT},
        "bidOpening": {"date": TEXT},
        "lots": [{"id": TEXT, "title": TEXT, "value": _VALUE}],
        "lotDetails": {"maximumLotsAwardedPerSupplier": NUMBER},
        "lotRule": TEXT,
        "tieRule": [TEXT],
        "selectionCriteria": {"description": TEXT},
        "exclusionGrounds": {"description": TEXT},
        "criteria": [
            {
                "id": TEXT,
                **_TEXTS,
                "kind": TEXT,
                "weight": NUMBER,
                "reads": [TEXT],
                "formula": TEXT,
                "requirementGroups": [{**_TEXTS, "requirements": [_TEXTS]}],
            }
        ],
    },
    "bids": {
        "details": [
            {
                "id": TEXT,
                "date": TEXT,
                "status": TEXT,
                "relatedLots": [TEXT],
                "tenderers": [_FIRM],
                "value": _VALUE,
                "scores": [{"criterion": TEXT, "judge": TEXT, "points": NUMBER}],
                "subcontracting": {"subcontracts": [{"subcontractor": _FIRM, "percentage": NUMBER}]},
            }
        ]
    },
}
"""Field → object, [element], TEXT or NUMBER. null and a missing field are fine everywhere but inside lists."""


def check_shape(value: Any, file: str, path: str, shape: Any = SHAPE) -> None:
    """Raises InputError naming the JSON pointer of the first field that is not what it has to be."""
    if isinstance(shape, Mapping):
        _must(isinstance(value, Mapping), file, path, "an object")
        for key, inner in shape.items():
            if value.get(key) is not None:
                check_shape(value[key], file, f"{path}/{key}", inner)
    elif isinstance(shape, list):
        _must(isinstance(value, list), file, path, "a list")
        for index, element in enumerate(value):
            check_shape(element, file, f"{path}/{index}", shape[0])
    elif shape == NUMBER:
        _must(isinstance(value, int | float | Decimal | str) and not isinstance(value, bool), file, path, "a number")
    else:
        _must(isinstance(value, int | str) and not isinstance(value, bool), file, path, "a text")


def _must(holds: bool, file: str, path: str, wanted: str) -> None:
    if not holds:
        raise InputError(
            f"expected {wanted}.",
            file=f"{file}#{path}",
            rule="ocds",
            remedy="correct the field (--schema FOLDER checks the whole file against the published schema)",
        )
