"""Who may decide: a named officer with a reason, and an approver where the office keeps accounts."""

from __future__ import annotations

from config.errors import ApprovalRequired
from config.settings import Settings
from flows.desk.people import People

ACCOUNTS = "desk-users.json"


def may_decide(settings: Settings, *, officer: str, name: str, reason: str) -> None:
    """ApprovalRequired without officer, name or reason; where there are accounts (`evenhand desk-user`), also when the
    officer has none, has another name there, or is no approver."""
    for field, value in {"officer": officer, "name": name, "reason": reason}.items():
        if not value.strip():
            raise ApprovalRequired(f"{field} is empty.", remedy="a named officer decides, and says why")
    accounts = People(settings.root / ACCOUNTS).all()
    if not accounts:
        return
    person = accounts.get(officer)
    if person is None:
        raise ApprovalRequired(f"{officer} has no account.", remedy="`evenhand desk-user LOGIN --role approver`")
    if person.name != name:
        raise ApprovalRequired(f"{officer} is {person.name}, not {name}.", remedy="decide under your own name")
    if not person.may("decide"):
        raise ApprovalRequired(f"{officer} is {person.role.value}, not approver.", remedy="let an approver decide")
