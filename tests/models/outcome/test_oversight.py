"""Figures on those who decide: counted by hand here, and equal treatment against fairlearn."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import records
from models.outcome import oversight


def _row(frame: pl.DataFrame, **where: Any) -> dict[str, Any]:
    return frame.filter(**where).row(0, named=True)


def _decided(officer: str, subject: str, at: str, outcome: str = "approved") -> dict[str, str]:
    same = {"run_id": "r1", "subject": subject, "subject_digest": f"digest of {subject}", "officer": officer}
    return same | {"outcome": outcome, "at": f"2026-05-01T{at}.000000Z"}


def test_approvals_without_opening_the_evidence_are_counted() -> None:
    approvals = pl.DataFrame(
        [
            _decided("u1", "plan", "12:00:00"),  # opened 2 minutes before
            _decided("u1", "notices", "12:30:00"),  # opened only afterwards
            _decided("u2", "plan", "13:00:00", "refused"),  # opened by u1, not by u2
        ]
    )
    views = pl.DataFrame(
        [
            _decided("u1", "plan", "11:58:00"),
            _decided("u1", "plan", "11:59:30"),
            _decided("u1", "notices", "12:30:01"),
        ]
    ).drop("outcome")
    found = oversight.approvals_by_officer(approvals, views)
    assert found.rows() == [("u1", 2, 0, 1, 500, 120), ("u2", 1, 1, 1, 1000, None)]


def test_overrides_are_counted_by_officer() -> None:
    subjects = ["visit:1", "visit:1", "bid:7", "visit:2"]
    overrides = pl.DataFrame({"subject": subjects, "officer": ["u1", "u1", "u1", "u2"]})
    found = oversight.overrides_by_officer(overrides, proposed=40)
    assert found.rows() == [("u1", 3, 2, 50, "bid, visit"), ("u2", 1, 1, 25, "visit")]


def test_objections_are_reported_on_the_agency() -> None:
    day = date(2026, 5, 1)
    rows = [
        ("objection", "tax", day, date(2026, 5, 11), "upheld"),
        ("objection", "tax", day, date(2026, 5, 13), "rejected"),
        ("objection", "tax", day, date(2026, 5, 21), "rejected"),
        ("objection", "tax", day, None, None),
        ("objection", "customs", day, None, None),
        ("repair", "customs", day, day, "granted"),
    ]
    columns = {"kind": pl.String, "agency": pl.String, "filed_on": pl.Date, "decided_on": pl.Date, "outcome": pl.String}
    found = oversight.objections_by_agency(pl.DataFrame(rows, schema=columns, orient="row"))
    assert found.rows() == [("customs", 1, 1, 0, 0, None, None), ("tax", 4, 1, 1, 2, 333, 12)]


def test_rejections_are_reported_by_delivery() -> None:
    names = ["tax/a.csv", "tax/b.csv", "lists.csv"]
    inputs = pl.DataFrame({"source": "generated", "name": names, "rows": [90, 110, 5], "rejected": [4, 0, 0]})
    rejected = pl.DataFrame({"file": ["tax/a.csv"] * 4, "rule": ["bad_date", "uscc", "uscc", "x"]})
    found = oversight.rejections_by_source(inputs, rejected)
    assert _row(found, delivery="tax") == {
        "source": "generated",
        "delivery": "tax",
        "files": 2,
        "rows": 200,
        "rejected": 4,
        "rejected_per_mille": 20,
        "commonest_rule": "uscc",
    }
    assert _row(found, delivery="lists.csv")["commonest_rule"] is None


def test_the_burden_on_those_who_keep_the_rules() -> None:
    firms = pl.DataFrame({"enterprise_id": list("abcde"), "tier": ["A", "A", "A", "D", "D"]})
    visits = pl.DataFrame(
        {
            "enterprise_id": ["a", "a", "a", "b", "d", "d"],
            "result": ["no_problem", "no_problem", "no_problem", "no_problem", "no_problem", "problem"],
        }
    )
    found = oversight.burden(firms, visits, "tier")
    assert _row(found, tier="A") == {
        "tier": "A",
        "firms": 3,
        "visited": 2,
        "visits": 4,
        "compliant": 2,
        "visits_to_compliant": 4,
        "most_visits": 3,
        "visits_per_compliant": 2000,
    }
    bad = _row(found, tier="D")
    assert (bad["visited"], bad["compliant"], bad["visits_per_compliant"], bad["most_visits"]) == (1, 0, None, None)


FIRMS = st.lists(
    st.fixed_dictionaries(
        {"size": st.sampled_from(["micro", "small", "large"]), "tier": st.sampled_from("AB"), "planned": st.booleans()}
    ),
    min_size=1,
    max_size=60,
)


@pytest.mark.slow  # fairlearn takes seconds to import
@given(FIRMS)
def test_equal_treatment_agrees_with_fairlearn(rows: list[dict[str, Any]]) -> None:
    fairness = pytest.importorskip("fairlearn.metrics", reason="fairlearn is a library of the developers only")
    frame = pl.DataFrame(rows)
    found = oversight.equal_treatment(frame, "size", "planned")
    chosen = [int(row["planned"]) for row in rows]
    peer = fairness.MetricFrame(
        metrics=fairness.selection_rate, y_true=chosen, y_pred=chosen, sensitive_features=[row["size"] for row in rows]
    )
    rates = dict(found.select("group", "rate_per_mille").rows())
    assert rates == {group: int(1000 * rate + 0.5) for group, rate in peer.by_group.items()}
    if any(chosen):
        assert found["ratio_to_highest"].min() == pytest.approx(1000 * peer.ratio(), abs=0.51)
    else:
        assert found["ratio_to_highest"].null_count() == found.height


@given(FIRMS)
def test_what_is_expected_adds_up_to_what_was_chosen(rows: list[dict[str, Any]]) -> None:
    found = oversight.equal_treatment(pl.DataFrame(rows), "size", "planned")
    assert found["expected"].sum() == pytest.approx(1000 * found["chosen"].sum(), abs=3)


def test_a_group_that_sits_in_the_worse_tier_is_not_called_unequal() -> None:
    """Large firms are visited more only because they are in D: as expected within the tier."""
    firms = pl.DataFrame(
        {
            "size": ["small"] * 8 + ["large"] * 8,
            "tier": ["A"] * 6 + ["D"] * 2 + ["A"] * 2 + ["D"] * 6,
            "planned": [False] * 6 + [True] * 2 + [False] * 2 + [True] * 6,
        }
    )
    found = oversight.equal_treatment(firms, "size", "planned")
    assert _row(found, group="small")["ratio_to_highest"] == 333
    assert found["ratio_to_expected"].to_list() == [1000, 1000]


def test_the_whole_report_names_no_enterprise_and_no_person() -> None:
    firms = {
        "enterprise_id": ["cn:1", "cn:2"],
        "name": ["甲公司", "乙公司"],
        "region": ["1", "2"],
        "size": ["micro"] * 2,
    }
    enterprises = pl.DataFrame(firms | {"ownership": [None, "private"]})
    approvals = pl.DataFrame([_decided("u1", "plan", "12:00:00") | {"name": "Chen Wei"}])
    found = oversight.transparency(
        approvals=approvals,
        views=approvals.drop("outcome", "name"),
        overrides=pl.DataFrame(schema={"subject": pl.String, "officer": pl.String}),
        decisions=pl.DataFrame(schema=dict(records.DECISIONS) | {"agency": pl.String}),
        inputs=pl.DataFrame({"source": ["s"], "name": ["a.csv"], "rows": [0], "rejected": [0]}),
        rejected=records.empty(records.REJECTED),
        enterprises=enterprises,
        visits=records.empty(records.VISITS),
        ratings=pl.DataFrame({"enterprise_id": ["cn:1", "cn:2"], "tier": ["A", "B"]}),
        planned=pl.DataFrame({"enterprise_id": ["cn:2"]}),
    )
    told = " ".join(str(frame.rows()) for frame in found.values())
    assert not any(word in told for word in ("cn:", "公司", "Chen"))
    assert found["equal_treatment_ownership"]["group"].to_list() == ["private", None]
    assert found["rejections"]["rejected_per_mille"].to_list() == [None]
    assert all(frame.height for name, frame in found.items() if name not in ("overrides", "objections"))
