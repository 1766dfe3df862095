"""What the desk shows and does: one finished run, its register, and the decisions people add."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from config.errors import InputError, UsageError
from config.settings import Settings
from exports.left_out_words import left_out_text, short_reason, why_text
from exports.roster_rows import team_names
from flows.desk.together import Together
from flows.earlier import history
from flows.results import planned, ratings, subject_digest, tables
from flows.run import FinishedRun, restored
from flows.signed import signed
from models.inspection import Plan
from models.rating import Explanation, explain_many
from models.rating.neighbourhood import OF_ENTERPRISES, Near
from models.records import DECISIONS, TABLES, empty
from models.redress.clocks import clocks
from models.store import events
from models.store.news import Place, last_place, news
from models.store.session import Snapshot, Store, open_store

FOUND_AT_MOST = 50
REMEMBERED = 1_000  # explanations, some 10 kB each
AT_ONCE = 16  # firms explained together: more would keep the first waiting for the last
VIEWS_AT_ONCE = 200  # views of evidence in one transaction
SHOWN = {"decisions", "notices"}  # kinds of the journal that the page of objections shows
KINDS = (".xlsx", ".html", ".csv", ".json", ".ics", ".docx")


@dataclass(frozen=True)
class Standing:
    """Objections, repairs and notices as they stand on a day.

    clocks: those that run on the officials, of decisions filed at this desk and of notices that counted too early.
    waiting: notices to firms whose waiting days run, and the day on which the last of them are over.
    """

    day: date
    decisions: pl.DataFrame
    clocks: pl.DataFrame
    waiting: tuple[int, date | None]


@dataclass
class Office:
    """A finished run as the desk sees it."""

    settings: Settings
    run: FinishedRun
    store: Store
    _kept: tuple[Place, Standing] | None = field(
        default=None, init=False, repr=False
    )  # one value: threads see it whole

    @classmethod
    def open(cls, settings: Settings, run_id: str | None = None) -> Office:
        return cls(settings, restored(settings, run_id), open_store(settings.database))

    @cached_property
    def tables(self) -> dict[str, pl.DataFrame]:
        found = {name: empty(schema) for name, schema in TABLES.items()} | tables(self.run.work / "intake")
        by_firm = [name for name in OF_ENTERPRISES if name in found]  # so that what looks them up needs no copy
        return found | {name: found[name].sort("enterprise_id", maintain_order=True) for name in by_firm}

    @cached_property
    def firms(self) -> pl.DataFrame:
        """Enterprises with score and tier, ready for searching."""
        rated = ratings(self.run.work / "ratings").select("enterprise_id", "score", "tier")
        return self.tables["enterprises"].join(rated, on="enterprise_id", how="left").sort("enterprise_id")

    @cached_property
    def plan(self) -> Plan | None:
        return planned(self.run.work / "plan") if (self.run.work / "plan").is_dir() else None

    @cached_property
    def visits(self) -> pl.DataFrame:
        """Planned visits with names and reasons in words."""
        if self.plan is None:
            return pl.DataFrame()
        names = self.tables["enterprises"].select("enterprise_id", firm_name="name")
        rows = team_names(self.plan.visits, self.tables["inspectors"]).join(names, on="enterprise_id", how="left")
        words = [why_text(why, "both").replace("\n", " ") for why in rows["why_firm"]]
        return rows.with_columns(pl.Series("why", words, dtype=pl.String)).sort("visit_date", "region", "visit_id")

    @cached_property
    def _searched(self) -> pl.DataFrame:
        """Codes and names of `firms` in small letters, row by row."""
        return self.firms.select(pl.col("enterprise_id", "name").fill_null("").str.to_lowercase())

    def find(self, text: str) -> pl.DataFrame:
        """Enterprises whose name or code contains the text, at most 50."""
        wanted = text.strip().casefold()
        if not wanted:
            return self.firms.clear()
        found = self._searched.select(pl.any_horizontal(pl.all().str.contains(wanted, literal=True))).to_series()
        return self.firms.filter(found).head(FOUND_AT_MOST)

    def explanation(self, enterprise_id: str) -> Explanation:
        """Why this tier; told once, then remembered: a finished run does not change. InputError for an unknown firm."""
        if self._near.rows["enterprises"].of(pl.Series([enterprise_id])).is_empty():
            raise InputError(f"no enterprise {enterprise_id!r}.", file="enterprises", remedy="check the identifier")
        return self._told(enterprise_id)

    @cached_property
    def _near(self) -> Near:
        return Near(self.tables, history(self.run.context))

    @cached_property
    def _told(self) -> Callable[[str], Explanation]:
        near, policy = self._near, self.run.context.policy

        def tell(ids: list[str]) -> list[Explanation]:
            tables, past = near.around(ids)
            return list(explain_many(ids, tables, policy, history=past))

        return lru_cache(maxsize=REMEMBERED)(Together(tell, AT_ONCE).ask)

    def get_ready(self) -> None:
        """Read the run's files now rather than while the first officers wait."""
        _ = self._searched, self.visits, self._told, self.digest

    def left_out(self, enterprise_id: str) -> str | None:
        """Why the firm is not visited; None where it is, or where there is no plan."""
        if self.plan is None:
            return None
        rows = self.plan.left_out.filter(pl.col("enterprise_id") == enterprise_id)
        return None if rows.is_empty() else left_out_text(rows["reason"][0], rows["detail"][0], "both")

    def left_out_counts(self) -> list[tuple[str, int]]:
        """Reasons for leaving firms out with their numbers, the commonest first."""
        if self.plan is None:
            return []
        counts = self.plan.left_out["reason"].value_counts().sort("count", "reason", descending=[True, False])
        return [(short_reason(reason, "both"), count) for reason, count in counts.iter_rows()]

    def month(self, region: str, first: date) -> dict[date, list[dict[str, Any]]]:
        """Visits of a month by day."""
        if self.visits.is_empty():
            return {}
        rows = self.visits.filter(
            (pl.col("visit_date").dt.year() == first.year) & (pl.col("visit_date").dt.month() == first.month)
        )
        rows = rows if not region else rows.filter(pl.col("region") == region)
        return {key[0]: part.to_dicts() for key, part in rows.partition_by("visit_date", as_dict=True).items()}

    def decisions(self) -> pl.DataFrame:
        """Objections and repairs as they stand, the newest first, with the agencies' and the desk's own together."""
        with self.store.snapshot() as snapshot:
            return self._with_given(events.decisions(snapshot))

    def _with_given(self, own: pl.DataFrame) -> pl.DataFrame:
        given = self.tables["decisions"].join(own, on="decision_id", how="anti")
        return pl.concat([own, given], how="vertical_relaxed").sort("filed_on", "decision_id", descending=[True, False])

    def redress(self, today: date) -> Standing:
        """What the register says at this moment; read again when the journal has news of it, or on another day."""
        kept = self._kept
        with self.store.snapshot() as snapshot:
            found = news(snapshot, kept[0]) if kept and kept[1].day == today else None
            if kept and found and not found[1] & SHOWN:
                self._kept = (found[0], kept[1])
                return kept[1]
            standing = self._standing(snapshot, today)
            self._kept = (last_place(snapshot), standing)
            return standing

    def _standing(self, snapshot: Snapshot, today: date) -> Standing:
        versions, notices = events.decision_versions(snapshot), events.notices(snapshot)
        held = versions.unique("decision_id", keep="last", maintain_order=True)
        policy = self.run.context.policy
        running = clocks(held, notices, lambda day: policy.redress, today)
        ends = notices.filter(pl.col("effect_on") > today)["effect_on"]
        return Standing(
            day=today,
            decisions=self._with_given(held.select(list(DECISIONS))),
            clocks=running.filter((pl.col("clock") != "notice") | (pl.col("state") == "too_early")),
            waiting=(ends.len(), max(ends) if ends.len() else None),
        )

    @cached_property
    def digest(self) -> str:
        """What an approval of the run is of."""
        return subject_digest(self.run)

    def saw_firm(self, enterprise_id: str, login: str) -> None:
        """Every opening of a firm's file is recorded."""
        self._saw(login, f"enterprise:{enterprise_id}", self.run.run_id)

    def saw_run(self, login: str, what: str = "run") -> None:
        """So is every opening of the run, its plan or one of its files: an approval shows who looked before."""
        self._saw(login, what, self.digest)

    def _saw(self, login: str, subject: str, digest: str) -> None:
        """Returns when it is on record: nobody is shown what they were not seen to open."""
        told = {"subject": subject, "subject_digest": digest}
        self._noted.ask(told | {"run_id": self.run.run_id, "officer": login, "at": datetime.now(UTC)})

    @cached_property
    def _noted(self) -> Together[dict[str, Any], None]:
        def note(views: list[dict[str, Any]]) -> list[None]:
            with self.store.unit_of_work() as unit:
                for view in views:
                    events.record_view(unit, **view)
                unit.commit()
            return [None] * len(views)

        return Together(note, VIEWS_AT_ONCE)

    def file(self, kind: str, enterprise_id: str, record_id: str, reason: str, login: str) -> str:
        """File an objection or a request for repair; UsageError for a record that is not the firm's."""
        if kind not in ("objection", "repair"):
            raise UsageError(f"{kind}: neither objection nor repair.", remedy="choose one of them")
        mine = self.tables["records"].filter(
            (pl.col("enterprise_id") == enterprise_id) & (pl.col("record_id") == record_id)
        )
        if mine.is_empty() or not reason.strip():
            raise UsageError("no such record of this enterprise, or no reason.", remedy="choose a record, say why")
        today = datetime.now(UTC).date()
        name = hashlib.blake2b(f"{kind}|{record_id}|{today}".encode(), digest_size=8).hexdigest()
        said = {
            "decision_id": f"desk-{name}", "kind": kind, "record_id": record_id, "enterprise_id": enterprise_id,
            "filed_on": today, "annotated_on": today if kind == "objection" else None, "reason": reason,
            "agency": mine["agency"][0], "officer": login,
        }  # fmt: skip
        self._record(said, login)
        return str(said["decision_id"])

    def decide(self, decision_id: str, outcome: str, reason: str, login: str) -> None:
        """Decide what was filed at this desk; UsageError for an unknown or decided one, or without a reason."""
        with self.store.snapshot() as snapshot:
            versions = events.decision_versions(snapshot).filter(pl.col("decision_id") == decision_id)
        if versions.is_empty():
            raise UsageError(f"{decision_id}: not filed at this desk.", remedy="its own agency decides it")
        held = versions.row(-1, named=True)
        allowed = {"objection": ("upheld", "rejected"), "repair": ("granted", "rejected")}[held["kind"]]
        if held["decided_on"] is not None or outcome not in allowed or not reason.strip():
            raise UsageError(
                f"expected one of {', '.join(allowed)}, a reason, and not yet decided.", remedy="look again"
            )
        today = datetime.now(UTC).date()
        kept = {k: v for k, v in held.items() if k not in ("version", "recorded_by", "recorded_at")}
        self._record(kept | {"decided_on": today, "outcome": outcome, "reason": reason, "officer": login}, login)

    def override(self, enterprise_id: str, before: str, after: str, reason: str, login: str, name: str) -> None:
        """An officer departs from what is proposed for a firm; ApprovalRequired without a reason."""
        with signed(self.settings, self.store) as unit:
            events.record_override(
                unit,
                run_id=self.run.run_id,
                subject=f"enterprise:{enterprise_id}",
                before=before,
                after=after,
                officer=login,
                name=name,
                reason=reason,
                at=datetime.now(UTC),
            )

    def audit(self) -> dict[str, pl.DataFrame]:
        """Who saw, approved and overrode what."""
        with self.store.snapshot() as snapshot:
            return {
                "views": events.views(snapshot).reverse().head(200),
                "approvals": events.approvals(snapshot).reverse(),
                "overrides": events.overrides(snapshot).reverse(),
            }

    def tiers(self) -> list[dict[str, Any]]:
        """One row per tier: enterprises, and the visits wanted and planned where there is a plan."""
        counts = self.firms["tier"].value_counts()
        known = dict(counts.iter_rows())
        quota = None if self.plan is None else self.plan.quota.group_by("tier").agg(pl.col("wanted", "planned").sum())
        asked = {} if quota is None else {row["tier"]: row for row in quota.iter_rows(named=True)}
        none = {"wanted": None, "planned": None}
        return [
            {"tier": tier, "enterprises": known.get(tier.id, 0)} | none | asked.get(tier.id, {}) | {"tier": tier}
            for tier in self.run.context.policy.tiers
        ]

    def approvals(self) -> list[dict[str, Any]]:
        with self.store.snapshot() as snapshot:
            return events.approvals(snapshot, self.run.run_id).reverse().to_dicts()

    def downloads(self) -> dict[str, Path]:
        """Files of the run that may be taken along, by name below its folder."""
        out = self.run.context.out
        found = {
            path.relative_to(out).as_posix(): path
            for folder, _, names in os.walk(out)
            for path in (Path(folder, name) for name in names if name.endswith(KINDS) and not name.startswith("."))
            if path.is_file()
        }
        return dict(sorted(found.items(), key=lambda item: item[1]))

    def _record(self, said: dict[str, Any], login: str) -> None:
        with signed(self.settings, self.store) as unit:
            events.record_decision(unit, said, recorded_by=login, at=datetime.now(UTC))
