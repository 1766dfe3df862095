"""The command line: `evenhand --help`. Every command parses its arguments and calls a flow or a room; no logic here."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from config.errors import CheckFailed, UsageError
from config.policy import scenario_named
from config.settings import Settings
from flows import console, policy_commands, redress_commands, register_commands, tender_commands, verify_commands
from flows.backtest_command import backtest
from flows.collect import collect
from flows.compare_commands import whatif
from flows.consign_commands import consign
from flows.desk_command import desk_user, serve
from flows.hand_out import calendars, notices
from flows.plan_commands import check, plan, replan
from flows.prefect_home import prepare
from flows.rates_command import rates

app = typer.Typer(
    cls=console.Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Rates enterprises from public records by published, dated rules,\n"
    "and turns the tiers into work for people.\n\n"
    "It screens and proposes; a named officer decides. It never rates a natural person.",
)

DAILY, INSPECT, TENDERS = "Every run", "Plans, visits, examinations", "Tenders"
REDRESS, LAW, CARE, DESK, TRY = "Objections and mending", "The law and its worth", "Checks and care", "Desk", "To try"

DEMO_AS_OF = "2026-11-01"  # day of the demonstration; with --data the default is today

AsOf = Annotated[str | None, typer.Option("--as-of", help="Day of the rating, YYYY-MM-DD.", metavar="DAY")]
Source = Annotated[str, typer.Option(help="Source file: a name of config/sources or a path to your own YAML.")]
Data = Annotated[Path | None, typer.Option(help="Folder with the source's files; none = generate a demonstration.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of draws and lotteries.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def day(text: str | None, name: str = "--as-of") -> date | None:
    """An ISO day of the command line."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise UsageError(f"{name}: {text!r} is not a day.", remedy="write it as YYYY-MM-DD") from error


@app.command(rich_help_panel=DAILY)
def run(
    source: Source = "generated",
    data: Data = None,
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option(help="Where the workbooks go.")] = None,
    policy: Annotated[str | None, typer.Option(help="Policy pack; default: the source's.")] = None,
    scenario: Annotated[
        str | None, typer.Option(help="A change of policy to lay over the pack: a name or a file.")
    ] = None,
    seed: Seed = 1,
    enterprises: Annotated[int, typer.Option(min=1, help="Size of the demonstration.")] = 20_000,
    from_: Annotated[str | None, typer.Option("--from", help="First day of the plan.", metavar="DAY")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last day of the plan.", metavar="DAY")] = None,
    as_json: Json = False,
) -> None:
    """Take in the registers, rate every enterprise, plan inspections, score tenders, write the workbooks.

    Examples:

      evenhand run

      evenhand run --source chicago --data DIR --as-of 2014-09-01 --out chicago-out
    """
    settings = Settings()
    prepare(settings.root)
    from flows.nightly import run_everything
    from flows.run import RunContext, next_quarter, usual_out
    from flows.summary import describe
    from models.intake import load_source

    demo = data is None
    if demo and source != "generated":
        raise UsageError(f"--source {source} needs --data.", remedy="name the folder that holds its files")
    on = day(as_of) or (day(DEMO_AS_OF) if demo else datetime.now().date())
    assert on is not None
    first, last = next_quarter(on)
    period = (day(from_, "--from") or first, day(to, "--to") or last)
    context = RunContext(
        settings=settings,
        source=source,
        data=data or settings.root / "demo" / f"{enterprises}-{seed}-{on}",
        pack=policy or load_source(source).policy,
        as_of=on,
        seed=seed,
        period=period,
        out=out or usual_out(settings, source, on),
        scenario=scenario_named(scenario) if scenario else None,
    )
    outcome = run_everything(context, demo_size=enterprises if demo else None)
    if as_json:
        console.print_json(outcome)
    else:
        describe(outcome)


@app.command(rich_help_panel=TRY)
def generate(
    enterprises: Annotated[int, typer.Option(min=1, help="How many enterprises.")] = 20_000,
    seed: Seed = 1,
    out: Annotated[Path, typer.Option(help="Folder to write (must not exist or be empty).")] = Path("registers"),
    as_of: AsOf = None,
    nights: Annotated[int, typer.Option(min=0, max=399, help="Also so many nights of new and changed rows.")] = 0,
) -> None:
    """Write realistic registers of any size: several agencies, several formats, dirty rows, the truth kept apart.

    Examples:

      evenhand generate --enterprises 1000 --seed 7 --out registers

      evenhand generate --enterprises 1000 --nights 5 --out registers
    """
    from exports.register_nights import write_delta
    from exports.registers import write_registers

    on = day(as_of or DEMO_AS_OF)
    assert on is not None
    with console.steps(nights + 1) as progress:
        with progress.stage(f"registers of {on}"):
            made = write_registers(out, enterprises, seed, on)
        for night in range(1, nights + 1):
            with progress.stage(f"night {night} of {nights}"):
                made.rows.update(write_delta(out, on + timedelta(days=night)).rows)
    console.print_table(f"Written to {out}", ["file", "rows"], list(made.rows.items()))


Run = Annotated[str | None, typer.Option("--run", help="Run id (or its beginning); default: the last one.")]


@app.command(rich_help_panel=DAILY)
def explain(
    enterprise: Annotated[str, typer.Argument(help="Enterprise id, as in ratings.csv.")],
    run_id: Run = None,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the text.")] = "en",
    as_json: Json = False,
) -> None:
    """Say why an enterprise has its tier: records, points, clauses, expiry, links, gates, and what would change it.

    Example:  evenhand explain cn:91210681MKUD65AE43 --lang zh
    """
    settings = Settings()
    prepare(settings.root)
    from flows.earlier import history
    from flows.intake import tables
    from flows.run import restored
    from models.rating import explain as explain_rating

    run = restored(settings, run_id)
    known = tables(run.work / "intake")
    explanation = explain_rating(enterprise, known, run.context.policy, history=history(run.context))
    if as_json:
        console.print_json(explanation.to_dict())
    else:
        console.out.print(explanation.text(lang), markup=False)


@app.command(rich_help_panel=DAILY)
def approve(
    officer: Annotated[str, typer.Option(help="Officer's id in your office.")],
    name: Annotated[str, typer.Option(help="Officer's name, as it will stand on every page.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    run_id: Run = None,
    refuse: Annotated[
        bool, typer.Option("--refuse", help="Do not approve; the reason stands in the register.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Approve a run: only then do its exports lose the words "screening aid".

    What waits for it on Prefect's server (docs/operations.md) goes on by itself.

    Example:  evenhand approve --officer u17 --name "Li Wei" --reason "checked against the register of 1 November"
    """
    settings = Settings()
    prepare(settings.root)
    from flows import approve as approvals

    decide = approvals.refuse if refuse else approvals.approve
    done = decide(settings, run_id, officer=officer, name=name, reason=reason)
    if done["resumed"] is None:
        console.err.print("Prefect's server does not answer: what waits there goes on with its deployment `clocks`.")
    if as_json:
        console.print_json(done)
    elif refuse:
        console.out.print(f"run {done['run_id']} not approved by {name}; its exports stay a screening aid")
    else:
        told = f"{done['notices']:,} notices on record"
        console.out.print(
            f"run {done['run_id']} approved by {name}; {told}; exports without the banner in {done['out']}"
        )


@app.command(rich_help_panel=CARE)
def doctor(
    deep: Annotated[bool, typer.Option(help="Also read the whole ledger and every file of the lake.")] = False,
    as_json: Json = False,
) -> None:
    """Look at everything a night depends on and say how to mend what is amiss.

    Example:  evenhand doctor --deep
    """
    from dataclasses import asdict

    from flows.doctor import examine, healthy

    findings = examine(Settings(), datetime.now().astimezone(), deep=deep)
    if as_json:
        console.print_json([asdict(finding) for finding in findings])
    else:
        rows = [(finding.check, finding.state, finding.found, finding.remedy) for finding in findings]
        console.print_table("evenhand doctor", ["check", "state", "found", "remedy"], rows)
    if not healthy(findings):
        raise CheckFailed("something a night depends on has failed.", remedy="see the last column")


for _panel, _commands in (
    (INSPECT, (plan, check, replan, notices, calendars, collect, rates, consign)),
    (REDRESS, (redress_commands.revoke, redress_commands.withdraw, redress_commands.relief)),
    (LAW, (whatif, backtest)),
    (DESK, (serve, desk_user)),
):
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
app.add_typer(tender_commands.app, name="tender", rich_help_panel=TENDERS)
for _kind, _requests in redress_commands.apps().items():
    app.add_typer(_requests, name=_kind, rich_help_panel=REDRESS)
app.add_typer(policy_commands.app, name="policy", rich_help_panel=LAW)
app.add_typer(register_commands.app, name="register", rich_help_panel=CARE)
app.add_typer(verify_commands.app, name="verify", rich_help_panel=CARE)


if __name__ == "__main__":
    app()
