"""The rating told once more, naively, one record at a time, for comparison. Without links and figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl

from config.conditions import Condition
from config.in_force import Policy

Row = dict[str, Any]


def naive(tables: dict[str, pl.DataFrame], policy: Policy) -> dict[str, tuple[int, str, int]]:
    """enterprise_id → score, tier, number of acts."""
    return {firm["enterprise_id"]: _firm(firm, tables, policy) for firm in tables["enterprises"].to_dicts()}


def _firm(firm: Row, tables: dict[str, pl.DataFrame], policy: Policy) -> tuple[int, str, int]:
    def mine(table: str) -> list[Row]:
        return [row for row in tables[table].to_dicts() if row["enterprise_id"] == firm["enterprise_id"]]

    today = policy.as_of
    decisions = tables["decisions"].to_dicts()
    classes: dict[str, list[Row]] = defaultdict(list)
    for record in sorted(mine("records"), key=lambda r: (r["act_date"], r["record_id"])):
        item = policy.items.get(record["item"])
        if item and record["known_on"] <= today and record["act_date"] <= today:
            classes[item.act_class].append(record)
    counted = [
        best
        for reports in classes.values()
        for act in _acts(reports, lambda record: _matters(record, firm, decisions, policy), policy)
        for best in _act(act, firm, decisions, policy)
    ]
    sums: dict[str, int] = defaultdict(int)
    for record in counted:
        sums[policy.items[record["item"]].dimension] += _points(record, policy)
    caps = policy.scorecard.dimensions
    total = policy.scorecard.base + sum(max(caps[d].worst, min(caps[d].best, points)) for d, points in sums.items())
    score = max(policy.scorecard.lowest, min(policy.scorecard.highest, total))
    rank = next(tier.rank for tier in policy.tiers if tier.from_points is not None and score >= tier.from_points)
    on = {row["list_id"] for row in mine("listings") if _listed(row, policy)}
    floors, ceilings = [], []
    figures = {
        row["name"]: row["value"] for row in sorted(mine("indicators"), key=lambda r: (r["period_end"], r["value"]))
    }
    for gate in policy.gates:
        if _holds(gate.when, counted, on, policy, figures):
            floors += [gate.floor] if gate.floor else []
            ceilings += [gate.ceiling] if gate.ceiling else []
    for name in on:
        effect = policy.lists[name].effect
        floors += [effect.floor] if effect.floor else []
        ceilings += [effect.ceiling] if effect.ceiling else []
    for tier in floors:
        rank = min(rank, policy.tier(tier).rank)
    for tier in ceilings:
        rank = max(rank, policy.tier(tier).rank)
    return score, policy.tiers[rank].id, len(counted)


def _acts(reports: list[Row], matters: Callable[[Row], bool], policy: Policy) -> list[list[Row]]:
    """Reports of one class, in order of day and id, → those that matter, act by act."""
    days: dict[date, list[Row]] = defaultdict(list)
    for record in reports:
        number = (record["agency"], record["act_id"])
        same = [r for r in reports if r["act_id"] and (r["agency"], r["act_id"]) == number]
        if matters(record):
            days[min((r["act_date"] for r in same), default=record["act_date"])].append(record)
    found: list[list[Row]] = []
    for group in days.values():
        acts: dict[int, list[Row]] = defaultdict(list)
        by_agency: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for record in group:
            if record["act_id"]:
                by_agency[record["agency"]][record["act_id"]].append(record)
            else:
                acts[0].append(record)
        for numbers in by_agency.values():
            gravest_first = sorted(numbers.values(), key=lambda told: -max(_gravity(r, policy) for r in told))
            for place, told in enumerate(gravest_first):
                acts[place] += told
        found += [sorted(act, key=lambda r: (r["act_date"], r["record_id"])) for act in acts.values()]
    return found


def _matters(record: Row, firm: Row, decisions: list[Row], policy: Policy) -> bool:
    return _in_term(record, policy) or _aside(record, firm, decisions, policy)


def _act(reports: list[Row], firm: Row, decisions: list[Row], policy: Policy) -> list[Row]:
    """The one report that counts, if any."""
    aside = [record for record in reports if _aside(record, firm, decisions, policy)]
    reached = max((_gravity(record, policy) for record in aside), default=-1)
    standing = [record for record in reports if record not in aside and _gravity(record, policy) > reached]
    alive = [record for record in standing if _in_term(record, policy)]
    if not alive:
        return []
    return [max(alive, key=lambda r: (abs(_points(r, policy)), _points(r, policy)))] if alive else []


def _gravity(record: Row, policy: Policy) -> int:
    """What the report weighs on the day of its act."""
    item = policy.items[record["item"]]
    share = policy.scorecard.decay[item.decay].per_mille(0) if item.decay else 1000
    return abs(int(item.points.get(record["severity"], 0) * share / 1000))


def _term(record: Row, policy: Policy) -> Any:
    return policy.items[record["item"]].display[record["severity"]]


def _in_term(record: Row, policy: Policy) -> bool:
    term = _term(record, policy)
    if term.hidden:
        return False
    last = date.max if term.max_days is None else record["act_date"] + timedelta(days=term.max_days)
    if term.max_days is None and record["ends_on"]:
        last = record["ends_on"]
    if term.longer_with_measure and record["ends_on"]:
        last = max(last, record["ends_on"])
    if term.until_corrected and record["corrected_on"]:
        last = min(last, record["corrected_on"] - timedelta(days=1))
    return bool(policy.as_of <= last)


def _points(record: Row, policy: Policy) -> int:
    item, age = policy.items[record["item"]], (policy.as_of - record["act_date"]).days
    full = item.points.get(record["severity"], 0)
    share = policy.scorecard.decay[item.decay].per_mille(age) if item.decay else 1000
    return int(full * share / 1000)


def _aside(record: Row, firm: Row, decisions: list[Row], policy: Policy) -> bool:
    today, term = policy.as_of, _term(record, policy)
    if record["revoked_on"] and record["revoked_on"] <= today:
        return True
    for decision in decisions:
        done = decision["decided_on"] is not None and decision["decided_on"] <= today
        if decision["kind"] == "relief":
            who = all(decision[k] in (None, firm[k]) for k in ("enterprise_id", "region", "industry"))
            when = decision["from_date"] <= record["act_date"] <= decision["to_date"]
            what = decision["item"] in (None, record["item"])
            if policy.redress.relief and done and decision["outcome"] == "granted" and who and when and what:
                return True
        elif decision["record_id"] == record["record_id"]:
            if decision["kind"] == "revocation" and done and decision["outcome"] in ("granted", "upheld"):
                return True
            if decision["kind"] == "objection" and done and decision["outcome"] == "upheld":
                return True
            if decision["kind"] == "objection" and not done and policy.redress.objection_effect == "suspend":
                return True
            if decision["kind"] == "repair" and done and decision["outcome"] == "granted" and term.repairable:
                begins = max(decision["decided_on"], record["act_date"] + timedelta(days=term.min_days))
                if begins <= today and (decision["to_date"] is None or decision["to_date"] >= today):
                    return True
    return False


def _listed(row: Row, policy: Policy) -> bool:
    term = policy.lists[row["list_id"]].effect.term_days
    last = row["to_date"] or (row["from_date"] + timedelta(days=term) if term else date.max)
    return bool(row["from_date"] <= policy.as_of <= last)


def _holds(condition: Condition, counted: list[Row], on: set[str], policy: Policy, figures: dict[str, int]) -> bool:
    if condition.indicator:
        over = condition.indicator.over
        return over is not None and figures.get(condition.indicator.name, over) > over
    if condition.listed:
        return condition.listed in on
    if condition.count:
        test = condition.count
        chosen = [
            record
            for record in counted
            if (not test.items or record["item"] in test.items)
            and (not test.dimensions or policy.items[record["item"]].dimension in test.dimensions)
            and (not test.severities or record["severity"] in test.severities)
            and (test.within_days is None or (policy.as_of - record["act_date"]).days <= test.within_days)
            and (test.items or policy.items[record["item"]].points.get(record["severity"], 0) <= 0)
        ]
        return len(chosen) >= test.at_least
    if condition.all is not None:
        return all(_holds(part, counted, on, policy, figures) for part in condition.all)
    if condition.any is not None:
        return any(_holds(part, counted, on, policy, figures) for part in condition.any)
    raise NotImplementedError(str(condition))
