"""Old steps go, what is looked back on stays, and a run whose steps are gone still verifies from its inputs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from config.errors import UsageError
from config.settings import Settings
from flows import tidy as tidying
from flows.again import differences_of_run, steps
from flows.approve import approve
from flows.intake import tables
from flows.rate import ratings
from flows.run import FinishedRun, restored, saved_runs
from flows.tidy import going, tidied_on, tidy
from models.store import heads, reads
from models.store.session import open_store
from models.store.verify import verify_ledger
from tests.flows.finished import finished_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return finished_run(tmp_path_factory.mktemp("tidy"), 60, tenders=True)


def later_night(settings: Settings, day: str) -> None:
    """A second night's note, so that the first is an old one; its steps are a copy."""
    run = restored(settings)
    given = json.loads((saved_runs(settings) / f"{run.run_id}.json").read_text("utf-8"))
    work = run.work.with_name("ffff-later")
    shutil.copytree(run.work, work)
    later = given | {"as_of": day, "work": str(work)}
    (saved_runs(settings) / "ffffffffffffffff.json").write_text(json.dumps(later), "utf-8")


@pytest.fixture(scope="module")
def old(made: Settings) -> FinishedRun:
    run = restored(made)
    (made.root / "work" / "0000-crashed" / "intake").mkdir(parents=True)
    later_night(made, "2026-11-02")
    return run


def test_the_last_night_is_never_old(made: Settings, old: FinishedRun) -> None:
    assert [one.work.name for one in going(made, 2)] == ["0000-crashed"]
    with pytest.raises(UsageError, match="the last one stays"):
        going(made, 0)


def test_a_killed_tidying_is_given_again_and_everything_needed_stays(
    made: Settings, old: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {one.run_id: one for one in going(made, 1)}
    assert found.keys() == {None, old.run_id}
    assert {path.name for path in found[old.run_id].folders} == {"intake", "published", "tenders"}
    assert found[old.run_id].size > 0
    assert found[old.run_id].rows["ratings"] == 60

    def killed(folder: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tidying, "_remove", killed)
        with pytest.raises(KeyboardInterrupt):
            tidy(made, 1)
    assert len(going(made, 1)) == 2
    tidy(made, 1)
    assert going(made, 1) == []
    assert {path.name for path in old.work.iterdir()} == {"ratings", "plan"}
    assert ratings(old.work / "ratings").height == 60
    with pytest.raises(UsageError, match="tidied away"):
        tables(old.work / "intake")
    key = heads.public_key(heads.signing_key(made.root / "ledger.key"))
    with open_store(made.database) as store:
        assert verify_ledger(store, public_key=key) == []
        with store.snapshot() as snapshot:
            assert reads.ratings(snapshot, old.run_id).is_empty()
            assert reads.planned_visits(snapshot, old.run_id).height > 0
            assert tidied_on(snapshot, old.run_id) is not None
            assert tidied_on(snapshot, "ffffffffffffffff") is None


def test_a_tidied_run_verifies_from_its_inputs_and_names_them_when_they_are_gone(
    made: Settings, old: FinishedRun, tmp_path: Path
) -> None:
    tidy(made, 1)
    assert differences_of_run(made, old.run_id) == []
    victim = next(path for path in sorted(old.context.data.iterdir()) if path.is_file())
    shutil.move(victim, tmp_path / victim.name)
    said = differences_of_run(made, old.run_id)
    shutil.move(tmp_path / victim.name, victim)
    assert said[0].startswith("nothing was compared: steps tidied on ")
    assert any(victim.name in line for line in said[1:])


def test_rows_that_somebody_acted_on_stay_and_a_command_given_again_brings_the_others_back(tmp_path: Path) -> None:
    settings = finished_run(tmp_path, 60)
    run = restored(settings)
    later_night(settings, "2026-11-02")
    (rated,) = [one.rows["ratings"] for one in tidy(settings, 1)]
    steps(run.context, run.run_id, run.work)
    with open_store(settings.database) as store:
        with store.snapshot() as snapshot:
            assert reads.ratings(snapshot, run.run_id).height == rated
        assert verify_ledger(store) == []
    approve(settings, run.run_id, officer="u1", name="Wang Min", reason="looked through")
    assert [one.rows for one in going(settings, 1)] == [{}]
