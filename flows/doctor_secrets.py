"""What the doctor says about secrets: there, the right ones, and nobody else's to read."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from config.errors import EvenhandError, StoreError
from config.settings import Settings
from flows.doctor_finding import Finding

OTHERS = 0o077  # bits of group and world
AGAIN = "restore it from the safe (docs/operations.md)"


def check_secrets(settings: Settings) -> Iterator[Finding]:
    """Files of secrets belong to their owner alone; the person secret is the one the register was built with."""
    files = {settings.person_secret_at, settings.root / "ledger.key", settings.draw_seed_file}
    files |= {settings.database_url_file}
    present = sorted(path for path in files if path is not None and path.exists())
    open_ones = [path for path in present if _mode(path) & OTHERS]
    for path in open_ones:
        yield Finding("secrets", "fail", f"{path} can be read by others", f"chmod 600 {path}; then rotate it")
    wrong = list(_wrong(settings))
    yield from wrong
    if not open_ones and not wrong:
        yield Finding("secrets", "ok", f"{len(present)} files, readable by their owner only")
    if re.search(r"://[^:/@]*:[^@/]+@", settings.database_url or ""):
        remedy = "use ~/.pgpass or EVENHAND_DATABASE_URL_FILE: the environment of a process can be seen"
        yield Finding("secrets", "warn", "EVENHAND_DATABASE_URL holds a password", remedy)


def _wrong(settings: Settings) -> Iterator[Finding]:
    """A secret that is missing, too short, or not the one before."""
    given = settings.person_secret is not None or settings.person_secret_at.exists()
    for told, look in (("person secret", settings.secret if given else None), ("draw seed", settings.draw_seed)):
        try:
            secret = look() if look is not None else None
        except EvenhandError as error:
            yield Finding("secrets", "fail", error.message, error.remedy or "")
            continue
        if told == "person secret":
            yield from _known(settings, secret)


def _known(settings: Settings, secret: bytes | None) -> Iterator[Finding]:
    if secret is None and settings.person_secret_file is not None:
        yield Finding("secrets", "fail", f"{settings.person_secret_file} is missing", AGAIN)
    same = _same(settings, secret or b"")
    if same is False and secret is None and settings.person_secret_file is None:
        yield Finding("secrets", "fail", f"{settings.person_secret_at} is missing, and the register rests on it", AGAIN)
    elif same is False and secret is not None:
        found = "the secret for person keys is not the one this register was built with"
        yield Finding("secrets", "fail", found, "give the right one, or `evenhand register rotate-secret`")


def _same(settings: Settings, secret: bytes) -> bool | None:
    """Whether the register knows this secret; None where there is nothing to compare it with."""
    from models.store import events
    from models.store.session import open_store

    if settings.register_is_new:
        return None
    try:
        with open_store(settings.database, migrate=False) as store, store.snapshot() as snapshot:
            return events.secret_is_known(snapshot, secret)
    except StoreError:  # the check of the database names it
        return None


def check_ledger_key(settings: Settings) -> Iterator[Finding]:
    """The key that signs the ledger is there and is the one whose heads outsiders have."""
    from models.store import heads
    from models.store.session import open_store

    path = settings.root / "ledger.key"
    if settings.register_is_new:
        return
    with open_store(settings.database, migrate=False) as store, store.snapshot() as snapshot:
        signed = heads.signed_heads(snapshot, "journal")
    if not path.exists():
        if signed:
            found = f"{path} is missing; {len(signed)} heads are signed with it"
            yield Finding("ledger key", "fail", found, f"{AGAIN}; the next run would make a new one: a new signer")
        return
    public = heads.public_key(heads.signing_key(path))
    if signed and signed[-1].public_key != public:
        found = f"{path} is {public[:16]}…, the last head was signed by {signed[-1].public_key[:16]}…"
        yield Finding("ledger key", "fail", found, f"{AGAIN}, or publish the new key with its first head")
    else:
        yield Finding("ledger key", "ok", f"{public[:16]}…, publish it once (docs/ledger.md)")


def check_permissions(settings: Settings) -> Iterator[Finding]:
    """Nobody else can reach what is written: the folder itself, the register, the keys of persons."""
    root = settings.root
    if not root.exists():
        return
    if not _mode(root) & OTHERS:
        yield Finding("permissions", "ok", f"{root} is its owner's alone")
        return
    kinds = ("evenhand.sqlite*", "work/*/intake/*.parquet", "lake/**/*.parquet", "prefect/*.db*", "logs/*.jsonl")
    readable = [path for kind in kinds for path in root.glob(kind) if _mode(path) & OTHERS]
    told = f", {len(readable)} files with data of firms or keys of persons among them" if readable else ""
    yield Finding("permissions", "warn", f"{root} can be entered by others{told}", f"chmod -R go= {root}")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
