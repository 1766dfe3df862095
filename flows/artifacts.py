"""What a run shows on the page of the agency's Prefect server: progress, tables, links to the exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from config.settings import Settings
from flows import console, server


class Progress:
    """The stages of a run: on the console's bar and, where a server stays, on its page."""

    def __init__(self, bar: console.Steps, total: int) -> None:
        self._bar, self._total, self._done = bar, total, 0
        self._id: Any = None
        if server.stays():
            from prefect.artifacts import create_progress_artifact

            self._id = create_progress_artifact(0.0, key="progress", description="starting")

    @contextmanager
    def stage(self, name: str, step: str | None = None) -> Iterator[None]:
        """One stage; counted when it is done."""
        with self._bar.stage(name, step):
            yield
        self._done += 1
        if self._id is not None:
            from prefect.artifacts import update_progress_artifact

            update_progress_artifact(self._id, 100.0 * self._done / self._total, description=f"{name}: done")


def show_run(settings: Settings, result: Mapping[str, Any], rejected: pl.DataFrame) -> None:
    """Tables of tiers, rates and refused rows, and links to what was delivered; keys stay from night to night."""
    if not server.stays():
        return
    source, run_id = result["source"], result["run_id"]
    about = f"{source} on {result['as_of']} by {result['pack']}, run {run_id}"
    tiers = [{"tier": tier, "enterprises": count} for tier, count in result["tiers"].items()]
    table(f"tiers-{source}", tiers, f"Enterprises by tier: {about}")
    table(f"rates-{source}", result["rates"], f"Visits wanted and planned: {about}")
    table(f"rejected-{source}", rejections(rejected), f"Rows refused: {about}")
    links(settings, f"exports-{source}", Path(result["out"]), result["files"], about)


def rejections(rejected: pl.DataFrame) -> list[dict[str, Any]]:
    """Refused rows by file and rule, most first. `rejected`: models.records.REJECTED."""
    counted = rejected.group_by("file", "rule").agg(rows=pl.col("row").n_unique())
    return counted.sort("rows", "file", "rule", descending=[True, False, False]).to_dicts()


def table(key: str, rows: Sequence[Mapping[str, Any]], description: str) -> None:
    """A table under a key of its own; an empty one says so."""
    from prefect.artifacts import create_table_artifact

    shown = [{name: str(value) for name, value in row.items()} for row in rows]
    create_table_artifact(table=shown or [{"": "none"}], key=_key(key), description=description)


def links(settings: Settings, key: str, out: Path, files: Sequence[str], about: str) -> None:
    """A link to the report and a list of links to every file."""
    from prefect.artifacts import create_link_artifact, create_markdown_artifact

    listed = "\n".join(f"- [{name}]({link(settings, out / name)})" for name in files)
    create_markdown_artifact(markdown=f"{about}\n\n{listed}\n", key=_key(key), description=about)
    report = out / "report.html"
    create_link_artifact(link(settings, report), "report.html", key=_key(f"report-{key}"), description=about)


def link(settings: Settings, path: Path) -> str:
    """Where a browser finds a file: below `exports_url` when the agency serves var/out, else the file itself."""
    root = settings.root / "out"
    if settings.exports_url and path.resolve().is_relative_to(root):
        return f"{settings.exports_url.rstrip('/')}/{path.resolve().relative_to(root).as_posix()}"
    return path.resolve().as_uri()


def _key(text: str) -> str:
    """Prefect's keys: small letters, digits and dashes."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower()).strip("-")
