"""An audit that did not take place never passes for a clean one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.supply.audit import audit, audit_offline, tell
from tests.supply.bill import Locked

PACKAGES = [Locked(name, "1.2", ("0" * 64,), True) for name in ("alpha", "beta-two")]


def _answer(**vulns: list[str] | None) -> dict[str, Any]:
    """As pip-audit writes it; None: skipped."""
    parts: list[dict[str, Any]] = []
    for name, ids in vulns.items():
        told = {"skip_reason": "not found"} if ids is None else {"vulns": [{"id": one} for one in ids]}
        parts.append({"name": name, "version": "1.2"} | told)
    return {"dependencies": parts, "fixes": []}


def test_everything_audited_and_nothing_known(capsys: pytest.CaptureFixture[str]) -> None:
    found = audit(PACKAGES, lambda _: _answer(alpha=[], beta_two=[]))
    assert tell(found, where_it_answers=False) == 0
    assert "2 locked packages audited, 0 with known" in capsys.readouterr().out


def test_what_is_known_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    found = audit(PACKAGES, lambda _: _answer(alpha=[], Beta_Two=["PYSEC-1", "CVE-2"]))
    assert tell(found, where_it_answers=True) == 1
    assert "VULNERABLE beta-two 1.2: PYSEC-1, CVE-2" in capsys.readouterr().err


@pytest.mark.parametrize(("lenient", "code"), [(False, 3), (True, 0)])
def test_a_service_that_does_not_answer_is_told_loudly(
    lenient: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[int] = []

    def silent(packages: list[Locked]) -> dict[str, Any]:
        asked.append(len(packages))
        return _answer(**{one.name: None for one in packages})

    assert tell(audit(PACKAGES, silent), where_it_answers=lenient) == code
    assert asked == [1]  # the others are not asked about
    told = capsys.readouterr()
    assert "NOT AUDITED: 2 of 2" in told.err
    assert told.out == ""


def test_one_package_without_an_answer_is_not_clean() -> None:
    found = audit(PACKAGES, lambda _: _answer(alpha=[]))
    assert (found.audited, found.not_audited) == (1, ("beta-two: no answer",))
    assert tell(found, where_it_answers=False) == 3


def _record(folder: Path, **part: Any) -> Path:
    affected = [{"package": {"ecosystem": "PyPI", "name": "Beta_two"}} | part]
    (folder / "PYSEC-7.json").write_text(json.dumps({"id": "PYSEC-7", "affected": affected}))
    return folder


@pytest.mark.parametrize(
    ("part", "hit"),
    [
        ({"versions": ["1.1", "1.2"]}, True),
        ({"versions": ["1.1"]}, False),
        ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.3"}]}]}, True),
        ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}]}, False),
        ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "1.2"}]}]}, True),
        ({"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, False),
        ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.3"}]}]}, False),
    ],
)
def test_records_at_hand_do_without_a_network(tmp_path: Path, part: dict[str, Any], hit: bool) -> None:
    found = audit_offline(PACKAGES, _record(tmp_path, **part))
    assert found.known == (("beta-two 1.2: PYSEC-7",) if hit else ())
    assert found.audited == 2


def test_a_folder_without_advisories_audits_nothing(tmp_path: Path) -> None:
    assert audit_offline(PACKAGES, tmp_path).audited == 0
