"""Evaluations → an OCDS release package on disk, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from models.tender.evaluation import Evaluation
from models.tender.ocds_out import release_package
from models.tender.schema import check_schema
from models.whole import write_text


def write_ocds(
    evaluations: Sequence[Evaluation], path: Path, *, published: datetime, schemas: Path | None = None
) -> Path:
    """Write the package (UTF-8 JSON). With `schemas` it is checked first: InputError, and nothing is written."""
    package = release_package(evaluations, published)
    if schemas is not None:
        check_schema(package, schemas, str(path))
    write_text(path, json.dumps(package, ensure_ascii=False, indent=1) + "\n")
    return path
