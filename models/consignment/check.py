"""A checker that shares no code with the choice: plain loops over the day's rows and the rules."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass

import polars as pl

from config.in_force import Policy
from models.consignment.terms import DayPlan, rules


@dataclass(frozen=True)
class Violation:
    """A rule that the plan breaks, and where."""

    rule: str
    where: str
    message: str


def violations(
    plan: DayPlan,
    declarations: pl.DataFrame,
    tiers: pl.DataFrame,
    policy: Policy,
    balance: pl.DataFrame | None,
    offices: pl.DataFrame,
    seed_of_day: bytes,
) -> list[Violation]:
    """Every broken rule of a day, from the plan and the inputs that `examine` got; empty for a good plan."""
    check = _Check(plan, declarations, tiers, policy, offices)
    check.each_once()
    check.within_minutes()
    check.must_examined()
    check.drawn_are_the_smallest(seed_of_day)
    check.rates_not_exceeded()
    check.balance_adds_up(balance)
    return check.found


class _Check:
    def __init__(
        self, plan: DayPlan, declarations: pl.DataFrame, tiers: pl.DataFrame, policy: Policy, offices: pl.DataFrame
    ) -> None:
        self.plan, self.policy, self.offices = plan, policy, offices
        self.found: list[Violation] = []
        tier_of = dict(tiers.select("enterprise_id", "tier").iter_rows())
        self.rows = {row["declaration_id"]: row for row in declarations.iter_rows(named=True)}
        for row in self.rows.values():
            row["tier"] = tier_of.get(row["enterprise_id"], policy.default_tier)
        self.chosen = list(plan.chosen.iter_rows(named=True))
        self.short = {
            (r["office"], r["tier"], r["rule"]): r["declarations"] for r in plan.overload.iter_rows(named=True)
        }

    def add(self, rule: str, where: str, message: str) -> None:
        self.found.append(Violation(rule, where, message))

    def each_once(self) -> None:
        """Every declaration of the day is either chosen or left out, once, as it was declared."""
        seen = [row["declaration_id"] for row in self.chosen] + self.plan.left_out["declaration_id"].to_list()
        if sorted(seen) != sorted(self.rows):
            self.add("each_once", str(self.plan.day), "chosen and left out are not the day's declarations")
        for row in self.chosen:
            mine = self.rows.get(row["declaration_id"], {})
            if any(row[name] != mine.get(name) for name in ("office", "enterprise_id", "tier", "examination")):
                self.add("each_once", row["declaration_id"], "not as it was declared and rated")

    def within_minutes(self) -> None:
        """Minutes of an office, and of an examination type with people of its own, are not exceeded."""
        limit = {
            (row[0], row[1]): row[2] for row in self.offices.select("office", "examination", "minutes").iter_rows()
        }
        used: dict[tuple[str, str | None], int] = defaultdict(int)
        for row in self.chosen:
            if row["minutes"] != rules(self.policy).minutes[row["examination"]]:
                self.add("minutes", row["declaration_id"], "not the minutes of its examination type")
            pool = (row["office"], row["examination"])
            used[pool if pool in limit else (row["office"], None)] += row["minutes"]
        for pool, minutes in used.items():
            if minutes > limit.get(pool, 0):
                self.add("minutes", str(pool), f"{minutes} of {limit.get(pool, 0)}")

    def must_examined(self) -> None:
        """What must be examined is, or the overload names it."""
        chosen = {row["declaration_id"] for row in self.chosen}
        missing: dict[tuple[str, str, str], int] = defaultdict(int)
        for name, row in self.rows.items():
            if row["must"] is not None and name not in chosen:
                missing[row["office"], row["tier"], "must"] += 1
        for place, count in missing.items():
            if self.short.get(place) != count:
                self.add("must", str(place), f"{count} left out, {self.short.get(place, 0)} named")

    def drawn_are_the_smallest(self, seed: bytes) -> None:
        """The random ones have the smallest numbers of their office and tier; nobody was passed over."""
        groups: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for name, row in self.rows.items():
            number = int.from_bytes(hashlib.blake2b(seed + name.encode(), digest_size=8).digest(), "big")
            groups[row["office"], row["tier"]].append((number, name))
        why = {row["declaration_id"]: row["why"] for row in self.chosen}
        for place, numbers in groups.items():
            order = [name for _, name in sorted(numbers)]
            last = max((k for k, name in enumerate(order) if why.get(name) == "random"), default=-1)
            passed = [name for name in order[: last + 1] if why.get(name) not in ("random", "must")]
            if len(passed) > self.short.get((*place, "floor"), 0) + self.short.get((*place, "must"), 0):
                self.add("draw", str(place), f"passed over {passed[0]}")

    def rates_not_exceeded(self) -> None:
        """Nobody is examined by risk once the rate's account is settled."""
        ahead = {(r["office"], r["tier"]): r["account"] for r in self.plan.balance.iter_rows(named=True)}
        for row in self.chosen:
            if row["why"] == "risk" and ahead[row["office"], row["tier"]] < 0:
                self.add("rate", row["declaration_id"], "by risk beyond the rate")

    def balance_adds_up(self, before: pl.DataFrame | None) -> None:
        """Accounts move by rate × declared less the examined; counts by what was declared and examined."""
        old = {(r["office"], r["tier"]): r for r in (before.iter_rows(named=True) if before is not None else ())}
        declared: dict[tuple[str, str], int] = defaultdict(int)
        examined: dict[tuple[str, str], int] = defaultdict(int)
        found = rules(self.policy)
        for row in self.rows.values():
            declared[row["office"], row["tier"]] += 1
        for row in self.chosen:
            examined[row["office"], row["tier"]] += 1
        for row in self.plan.balance.iter_rows(named=True):
            place = (row["office"], row["tier"])
            start = old.get(place, {"declared": 0, "examined": 0})
            rate, floor = (table.get(row["tier"]) for table in (found.rates, found.random_floor))
            moved = max(rate or 0, floor or 0) * declared[place] - 1000 * examined[place]
            if (row["declared"], row["examined"]) != (
                start["declared"] + declared[place],
                start["examined"] + examined[place],
            ):
                self.add("balance", str(place), "counts do not add up")
            accounts = [account["account"] + account["floor_account"] for account in (row, old.get(place, row))]
            if place in old and rate is not None and accounts[0] != accounts[1] + moved:
                self.add("balance", str(place), "the accounts do not add up")
