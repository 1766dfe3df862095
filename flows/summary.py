"""The table at the end of a run: tiers, wanted and planned rates, what was refused, and where things lie."""

from __future__ import annotations

from typing import Any

import polars as pl

from flows import console
from flows.plan_words import plan_words


def rates_by_tier(quota: pl.DataFrame) -> list[dict[str, Any]]:
    """Visits and rates of the period by tier, summed over inspectorates. `quota`: models.inspection QUOTA."""
    sums = quota.group_by("tier").agg(pl.col("enterprises", "wanted", "planned").sum()).sort("tier")
    return [
        row
        | {
            "rate_wanted": f"{100 * row['wanted'] / max(row['enterprises'], 1):.1f}%",
            "rate_planned": f"{100 * row['planned'] / max(row['enterprises'], 1):.1f}%",
        }
        for row in sums.iter_rows(named=True)
    ]


def describe(result: dict[str, Any]) -> None:
    """Print what a run came to."""
    total = sum(result["tiers"].values()) or 1
    rates = {row["tier"]: row for row in result["rates"]}
    rows = [
        (
            tier,
            count,
            f"{100 * count / total:.1f}%",
            *(rates.get(tier, {}).get(key, "–") for key in ("wanted", "planned", "rate_wanted", "rate_planned")),
        )
        for tier, count in result["tiers"].items()
    ]
    title = f"{result['source']} on {result['as_of']} by {result['pack']}, run {result['run_id']}"
    headings = ["tier", "enterprises", "share", "wanted", "planned", "rate wanted", "rate planned"]
    console.print_table(title, headings, rows)
    refused = result["rows"]["rejected"]
    console.out.print(f"rows refused: {refused:,} (each with row number, rule and reason in the report)")
    if result["plan"] is None:
        console.out.print(f"no plan: {result['no_plan']}", markup=False)
    else:
        plan = result["plan"]
        console.out.print(f"visits planned: {plan['visits']:,}; violations of the checker = {plan['violations']}")
        if plan.get("price_visits"):
            price = {name.removeprefix("price_"): value for name, value in plan.items() if name.startswith("price_")}
            console.out.print(price_of_randomness(price), markup=False)
        for line in plan_words(plan):
            console.out.print(f"  {line}", markup=False)
        if plan["bound"]:
            gap = 100 * (plan["bound"] - plan["objective"]) / plan["bound"]
            console.out.print(f"value of the plan: within {gap:.2f}% of the proven bound of any plan in these hours")
        if result["draw_can_be_foreseen"]:
            console.out.print(
                "draw: its seed can be guessed; for a real one set EVENHAND_DRAW_SEED_FILE (docs/draw.md)"
            )
    if result.get("tenders"):
        tenders = result["tenders"]
        console.out.print(f"tenders: {tenders['tenders']}, bids: {tenders['bids']}, vetoes: {tenders['vetoed']}")
    console.out.print(f"ledger head of this run's results: {result['ledger_head']}")
    console.out.print(f"written to {result['out']}:", markup=False)
    for name in listing(result["files"]):
        console.out.print(f"  {name}", markup=False)


def price_of_randomness(price: dict[str, int]) -> str:
    """What drawing by chance costs, in a sentence."""
    top = max(1, price["directed"])
    return (
        f"price of randomness: {price['visits']} drawn firms cover {100 * price['drawn'] / top:.0f}% of the risk that "
        f"the riskiest as many would; an even chance would cover {100 * price['even'] / top:.0f}%"
    )


def listing(files: list[str], most: int = 3) -> list[str]:
    """Names by folder, long folders shortened; of a folder of single letters only the number."""
    folders: dict[str, list[str]] = {}
    for name in files:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    lines = []
    for folder, names in sorted(folders.items()):
        if "/" in folder:
            lines.append(f"{folder}/ ({len(names)} files)")
        else:
            lines += names[:most] + ([f"{folder or '.'}/ … and {len(names) - most} more"] if len(names) > most else [])
    return lines
