"""A step of a run: a folder that is either wholly there or not there at all, so that a crash costs only time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.errors import StoreError
from flows.private import handed_out


def once(folder: Path, make: Callable[[Path], None]) -> bool:
    """Make `folder` by filling a temporary one beside it; True when it was made now, False when it stood already."""
    if folder.is_dir():
        return False
    draft = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        make(draft)
        flush(draft)
        os.rename(draft, folder)
        _sync(folder.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return True


@handed_out()
def deliver(made: Path, out: Path) -> list[Path]:
    """Copy every file of a finished step into the user's folder, each moved into place whole.

    Files that an earlier delivery put there and this one does not have are removed; nothing else is touched.
    """
    out.mkdir(parents=True, exist_ok=True)
    manifest = out / ".evenhand.json"
    before = set(read_json(manifest)) if manifest.exists() else set()
    names = sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file())
    for name in names:
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.tmp")
        shutil.copyfile(made / name, draft)
        _sync(draft)
        os.replace(draft, target)
    for name in before - set(names):
        (out / name).unlink(missing_ok=True)
    write_json(manifest, names)
    return [out / name for name in names]


def flush(folder: Path) -> None:
    """Force every file below `folder` to the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """JSON with a stable order of keys, moved into place whole."""
    draft = path.with_name(f".{path.name}.tmp")
    draft.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n", "utf-8")
    _sync(draft)
    os.replace(draft, path)


def read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Two runs over one var/ cannot interleave: the second is refused with the first one's process id."""
    root.mkdir(parents=True, exist_ok=True)
    with open(root / ".lock", "a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise StoreError(
                f"another run is at work in {root} (process {holder}).",
                remedy="wait for it, or set EVENHAND_VAR to another folder",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                file.truncate(0)
