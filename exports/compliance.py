"""The compliance register: every rating, what moved since last time and why, and what the words mean."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from config.in_force import Policy
from exports.facts import Approval, Facts
from exports.layout import CHANGES, LEGEND, REGISTER, Language, both
from exports.page import open_page, write_parts
from exports.roster_rows import firm_code
from exports.words import INDUSTRIES
from exports.workbook import Book

MOVES = {"up": ("上升", "up"), "down": ("下降", "down"), "new": ("新增", "new"), "gone": ("移出", "gone")}


def write_register(
    ratings: pl.DataFrame,
    previous: pl.DataFrame | None,
    enterprises: pl.DataFrame,
    policy: Policy,
    facts: Facts,
    path: Path,
    *,
    approval: Approval | None = None,
    language: Language = "both",
) -> Path:
    """Write the register of one run. `ratings`, `previous`: models.records.RATINGS; `previous` None = first run."""
    rows = register_rows(ratings, previous, enterprises, policy, language)
    book = Book("Compliance register", facts.as_of, policy.tiers, facts.hidden())
    changes = rows.filter(pl.col("move").is_not_null()) if previous is not None else rows.clear()
    for form, frame in ((REGISTER, rows), (CHANGES, changes)):
        write_parts(book, form, both(form.zh, form.en, language, "  "), _numbered(frame), facts, approval, language)
    _legend(book, policy, facts, approval, language)
    return book.save(path)


def register_rows(
    ratings: pl.DataFrame,
    previous: pl.DataFrame | None,
    enterprises: pl.DataFrame,
    policy: Policy,
    language: Language,
) -> pl.DataFrame:
    """One row per enterprise with every column of REGISTER but the number, worst tier first, then by score."""
    ranks = {tier.id: tier.rank for tier in policy.tiers}
    firms = enterprises.select("enterprise_id", "industry", firm_name="name")
    industries = {term.code: term.label(language) for term in INDUSTRIES}
    rows = ratings.join(firms, on="enterprise_id", how="left").with_columns(
        pl.col("industry").replace(industries),
        firm_code=firm_code(pl.col("enterprise_id")),
        gate_ids="gates",
        gates=_joined("gates", _gate_titles(policy, language)),
        reasons=_reasons(policy, language),
        rank=pl.col("tier").replace_strict(ranks, return_dtype=pl.Int64),
    )
    rows = _moves(rows, previous, ranks, _gate_titles(policy, language), language)
    return rows.sort("rank", "score", "enterprise_id", descending=[True, False, False])


def _moves(
    rows: pl.DataFrame,
    previous: pl.DataFrame | None,
    ranks: dict[str, int],
    titles: dict[str, str],
    language: Language,
) -> pl.DataFrame:
    """tier_before, move and why_moved; null where nothing moved or there was no run before."""
    nothing = [pl.lit(None, dtype=pl.String).alias(name) for name in ("tier_before", "move", "why_moved")]
    if previous is None:
        return rows.with_columns(nothing)
    before = previous.select("enterprise_id", tier_before="tier", score_before="score", gates_before="gates")
    both_runs = rows.join(before, on="enterprise_id", how="left")
    old = pl.col("tier_before").replace_strict(ranks, return_dtype=pl.Int64, default=None)
    words = {code: both(zh, en, language, " ") for code, (zh, en) in MOVES.items()}
    points = (pl.col("score") - pl.col("score_before")) / 1000
    return both_runs.with_columns(
        move=pl.when(old.is_null())
        .then(pl.lit(words["new"]))
        .when(pl.col("rank") > old)
        .then(pl.lit(words["down"]))
        .when(pl.col("rank") < old)
        .then(pl.lit(words["up"])),
        why_moved=pl.when(old.is_not_null() & (pl.col("rank") != old)).then(
            pl.concat_str(
                pl.format(
                    "{}{} {}",
                    pl.when(points > 0).then(pl.lit("+")).otherwise(pl.lit("")),
                    points.round(1),
                    pl.lit(both("分", "points", language, " ")),
                ),
                _change(
                    pl.col("gate_ids").list.set_difference("gates_before"), titles, both("新适用", "new", language)
                ),
                _change(
                    pl.col("gates_before").list.set_difference("gate_ids"), titles, both("不再适用", "gone", language)
                ),
                separator="；",
                ignore_nulls=True,
            )
        ),
    )


def _change(gates: pl.Expr, titles: dict[str, str], word: str) -> pl.Expr:
    """'new: X, Y'; null where there is none."""
    told = gates.list.sort().list.eval(pl.element().replace(titles)).list.join("、")
    return pl.when(gates.list.len() > 0).then(pl.format("{}: {}", pl.lit(word.replace("\n", " ")), told))


def _gate_titles(policy: Policy, language: Language) -> dict[str, str]:
    named = {gate.id: gate.title for gate in policy.gates}
    named |= {name: listing.title for name, listing in policy.lists.items()}
    named |= {link.id: link.title for link in policy.links}
    return {name: both(title.zh, title.en, language, " ") for name, title in named.items()}


def _joined(column: str, titles: dict[str, str]) -> pl.Expr:
    return pl.col(column).list.eval(pl.element().replace(titles)).list.join("；")


def _reasons(policy: Policy, language: Language) -> pl.Expr:
    """The heaviest reasons with their points: '欠税 Tax arrears -60；…'."""
    titles = {code: both(item.title.zh, item.title.en, language, " ") for code, item in policy.items.items()}
    one = pl.format(
        "{} {}", pl.element().struct.field("item").replace(titles), pl.element().struct.field("points") / 1000
    ).str.replace(r"\.0$", "")
    return pl.col("reasons").list.eval(one).list.join("；")


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_row_index("number", offset=1).with_columns(pl.col("number").cast(pl.Int64))


def _legend(book: Book, policy: Policy, facts: Facts, approval: Approval | None, language: Language) -> None:
    sheet = open_page(book, LEGEND, both("说明", "Legend", language, "  "), facts, approval, language)
    sheet.headings(LEGEND, language)
    words = [(tier.id, both(tier.title.zh, tier.title.en, language, " ")) for tier in policy.tiers] + [
        (
            both("对记录的异议与修复", "Objection and repair", language, " "),
            both(
                "异议向作出决定的机关提出；`evenhand explain` 或通知书逐条说明依据、期限与升级途径。",
                "Objections go to the agency that decided; the notice names every clause, its end, and the way up.",
                language,
                " ",
            ),
        )
    ]
    for term, meaning in words:
        sheet.row([term, meaning])
