"""docs/policy.md names every key of every form, and no other; and every pack that comes along."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

from config import conditions, dated, figures, outcome, pack, pack_lists
from config.dated import Strict
from config.pack_form import FILES
from config.policy import pack_names

DOC = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
INHERITED = set(conditions.Acts.model_fields)


def _forms() -> dict[str, type[BaseModel]]:
    modules: list[ModuleType] = [pack, pack_lists, conditions, figures, outcome, dated]
    found = {
        name: thing
        for module in modules
        for name, thing in vars(module).items()
        if isinstance(thing, type) and issubclass(thing, BaseModel) and thing is not Strict
        if "[" not in name and thing is not BaseModel
    }
    return dict(sorted(found.items()))


def _documented(form: str) -> dict[str, bool]:
    """Key → must, as the table under the form's heading says."""
    section = re.search(rf"^#### {form}\n(.*?)(?=^#|\Z)", DOC, flags=re.MULTILINE | re.DOTALL)
    assert section, f"docs/policy.md has no heading '#### {form}'"
    return {
        key: must == "yes" for key, must in re.findall(r"^\| `(\w+)` \| (yes)? *\|", section[1], flags=re.MULTILINE)
    }


@pytest.mark.parametrize("form", _forms())
def test_keys_are_those_of_the_code(form: str) -> None:
    fields = _forms()[form].model_fields
    own = {key: field.is_required() for key, field in fields.items()}
    if form.endswith("OfActs"):
        own = {key: must for key, must in own.items() if key not in INHERITED}
    assert _documented(form) == own


def test_every_file_and_every_pack_is_named() -> None:
    for name in FILES:
        assert f"### {name}.yaml" in DOC, name
    for name in pack_names():
        assert f"| `{name}` |" in DOC, name
