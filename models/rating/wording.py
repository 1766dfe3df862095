"""An explanation in words, English or Chinese: one template per sentence and language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from config.in_force import Clause, Policy
from config.pack import Text
from config.units import points_text
from models.redress.status import Status

if TYPE_CHECKING:
    from models.rating.account import RecordLine
    from models.rating.explanation import Explanation
    from models.rating.ways import Thing

LANGUAGES = ("en", "zh")

SAYS: dict[str, dict[str, str]] = {
    "en": {
        "head": "{id}: tier {tier} ({title}) on {day}, {score} points",
        "aid": "Screening aid: nothing takes effect before a named officer has decided.",
        "band": "By points alone: tier {band}. Start {base}, rules of pack {pack}.",
        "rule": "{kind} {title}: tier {effect} {tier} ({clause})",
        "floor": "at least", "exactly": "is", "ceiling": "at most",
        "gate": "Gate", "list": "List", "link": "Link",
        "listed": "On the list {title} since {since}, until {until} ({clause})",
        "open": "further notice", "unknown": "an unknown day", "never": "not by itself",
        "dimension": "{title}: {before} points, {after} within the limits of {worst} to {best} ({clause})",
        "figure": "{title}: {points} points ({clause})",
        "record": "{item} ({severity}) of {day}, {id}: {points} points now ({full} at first, {capped} within the "
                  "limit); ends on {ends} ({clause})",
        "aside": "{item} ({severity}) of {day}, {id}: {status} ({clause})",
        "annotated": "An objection against {id} is open; it is annotated ({clause})",
        "linked": "Linked with {source} by a common representative: {points} points ({clause}); the office began on "
                  "{since}, after {trigger}",
        "next": "Changes by itself next on {day}.",
        "no_next": "Nothing changes by itself.",
        "moves": "Moves to tier {tier} by itself on {day}.",
        "stays": "Does not move up by itself.",
        "best": "This is the best tier.",
        "recourse": "The shortest way to tier {tier}, possible from {day}:",
        "recourse_some": "One way to tier {tier}, possible from {day}:",
        "no_recourse": "Nothing that can be applied for moves it up a tier.",
        "repair": "apply for repair of {id}, possible from {day}{needs} ({clause})",
        "correct": "put right {id}{also} ({clause})",
        "leave_list": "leave the list {title}, possible from {day}{needs} ({clause})",
        "needs": "; needs: {needs}",
        "object": "Objections to any record go to the agency that decided it; it is annotated within {days} working "
                  "day{s} ({clause}).",
        "nothing": "No records.",
    },
    "zh": {
        "head": "{id}：{day} 等级 {tier}（{title}），{score} 分",
        "aid": "仅供筛查参考：未经具名人员决定不产生效力。",
        "band": "仅按分值：{band} 级。起始 {base} 分，规则包 {pack}。",
        "rule": "{kind} {title}：等级{effect} {tier}（{clause}）",
        "floor": "不低于", "exactly": "为", "ceiling": "不高于",
        "gate": "一票规则", "list": "名单", "link": "关联",
        "listed": "列入{title}，自 {since} 至 {until}（{clause}）",
        "open": "另行通知", "unknown": "不明日期", "never": "不自动届满",
        "dimension": "{title}：合计 {before} 分，限于 {worst} 至 {best} 内计 {after} 分（{clause}）",
        "figure": "{title}：{points} 分（{clause}）",
        "record": "{item}（{severity}）{day}，{id}：现计 {points} 分（初始 {full} 分，限额内 {capped} 分）；"
                  "{ends} 起不再计（{clause}）",
        "aside": "{item}（{severity}）{day}，{id}：{status}（{clause}）",
        "annotated": "对 {id} 的异议正在处理，已作标注（{clause}）",
        "linked": "与 {source} 有共同负责人：{points} 分（{clause}）；任职自 {since} 起，晚于 {trigger}",
        "next": "下一次自动变化日期：{day}。",
        "no_next": "不会自动变化。",
        "moves": "{day} 自动升为 {tier} 级。",
        "stays": "不会自动升级。",
        "best": "已是最高等级。",
        "recourse": "升为 {tier} 级的最短途径，自 {day} 起可行：",
        "recourse_some": "升为 {tier} 级的一种途径，自 {day} 起可行：",
        "no_recourse": "没有可申请的事项能使等级上升。",
        "repair": "申请修复 {id}，自 {day} 起可行{needs}（{clause}）",
        "correct": "纠正 {id}{also}（{clause}）",
        "leave_list": "移出{title}，自 {day} 起可行{needs}（{clause}）",
        "needs": "；需要：{needs}",
        "object": "对任何记录的异议请向作出决定的机关提出；{days} 个工作日内标注（{clause}）。",
        "nothing": "没有记录。",
    },
}  # fmt: skip

STATUS: dict[str, dict[Status, str]] = {
    "en": {
        Status.counts: "counts",
        Status.duplicate: "the same act is counted once already",
        Status.expired: "its term has ended",
        Status.hidden: "never shown and never counted",
        Status.corrected: "put right, its term has ended",
        Status.revoked: "revoked, does not count",
        Status.withdrawn: "an objection was upheld, does not count",
        Status.repaired: "repaired, does not count",
        Status.suspended: "suspended while an objection is open",
        Status.relieved: "falls under relief, does not count",
        Status.not_in_catalogue: "not in the catalogue, does not count",
        Status.not_yet_known: "not known yet on this day",
    },
    "zh": {
        Status.counts: "计分",
        Status.duplicate: "同一行为已计一次",
        Status.expired: "期限已满",
        Status.hidden: "不公示、不计分",
        Status.corrected: "已纠正，期限已满",
        Status.revoked: "已撤销，不计分",
        Status.withdrawn: "异议成立，不计分",
        Status.repaired: "已修复，不计分",
        Status.suspended: "异议处理期间暂停计分",
        Status.relieved: "属于减免范围，不计分",
        Status.not_in_catalogue: "不在目录内，不计分",
        Status.not_yet_known: "当日尚未获知",
    },
}
SEVERITY = {
    "en": {"minor": "minor", "general": "general", "serious": "serious"},
    "zh": {"minor": "轻微", "general": "一般", "serious": "严重"},
}
NEEDS = {
    "en": {"corrected": "the violation put right", "pledge": "a pledge"},
    "zh": {"corrected": "改正违法行为", "pledge": "信用承诺"},
}


def cited(clause: Clause | None, policy: Policy, lang: str) -> str:
    """Title of the instrument and article; says where nobody has checked it."""
    if clause is None:
        return {"en": "no clause", "zh": "无条款"}[lang]
    doubt = "" if clause.verified else {"en": ", not verified", "zh": "，未核实"}[lang]
    return cited_text(str(clause), policy, lang) + doubt


def cited_text(clause: str, policy: Policy, lang: str) -> str:
    """A clause as text ("annual-report-rules 17") with the titles of the pack; other text as it is."""
    name, _, article = clause.partition(" ")
    if name not in policy.instruments:
        return clause
    instrument = policy.instruments[name]
    between = ", " if lang == "en" else " "
    return f"{titled(instrument.title, lang)}{between}{instrument.article(article, lang)}"


def titled(title: Text, lang: str) -> str:
    """A title in one language."""
    return title.zh if lang == "zh" else title.en


def story(found: Explanation, lang: str) -> list[str]:
    """All lines; KeyError for a language other than en, zh."""
    return list(_Teller(found, lang).lines())


class _Teller:
    def __init__(self, found: Explanation, lang: str) -> None:
        self.found, self.lang, self.says = found, lang, SAYS[lang]

    def say(self, key: str, **values: object) -> str:
        return self.says[key].format(**values)

    def cite(self, clause: Clause | None) -> str:
        return cited(clause, self.found.policy, self.lang)

    def day(self, day: date | None, otherwise: str) -> str:
        return self.says[otherwise] if day is None else day.isoformat()

    def lines(self) -> Iterator[str]:
        it = self.found
        yield self.say("head", id=" ".join(filter(None, (it.enterprise_id, it.name))), tier=it.tier, day=it.as_of,
                       title=titled(it.tier_title, self.lang), score=points_text(it.score))  # fmt: skip
        yield self.say("aid")
        yield self.say("band", band=it.band_tier, base=points_text(it.base), pack=it.pack)
        yield from self.standing()
        yield from self.totals()
        yield from self.records()
        yield from self.outlook()

    def standing(self) -> Iterator[str]:
        for rule in self.found.rules:
            yield self.say("rule", kind=self.says[rule.kind], title=titled(rule.title, self.lang), tier=rule.tier,
                           effect=self.says[rule.effect], clause=self.cite(rule.clause))  # fmt: skip
        for entry in self.found.lists:
            yield self.say("listed", title=titled(entry.title, self.lang), since=self.day(entry.from_date, "unknown"),
                           until=self.day(entry.last_on, "open"), clause=self.cite(entry.clause))  # fmt: skip
        for link in self.found.links:
            yield self.say("linked", source=link.source, points=points_text(link.points), clause=self.cite(link.clause),
                           since=self.day(link.from_date, "unknown"), trigger=link.trigger_on)  # fmt: skip

    def totals(self) -> Iterator[str]:
        for line in self.found.dimensions:
            if line.before or line.after:
                yield self.say("dimension", title=titled(line.title, self.lang), before=points_text(line.before),
                               after=points_text(line.after), worst=points_text(line.worst),
                               best=points_text(line.best), clause=self.cite(line.clause))  # fmt: skip
        for figure in self.found.figures:
            if figure.points:
                yield self.say("figure", title=titled(figure.title, self.lang), points=points_text(figure.points),
                               clause=self.cite(figure.clause))  # fmt: skip

    def records(self) -> Iterator[str]:
        if not self.found.records:
            yield self.say("nothing")
        for line in self.found.records:
            yield self.record(line)
            if line.annotated:
                yield self.say("annotated", id=line.record_id,
                               clause=self.cite(self.found.policy.redress.clauses.get("objection_effect")))  # fmt: skip

    def record(self, line: RecordLine) -> str:
        item = titled(line.item.title, self.lang) if line.item else line.code
        severity = SEVERITY[self.lang][line.severity]
        if line.status is not Status.counts:
            return self.say("aside", item=item, severity=severity, day=line.act_date, id=line.record_id,
                            status=STATUS[self.lang][line.status], clause=self.cite(line.clause))  # fmt: skip
        return self.say("record", item=item, severity=severity, day=line.act_date, id=line.record_id,
                        points=points_text(line.points), full=points_text(line.full), capped=points_text(line.capped),
                        ends=self.day(line.expires_on, "never"), clause=self.cite(line.clause))  # fmt: skip

    def outlook(self) -> Iterator[str]:
        it = self.found
        yield self.say("next", day=it.next_change_on) if it.next_change_on else self.say("no_next")
        if it.tier == it.policy.tiers[0].id:
            yield self.say("best")
        else:
            yield (
                self.say("moves", tier=it.moves_by_itself.tier, day=it.moves_by_itself.on)
                if (it.moves_by_itself)
                else self.say("stays")
            )
            yield from self.recourse()
        redress = it.policy.redress
        days = redress.annotate_within_working_days
        yield self.say("object", days=days, s="" if days == 1 else "s",
                       clause=self.cite(redress.clauses.get("annotate_within_working_days")))  # fmt: skip

    def recourse(self) -> Iterator[str]:
        way = self.found.recourse
        if way is None:
            yield self.say("no_recourse")
            return
        key = "recourse" if way.proven_shortest else "recourse_some"
        yield self.say(key, tier=way.tier, day=way.possible_from)
        for thing in way.things:
            yield "  - " + self.thing(thing)

    def thing(self, thing: Thing) -> str:
        comma = {"en": ", ", "zh": "、"}[self.lang]
        needs = [NEEDS[self.lang].get(need, need) for need in thing.needs]
        needs += [titled(thing.ends_when, self.lang)] if thing.ends_when else []
        return self.say(thing.kind, id=thing.id, day=thing.possible_from, clause=self.cite(thing.clause),
                        title=titled(thing.title, self.lang) if thing.title else thing.id,
                        needs=self.say("needs", needs=comma.join(needs)) if needs else "",
                        also="".join(comma + record for record in thing.also))  # fmt: skip
