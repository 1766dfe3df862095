"""`evenhand policy`: look at packs, check them, compare two days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from config.errors import PolicyError, UsageError
from config.policy import load_policy, pack_names
from flows import console
from flows.compare_commands import diff

app = typer.Typer(no_args_is_help=True, help="Policy packs: list, check, compare.")
app.command()(diff)


@app.command("list")
def list_packs() -> None:
    """The packs that come with the project, with the days they cover.

    Example:  evenhand policy list
    """
    rows = []
    for name in pack_names():
        head = load_policy(name).form.pack
        rows.append((name, head.title.en, head.title.zh, str(head.covers_from), str(head.covers_to or "")))
    console.print_table("Policy packs", ["pack", "title", "标题", "from", "to"], rows)


@app.command()
def check(
    packs: Annotated[list[str] | None, typer.Argument(help="Names or folders; none = all.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Day for the notices; default today.")] = None,
) -> None:
    """Load packs, test every day of change, and say what is unverified, overdue for review or unknown.

    Example:  evenhand policy check market
    """
    on = _day(as_of)
    rows, refused, remarks = [], 0, []
    for name in packs or pack_names():
        try:
            book = load_policy(name)
            for change in book.change_dates():
                if change >= book.form.pack.covers_from and change != book.form.pack.covers_to:
                    book.at(change)
            end = book.form.pack.covers_to
            notices = book.at(on if end is None or on < end else book.change_dates()[0]).notices
        except PolicyError as error:
            refused += 1
            rows.append((name, "refused", str(error), ""))
            continue
        remarks += [(name, notice.kind, notice.path, notice.message) for notice in notices]
        kinds = [notice.kind for notice in notices]
        summary = ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))) or "nothing to note"
        rows.append((name, "ok", summary, book.digest[:12]))
    console.print_table(f"Policy packs on {on}", ["pack", "state", "notices", "digest"], rows)
    if packs and remarks:  # asked about by name: every remark in full
        console.print_table("What to know", ["pack", "kind", "where", "what"], remarks)
    if refused:
        raise PolicyError(f"{refused} of {len(rows)} packs refused.", remedy="mend the files named above")


def _day(text: str | None) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date() if text else datetime.now().date()
    except ValueError as error:
        raise UsageError(f"--as-of: {text!r} is not a day.", remedy="write it as YYYY-MM-DD") from error
