"""Files and folders that are whole or absent, whatever happens while they are being written.

Everything that leaves a process goes through here: written beside its place under a temporary name, forced to the disk,
then renamed (rename(2) is atomic within a file system). A reader never sees half of it; a crash leaves at most a name
that begins with a dot and ends in .part, which no reader looks at.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


@contextmanager
def whole_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` for writers that want a name; moved to `path` when the block ends well.

    Raises what the block raises; `path` is then as it was. OSError when the disk is full or the folder not writable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield draft
        sync(draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)


@contextmanager
def whole_file(path: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """An open binary file that becomes `path` when the block ends well; `private`: for its owner alone (0600)."""
    with whole_path(path) as draft, open(draft, "wb", opener=_private if private else None) as file:
        yield file


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """UTF-8 text with the newlines it has, in place whole or not at all."""
    with whole_file(path, private=private) as file:
        file.write(text.encode())


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` to fill; takes its place when the block ends well, an earlier one goes after.

    Between the two renames there is an instant without the folder: who must survive that keeps a manifest
    (models.intake.lake) or makes the name new (flows.steps.once).
    """
    draft, former = (folder.with_name(f".{folder.name}.{kind}") for kind in ("part", "former"))
    for left in (draft, former):
        shutil.rmtree(left, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        yield draft
        sync_all(draft)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    if folder.exists():
        os.replace(folder, former)
    os.replace(draft, folder)
    shutil.rmtree(former, ignore_errors=True)
    sync(folder.parent)


def sync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(folder: Path) -> None:
    """Force every file below `folder` to the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            sync(path)


def _private(name: Any, flags: int) -> int:
    return os.open(name, flags, 0o600)
