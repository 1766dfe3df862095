"""`evenhand doctor`: looks at everything a night depends on and says how to mend what is amiss."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from config.errors import EvenhandError
from config.policy import load_policy, pack_names
from config.settings import Settings

State = Literal["ok", "warn", "fail"]
GIB = 1 << 30
DISK_FAIL, DISK_WARN = 1 * GIB, 5 * GIB  # a night of 20,000 enterprises writes some 50 MB


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's table."""

    check: str
    state: State
    found: str
    remedy: str = ""


def examine(settings: Settings, now: datetime, *, deep: bool = False) -> list[Finding]:
    """Every check; `deep` also reads the whole ledger, every row under it and every file of the lake."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("database", lambda: check_database(settings)),
        ("ledger", lambda: check_ledger(settings, deep=deep)),
        ("clock", lambda: check_clock(settings, now)),
        ("lake", lambda: check_lake(settings, deep=deep)),
        ("policy", lambda: check_policy(now.date())),
        ("disk", lambda: check_disk(settings.root)),
        ("secrets", lambda: check_secrets(settings)),
        ("fonts", check_fonts),
    ]
    return [finding for name, check in checks for finding in _guarded(name, check)]


def healthy(findings: list[Finding]) -> bool:
    """Whether a night may be run: nothing failed."""
    return all(finding.state != "fail" for finding in findings)


def _guarded(name: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except EvenhandError as error:
        yield Finding(name, "fail", error.message, error.remedy or "")
    except OSError as error:
        yield Finding(name, "fail", str(error), "see that the user who runs evenhand may read and write there")


def _is_new(settings: Settings) -> bool:
    """An SQLite file that no run has made yet; looking must not make it."""
    prefix = "sqlite:///"
    return settings.database.startswith(prefix) and not Path(settings.database.removeprefix(prefix)).exists()


def check_database(settings: Settings) -> Iterator[Finding]:
    """Reachable, at this program's schema, writable."""
    from models.store.session import open_store

    if _is_new(settings):
        yield Finding("database", "ok", "none yet: the first run makes it")
        return
    with open_store(settings.database, migrate=False) as store:
        with store.unit_of_work():
            pass  # a transaction that writes can be begun
        yield Finding("database", "ok", store.address)


def check_ledger(settings: Settings, *, deep: bool = False) -> Iterator[Finding]:
    """The logs as they were signed; `deep`: and every row they answer for."""
    from models.store import heads, ledger
    from models.store.session import open_store
    from models.store.verify import verify_ledger, verify_logs

    if _is_new(settings):
        return
    key = settings.root / "ledger.key"
    public = heads.public_key(heads.signing_key(key)) if key.exists() else None
    with open_store(settings.database, migrate=False) as store:
        problems = verify_ledger(store, public_key=public) if deep else verify_logs(store, public_key=public)
        with store.snapshot() as snapshot:
            sizes = ", ".join(f"{log} {ledger.head(snapshot, log).size:,}" for log in ledger.LOGS)
    remedy = "keep the database as it is, tell the auditor, restore a backup beside it (docs/ledger.md)"
    yield from (Finding("ledger", "fail", str(problem), remedy) for problem in problems)
    if not problems:
        yield Finding("ledger", "ok", f"entries: {sizes}; {'rows and ' if deep else ''}logs as signed")


def check_clock(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Not before the last signed head: a clock set back would date decisions before what they rest on."""
    from models.store import heads
    from models.store.canonical import instant
    from models.store.session import open_store

    if not _is_new(settings):
        with open_store(settings.database, migrate=False) as store, store.snapshot() as snapshot:
            last = heads.last_moment(snapshot)
        if last is not None and instant(now) < last:
            found = f"it is {instant(now)}, but the ledger was last signed at {last}"
            yield Finding("clock", "fail", found, "set the clock (timedatectl set-ntp true); if it was ahead, wait")
            return
    yield Finding("clock", "ok", now.isoformat(timespec="seconds"))


def check_lake(settings: Settings, *, deep: bool = False) -> Iterator[Finding]:
    """The generation in force is whole; `deep`: and no file was altered."""
    from models.intake.lake import POINTER, open_lake

    if "://" in settings.lake:
        yield Finding("lake", "ok", f"{settings.lake} (not looked into)")
    elif not (Path(settings.lake) / POINTER).exists():
        yield Finding("lake", "ok", "none yet: the first run makes it")
    else:
        lake = open_lake(Path(settings.lake), digests=deep)
        yield Finding("lake", "ok", f"{lake.generation}, {lake.shards} shards, {len(lake.files)} files")


def check_policy(day: date) -> Iterator[Finding]:
    """Every pack loads; nothing in it is past the day by which somebody must look again."""
    for name in pack_names():
        book = load_policy(name)
        head = book.form.pack
        if not (head.covers_from <= day and (head.covers_to is None or day < head.covers_to)):
            yield Finding(f"policy {name}", "ok", f"not in force on {day}")
            continue
        notices = book.at(day).notices
        overdue = [notice.path for notice in notices if notice.kind == "review_overdue"]
        unverified = sum(notice.kind == "unverified" for notice in notices)
        if overdue:
            found = f"{len(overdue)} values past their review: {', '.join(overdue[:3])}"
            yield Finding(f"policy {name}", "warn", found, "look the law up, then move review_by (docs/policy.md)")
        else:
            yield Finding(f"policy {name}", "ok", f"{unverified} values not verified" if unverified else "all verified")


def check_disk(root: Path) -> Iterator[Finding]:
    """Room for a night."""
    place = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / GIB:.1f} GiB free at {place}"
    remedy = "remove old folders of var/work and var/out (docs/operations.md), or move EVENHAND_VAR"
    if not os.access(place, os.W_OK):
        yield Finding(
            "disk", "fail", f"{place} cannot be written", "give the user who runs evenhand the right to write"
        )
    elif free < DISK_WARN:
        yield Finding("disk", "fail" if free < DISK_FAIL else "warn", found, remedy)
    else:
        yield Finding("disk", "ok", found)


def check_secrets(settings: Settings) -> Iterator[Finding]:
    """Secrets on the disk belong to their owner alone."""
    files = [settings.person_secret_file or settings.root / "person.secret", settings.root / "ledger.key"]
    present = [path for path in files if path.exists()]
    for path in present:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding("secrets", "fail", f"{path} can be read by others", f"chmod 600 {path}; then rotate it")
    if settings.person_secret is None and settings.person_secret_file is not None and not present:
        yield Finding("secrets", "fail", f"{settings.person_secret_file} is missing", "restore it from the safe")
    if all(not stat.S_IMODE(path.stat().st_mode) & 0o077 for path in present):
        yield Finding("secrets", "ok", f"{len(present)} files, readable by their owner only")


def check_fonts() -> Iterator[Finding]:
    """A font with Chinese characters, for workbooks and notices that are printed on this machine."""
    chinese = chinese_fonts()
    if chinese:
        yield Finding("fonts", "ok", chinese[0])
    else:
        yield Finding("fonts", "warn", "no font with Chinese characters", "apt-get install fonts-noto-cjk")


def chinese_fonts() -> list[str]:
    """Families that fontconfig knows to hold Chinese, by name; none where fontconfig itself is missing."""
    if shutil.which("fc-list") is None:
        return []
    listed = subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False, timeout=60)
    return sorted({line.split(",")[0].strip() for line in listed.stdout.splitlines() if line.strip()})
