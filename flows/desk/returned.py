"""A roster or a day's list handed in at the desk: kept while it is read, answered with an annotated copy."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from fastapi import UploadFile

from exports.facts import ROSTER_KIND
from exports.returned_book import kind_of
from exports.returned_file import MAX_FILE
from flows.collect import Taken, collect_workbook
from flows.desk.office import Office


def take_upload(office: Office, roster: UploadFile, login: str) -> tuple[Taken, str]:
    """Collect an uploaded workbook; returns what it came to and the name of the annotated copy."""
    name = secrets.token_hex(16)
    answer = office.settings.root / "desk-answers" / f"{name}.xlsx"
    with tempfile.TemporaryDirectory(prefix="evenhand-desk-") as folder:
        path = Path(folder) / "roster.xlsx"
        with open(path, "wb") as file:
            left = MAX_FILE + 1
            while left > 0 and (block := roster.file.read(min(1 << 20, left))):
                file.write(block)
                left -= len(block)
        run_id = office.run.run_id if kind_of(path) == ROSTER_KIND else None  # a day's list knows its own
        return collect_workbook(office.settings, path, answer, officer=login, run_id=run_id), name
