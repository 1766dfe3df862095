"""Every policy a run went by stays in var/, by its digest: a pack that is amended later takes no past run with it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from config.errors import PolicyError
from config.policy import PACKS, load_policy
from config.settings import Settings
from flows.run import RunContext
from flows.steps import once

FOLDER, SCENARIO = "policies", "scenario.yaml"


def keep_policy(context: RunContext) -> None:
    """Copy the run's pack and scenario into var/policies/; PolicyError when they are being changed at this moment."""
    digest = context.policy.digest

    def make(draft: Path) -> None:
        given = Path(context.pack) if "/" in context.pack else PACKS / context.pack
        shutil.copytree(given, draft / given.name)
        if context.scenario is not None:
            shutil.copyfile(context.scenario, draft / SCENARIO)
        if _loaded(draft, given.name) != digest:
            raise PolicyError(
                f"{given}: was changed while it was being read.",
                remedy="finish the change, give the command again",
            )

    once(_folder(context.settings, digest), make)


def under_kept_policy(context: RunContext, digest: str) -> RunContext:
    """The context with the policy of that digest as it was kept; as it is where none was."""
    folder = _folder(context.settings, digest)
    if not folder.is_dir():
        return context
    (pack,) = (path for path in folder.iterdir() if path.is_dir())
    scenario = folder / SCENARIO
    return replace(context, pack=str(pack), scenario=scenario if scenario.exists() else None)


def _folder(settings: Settings, digest: str) -> Path:
    return settings.root / FOLDER / digest[:16]


def _loaded(folder: Path, pack: str) -> str:
    scenario = folder / SCENARIO
    return load_policy(folder / pack, scenario if scenario.exists() else None).digest
