"""A roster handed in at the desk: kept for as long as it takes to read it, answered with an annotated copy."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from fastapi import UploadFile

from exports.returned_file import MAX_FILE
from flows.collect import Taken, collect_roster
from flows.desk.office import Office


def take_upload(office: Office, roster: UploadFile, login: str) -> tuple[Taken, str]:
    """Collect an uploaded roster; returns what it came to and the name of the annotated copy."""
    name = secrets.token_hex(16)
    answer = office.settings.root / "desk-answers" / f"{name}.xlsx"
    with tempfile.TemporaryDirectory(prefix="evenhand-desk-") as folder:
        path = Path(folder) / "roster.xlsx"
        with open(path, "wb") as file:
            left = MAX_FILE + 1
            while left > 0 and (block := roster.file.read(min(1 << 20, left))):
                file.write(block)
                left -= len(block)
        return collect_roster(office.settings, path, answer, officer=login, run_id=office.run.run_id), name
