"""`evenhand objection|repair|revoke|relief`: file and decide, in the register of decisions; never a rating by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

import polars as pl
import typer

from config.errors import ApprovalRequired, UsageError
from config.settings import Settings
from flows import console
from flows.prefect_home import prepare

OUTCOMES = {"objection": ("upheld", "rejected"), "repair": ("granted", "rejected")}
Record = Annotated[str, typer.Argument(help="Record, as `evenhand explain` shows it, e.g. tax:税罚〔2026〕1号.")]
Officer = Annotated[str, typer.Option(help="Who does it: a named officer.")]
Reason = Annotated[str, typer.Option(help="Why, in words.")]
Outcome = Annotated[str, typer.Option(help="upheld or rejected (objection), granted or rejected (repair).")]
On = Annotated[str | None, typer.Option("--on", help="Day it happened, YYYY-MM-DD; default: today.", metavar="DAY")]


def apps() -> dict[str, typer.Typer]:
    """Sub-commands by name: objection and repair, each with file and decide."""
    return {kind: _filed_and_decided(kind) for kind in OUTCOMES}


def _filed_and_decided(kind: str) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help=f"File and decide: {kind}.")
    why = "--reason 'the court agreed' --officer li.na"
    filing = f"Example:  evenhand {kind} file 'tax:税罚〔2026〕1号' {why}"
    deciding = f"Example:  evenhand {kind} decide {kind}-1f0c9a --outcome {OUTCOMES[kind][0]} {why}"
    app.command("file", help=f"File {kind} about one record of the last run.\n\n{filing}")(_filing(kind))
    app.command("decide", help=f"Decide: {' or '.join(OUTCOMES[kind])}.\n\n{deciding}")(_deciding(kind))
    return app


def _filing(kind: str) -> Callable[..., None]:
    def file(
        record: Record,
        reason: Reason,
        officer: Officer,
        on: On = None,
        evidence: Annotated[list[str] | None, typer.Option(help="What was handed in: corrected, pledge, …")] = None,
    ) -> None:
        settings = Settings()
        prepare(settings.root)
        console.print_json(file_request(settings, kind, record, reason, officer, _day(on), evidence or []))

    return file


def _deciding(kind: str) -> Callable[..., None]:
    def decide(
        decision: Annotated[str, typer.Argument(help="Id that `file` gave.")],
        outcome: Outcome,
        reason: Reason,
        officer: Officer,
        on: On = None,
    ) -> None:
        settings = Settings()
        prepare(settings.root)
        console.print_json(decide_request(settings, kind, decision, outcome, reason, officer, _day(on)))

    return decide


def revoke(record: Record, reason: Reason, officer: Officer, on: On = None) -> None:
    """Its agency or a court revoked the decision: the record leaves the rating, and the runs it touched are named.

    Example:  evenhand revoke 'tax:税罚〔2026〕1号' --reason 'court 2026-77' --officer li.na
    """
    settings = Settings()
    prepare(settings.root)
    console.print_json(revoke_record(settings, record, reason, officer, _day(on)))


def withdraw(
    decision: Annotated[str, typer.Argument(help="Id that `evenhand revoke` gave.")],
    reason: Reason,
    officer: Officer,
    on: On = None,
) -> None:
    """A revoked record was taken out of display and use by hand; without this the next run's day counts.

    Example:  evenhand withdraw revocation-1f0c9a --reason "struck from the web page" --officer li.na
    """
    settings = Settings()
    prepare(settings.root)
    console.print_json(withdraw_record(settings, decision, reason, officer, _day(on)))


def relief(
    reason: Reason,
    officer: Officer,
    from_: Annotated[str, typer.Option("--from", help="First day of acts that are relieved.", metavar="DAY")],
    to: Annotated[str, typer.Option("--to", help="Last day of acts that are relieved.", metavar="DAY")],
    region: Annotated[str | None, typer.Option(help="Only this district.")] = None,
    industry: Annotated[str | None, typer.Option(help="Only this industry.")] = None,
    item: Annotated[str | None, typer.Option(help="Only this item of the catalogue.")] = None,
    on: On = None,
) -> None:
    """A relief window (flood, epidemic): acts of these days do not weigh, where the policy honours relief.

    Example:  evenhand relief --region 210602 --from 2026-07-01 --to 2026-08-31 --reason flood --officer li.na
    """
    settings = Settings()
    prepare(settings.root)
    scope = {"region": region, "industry": industry, "item": item}
    console.print_json(grant_relief(settings, scope, (_day(from_), _day(to)), reason, officer, _day(on)))


def file_request(
    settings: Settings, kind: str, record: str, reason: str, officer: str, on: date, evidence: list[str]
) -> dict[str, Any]:
    """File an objection or a repair; returns what was registered and until when it has to be decided.

    UsageError for a record that the last run does not know, or a repair without the evidence the policy asks for.
    """
    from flows.run import restored
    from models.redress.clocks import working_days

    _named(officer, reason)
    run = restored(settings)
    known, redress = _record(run.work, record), run.context.policy.redress
    missing = [need for need in redress.repair_needs if need not in evidence] if kind == "repair" else []
    if missing:
        raise UsageError(f"a repair needs {', '.join(redress.repair_needs)}.", remedy=f"hand in {', '.join(missing)}")
    said = {
        "decision_id": f"{kind}-{_name(kind, record, on)}", "kind": kind, "record_id": record,
        "enterprise_id": known["enterprise_id"], "filed_on": on, "annotated_on": on if kind == "objection" else None,
        "officer": officer, "reason": reason if not evidence else f"{reason} ({', '.join(evidence)})",
        "agency": known["agency"],
    }  # fmt: skip
    _register(settings, said, officer)
    due = working_days(redress.holidays).after(on, redress.decide_within_working_days)
    return {"decision_id": said["decision_id"], "decide_by": due.isoformat()}


def decide_request(
    settings: Settings, kind: str, decision_id: str, outcome: str, reason: str, officer: str, on: date
) -> dict[str, Any]:
    """Decide what was filed; UsageError for an unknown or decided one, an outcome it cannot have, a day before it."""
    from models.store import events
    from models.store.session import open_store

    _named(officer, reason)
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        versions = events.decision_versions(snapshot).filter(pl.col("decision_id") == decision_id)
    if versions.is_empty() or versions["kind"][-1] != kind:
        raise UsageError(f"no {kind} {decision_id!r} in the register.", remedy=f"file it with `evenhand {kind} file`")
    held = versions.row(-1, named=True)
    if outcome not in OUTCOMES[kind]:
        raise UsageError(f"{outcome!r} is no outcome.", remedy=f"use {' or '.join(OUTCOMES[kind])}")
    if held["decided_on"] is not None:
        raise UsageError(f"{decision_id} was decided on {held['decided_on']}: {held['outcome']}.")
    if on < held["filed_on"]:
        raise UsageError(f"{decision_id} was filed on {held['filed_on']}, after {on}.", remedy="correct --on")
    kept = {name: value for name, value in held.items() if name not in ("version", "recorded_by", "recorded_at")}
    _register(settings, kept | {"decided_on": on, "outcome": outcome, "reason": reason, "officer": officer}, officer)
    return {"decision_id": decision_id, "outcome": outcome, "weighs_from": "the next run"}


def revoke_record(settings: Settings, record: str, reason: str, officer: str, on: date) -> dict[str, Any]:
    """Register a revocation and recall the runs it may have reached; the next run withdraws the record.

    Returns them with the visits, bids and notices to recall, and the day by which the record has to be gone.
    """
    from datetime import UTC, datetime

    from flows import server
    from flows.run import restored
    from flows.signed import signed
    from models.redress.clocks import working_days
    from models.store import events, recalls
    from models.store.session import open_store
    from models.store.touched import runs_touched

    _named(officer, reason)
    run, now = restored(settings), datetime.now(UTC)
    known, redress = _record(run.work, record), run.context.policy.redress
    said = {
        "decision_id": f"revocation-{_name('revocation', record, on)}", "kind": "revocation", "record_id": record,
        "enterprise_id": known["enterprise_id"], "filed_on": on, "decided_on": on, "outcome": "granted",
        "officer": officer, "reason": reason, "agency": known["agency"],
    }  # fmt: skip
    with open_store(settings.database) as store, signed(settings, store) as unit:
        events.record_decision(unit, said, recorded_by=officer, at=now)
        reached = runs_touched(unit, known["enterprise_id"], record, known["known_on"] or known["act_date"])
        recalled = recalls.recall(unit, reached["run_id"].to_list(), str(said["decision_id"]), record, now)
    for run_id in recalled:
        server.tell("run.recalled", f"run.{run_id}", run_id=run_id, decision_id=said["decision_id"])
    due = working_days(redress.holidays).after(on, redress.withdraw_within_working_days)
    return {"decision_id": said["decision_id"], "runs_touched": reached.to_dicts(), "withdraw_by": due.isoformat()}


def withdraw_record(settings: Settings, decision_id: str, reason: str, officer: str, on: date) -> dict[str, Any]:
    """Note the day on which a revoked record was taken out of display by hand, before a run did; UsageError for what
    was not revoked, or a day before it."""
    from models.store import events
    from models.store.session import open_store

    _named(officer, reason)
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        versions = events.decision_versions(snapshot).filter(pl.col("decision_id") == decision_id)
    if versions.is_empty() or versions["kind"][-1] != "revocation":
        raise UsageError(f"no revocation {decision_id!r} in the register.", remedy="`evenhand revoke` gives its id")
    held = versions.row(-1, named=True)
    if on < held["decided_on"]:
        raise UsageError(f"{decision_id} was decided on {held['decided_on']}, after {on}.", remedy="correct --on")
    kept = {name: value for name, value in held.items() if name not in ("version", "recorded_by", "recorded_at")}
    _register(settings, kept | {"withdrawn_on": on}, officer)
    return {"decision_id": decision_id, "withdrawn_on": on.isoformat()}


def grant_relief(
    settings: Settings, scope: dict[str, str | None], window: tuple[date, date], reason: str, officer: str, on: date
) -> dict[str, Any]:
    """Register a relief window; UsageError without any scope, or for a window that ends before it begins."""
    _named(officer, reason)
    if not any(scope.values()):
        raise UsageError("a relief for everybody is a change of policy.", remedy="name --region, --industry or --item")
    if window[1] < window[0]:
        raise UsageError(f"the window ends on {window[1]}, before {window[0]}.", remedy="correct --from and --to")
    key = "|".join(str(part) for part in (*scope.values(), *window))
    said = {
        "decision_id": f"relief-{_name('relief', key, on)}", "kind": "relief", **scope, "filed_on": on,
        "decided_on": on, "outcome": "granted", "from_date": window[0], "to_date": window[1],
        "officer": officer, "reason": reason,
    }  # fmt: skip
    _register(settings, said, officer)
    return {"decision_id": said["decision_id"]}


def _record(work: Any, record: str) -> dict[str, Any]:
    from flows.intake import tables

    found = tables(work / "intake")["records"].filter(pl.col("record_id") == record)
    if found.is_empty():
        raise UsageError(
            f"no record {record!r} in the last run.", remedy="`evenhand explain ID` lists a firm's records"
        )
    return found.row(0, named=True)


def _register(settings: Settings, said: dict[str, Any], officer: str) -> None:
    from datetime import UTC, datetime

    from flows.signed import signed
    from models.store import events
    from models.store.session import open_store

    with open_store(settings.database) as store, signed(settings, store) as unit:
        events.record_decision(unit, said, recorded_by=officer, at=datetime.now(UTC))


def _name(kind: str, key: str, on: date) -> str:
    return hashlib.blake2b(f"{kind}|{key}|{on}".encode(), digest_size=6).hexdigest()


def _named(officer: str, reason: str) -> None:
    if not officer.strip() or not reason.strip():
        raise ApprovalRequired("an officer and a reason are needed.", remedy="give --officer and --reason")


def _day(text: str | None) -> date:
    from datetime import datetime

    if text is None:
        return datetime.now().date()
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise UsageError(f"{text!r} is not a day.", remedy="write it as YYYY-MM-DD") from error
