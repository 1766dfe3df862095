"""`evenhand doctor`: looks at everything a night depends on and says how to mend what is amiss."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from config.errors import EvenhandError
from config.policy import load_policy, pack_names
from config.settings import Settings
from flows.doctor_finding import Finding
from flows.doctor_place import check_last_run, check_work, check_workers
from flows.doctor_secrets import check_ledger_key, check_permissions, check_secrets

if TYPE_CHECKING:
    from models.intake.bucket import Place

GIB = 1 << 30
DISK_FAIL, DISK_WARN = 1 * GIB, 5 * GIB  # a night of 20,000 enterprises writes some 50 MB


def examine(settings: Settings, now: datetime, *, deep: bool = False) -> list[Finding]:
    """Every check; `deep` also reads the whole ledger, every row under it and every file of the lake."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("database", lambda: check_database(settings)),
        ("ledger", lambda: check_ledger(settings, deep=deep)),
        ("clock", lambda: check_clock(settings, now)),
        ("lake", lambda: check_lake(settings, deep=deep)),
        ("policy", lambda: check_policy(now.date())),
        ("disk", lambda: check_disk(settings.root)),
        ("work", lambda: check_work(settings.root)),
        ("last run", lambda: check_last_run(settings)),
        ("workers", lambda: check_workers(settings)),
        ("secrets", lambda: check_secrets(settings)),
        ("ledger key", lambda: check_ledger_key(settings)),
        ("permissions", lambda: check_permissions(settings)),
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


def check_database(settings: Settings) -> Iterator[Finding]:
    """Reachable, at this program's schema, writable."""
    from models.store.session import open_store

    if settings.register_is_new:
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

    if settings.register_is_new:
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

    if not settings.register_is_new:
        with open_store(settings.database, migrate=False) as store, store.snapshot() as snapshot:
            last = heads.last_moment(snapshot)
        if last is not None and instant(now) < last:
            found = f"it is {instant(now)}, but the ledger was last signed at {last}"
            yield Finding("clock", "fail", found, "set the clock (timedatectl set-ntp true); if it was ahead, wait")
            return
    yield Finding("clock", "ok", now.isoformat(timespec="seconds"))


def check_lake(settings: Settings, *, deep: bool = False) -> Iterator[Finding]:
    """The generation in force of every source is whole; `deep`: and no file was altered."""
    from models.intake.bucket import Bucket, place
    from models.intake.lake import POINTER

    root = place(settings.lake)
    if isinstance(root, Bucket):
        sources = sorted({name.split("/")[0] for name in root.sizes() if name.endswith(f"/{POINTER}")})
    else:
        sources = sorted(path.parent.name for path in root.glob(f"*/{POINTER}"))
    for source in sources:
        yield from _guarded(f"lake {source}", partial(_one_lake, root / source, deep=deep))
    if not sources:
        yield Finding("lake", "ok", f"none yet in {settings.lake}: the first run makes it")


def _one_lake(root: Place, *, deep: bool) -> Iterator[Finding]:
    from models.intake.lake import open_lake

    lake = open_lake(root, digests=deep)
    files = f"{lake.shards} shards, {len(lake.files)} files"
    yield Finding(f"lake {lake.root.name}", "ok", f"{lake.generation}, {files}")


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
    remedy = "`evenhand register tidy` removes steps of old nights (var/work), or move EVENHAND_VAR"
    if not os.access(place, os.W_OK):
        yield Finding(
            "disk", "fail", f"{place} cannot be written", "give the user who runs evenhand the right to write"
        )
    elif free < DISK_WARN:
        yield Finding("disk", "fail" if free < DISK_FAIL else "warn", found, remedy)
    else:
        yield Finding("disk", "ok", found)


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
