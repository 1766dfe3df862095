"""`evenhand serve` and `evenhand desk-user`: the officers' desk on the intranet."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from config.errors import UsageError
from config.settings import Settings
from flows import console
from flows.prefect_home import prepare

KEEP_ALIVE = 65  # seconds; with fewer a browser's next request meets a connection that is just being closed


def serve(
    run_id: Annotated[
        str | None, typer.Option("--run", help="Run to show; default: the one finished last, also a later one.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8765,
    behind_tls: Annotated[bool, typer.Option(help="Cookies only over https, HSTS.")] = False,
) -> None:
    """Serve the desk: find a firm, read why, see the plan, approve, object, repair, hand in rosters.

    Example:  evenhand desk-user wang --name 王敏 --role approver; evenhand serve
    """
    settings = Settings()
    prepare(settings.root)
    import uvicorn

    from flows.desk.app import make_app
    from flows.desk.office import Office
    from flows.desk.people import People

    people = People(settings.root / "desk-users.json")
    if not people.all():
        raise UsageError("the desk has no users.", remedy="`evenhand desk-user LOGIN --name NAME --role approver`")
    office = Office.open(settings, run_id)
    office.get_ready()
    app = make_app(office, people, follow=run_id is None, secure=behind_tls)
    console.out.print(f"desk: http://{host}:{port}/ (stop with Ctrl+C)", markup=False)
    quiet: dict[str, Any] = {"log_level": "warning", "server_header": False, "access_log": False}
    uvicorn.run(app, host=host, port=port, timeout_keep_alive=KEEP_ALIVE, **quiet)


def desk_user(
    login: Annotated[str, typer.Argument(help="Login of the account.")],
    name: Annotated[str, typer.Option(help="Name under which they decide.")],
    role: Annotated[str, typer.Option(help="viewer, officer, approver or auditor.")] = "viewer",
) -> None:
    """Add or replace an account of the desk; the password is asked for (or EVENHAND_DESK_PASSWORD).

    Example:  evenhand desk-user wang --name 王敏 --role approver
    """
    from flows.desk.people import People, Role

    if role not in list(Role):
        raise UsageError(f"{role}: no such role.", remedy=f"one of {', '.join(Role)}")
    password = os.environ.get("EVENHAND_DESK_PASSWORD") or typer.prompt(
        "Password", hide_input=True, confirmation_prompt=True
    )
    settings = Settings()
    People(settings.root / "desk-users.json").add(login, name, Role(role), password)
    console.out.print(f"{login}: {name} ({role})", markup=False)
