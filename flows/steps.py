"""A step of a run: a folder that is either wholly there or not there at all, so that a crash costs only time.

Drafts bear one name, not one a process (as in models.whole): what a killed process left is overwritten by the next.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows.private import handed_out
from models.whole import sync, sync_all


def once(folder: Path, make: Callable[[Path], None]) -> bool:
    """Make `folder` by filling a temporary one beside it; True when it was made now, False when it stood already."""
    if folder.is_dir():
        return False
    draft = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        make(draft)
        sync_all(draft)
        os.rename(draft, folder)
        sync(folder.parent)
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
        sync(draft)
        os.replace(draft, target)
    for name in before - set(names):
        (out / name).unlink(missing_ok=True)
    write_json(manifest, names)
    return [out / name for name in names]


def write_json(path: Path, value: Any) -> None:
    """JSON with a stable order of keys, moved into place whole."""
    draft = path.with_name(f".{path.name}.tmp")
    draft.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n", "utf-8")
    sync(draft)
    os.replace(draft, path)


def read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
