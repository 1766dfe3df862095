"""Who may decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ApprovalRequired
from config.settings import Settings
from flows.desk.people import People, Role
from flows.officers import ACCOUNTS, may_decide

WHO = {"officer": "a1", "name": "An Jing", "reason": "checked"}


@pytest.mark.parametrize("missing", list(WHO))
@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_nothing_may_be_blank(tmp_path: Path, missing: str, blank: str) -> None:
    may_decide(Settings(var=tmp_path), **WHO)
    with pytest.raises(ApprovalRequired, match=f"{missing} is empty"):
        may_decide(Settings(var=tmp_path), **(WHO | {missing: blank}))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"officer": "x9"}, "x9 has no account"),
        ({"name": "Wang Min"}, "a1 is An Jing, not Wang Min"),
        ({"officer": "o1", "name": "Ou Li"}, "o1 is officer, not approver"),
        ({"officer": "v1", "name": "Vi Lu"}, "v1 is viewer, not approver"),
    ],
)
def test_where_accounts_are_kept_only_an_approver_under_their_own_name(
    tmp_path: Path, given: dict[str, str], words: str
) -> None:
    people = People(tmp_path / ACCOUNTS)
    for login, name, role in (("a1", "An Jing", "approver"), ("o1", "Ou Li", "officer"), ("v1", "Vi Lu", "viewer")):
        people.add(login, name, Role(role), "long enough to be one")
    settings = Settings(var=tmp_path)
    may_decide(settings, **WHO)
    with pytest.raises(ApprovalRequired, match=words):
        may_decide(settings, **(WHO | given))
