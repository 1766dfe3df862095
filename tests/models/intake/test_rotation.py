"""A new secret: every stored key finds its successor, from the sources and only from them."""

from __future__ import annotations

from models.intake import Run, intake, rekey
from tests.models.intake.conftest import AS_OF, FIRMS, SECRET


def test_old_keys_lead_to_new_ones(source, data, policy) -> None:
    rows = [f"p1,{FIRMS[0]},2020-01-01", f"p1,{FIRMS[1]},2020-01-01", f"p 2,{FIRMS[1]},2021-01-01"]
    (data / "heads.csv").write_text("\n".join(["person,uscc,from", *rows]), encoding="utf-8")
    links = intake(source, data, secret=SECRET, policy=policy, as_of=AS_OF).tables["links"]
    table = rekey(source, data, Run(SECRET, policy, AS_OF), b"another secret")
    assert table.height == 2
    carried = links.join(table, left_on="person_key", right_on="old_key").sort("enterprise_id", "new_key")
    fresh = intake(source, data, secret=b"another secret", policy=policy, as_of=AS_OF).tables["links"]
    wanted = fresh.sort("enterprise_id", "person_key")
    assert carried["new_key"].to_list() == wanted["person_key"].to_list()


def test_a_source_without_persons_has_nothing_to_carry(source, data, policy) -> None:
    assert rekey(source, data, Run(SECRET, policy, AS_OF), b"another").is_empty()
