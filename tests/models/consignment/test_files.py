from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from config.errors import InputError
from models.consignment.files import FRAMES, balance_before, load_day, read_declarations, read_offices, save_day
from models.consignment.terms import DECLARATIONS, OFFICES
from tests.models.consignment import morning
from tests.models.consignment.morning import DAY, planned


def test_a_saved_day_comes_back_and_its_balance_is_carried(tmp_path: Path) -> None:
    plan = planned(morning.declarations(200))
    save_day(plan, tmp_path / DAY.isoformat())
    save_day(plan, tmp_path / DAY.isoformat())
    again = load_day(tmp_path / DAY.isoformat())
    for name in FRAMES:
        assert_frame_equal(getattr(again, name), getattr(plan, name))
    assert (again.day, again.publication) == (plan.day, plan.publication)
    assert [path.name for path in tmp_path.iterdir()] == [DAY.isoformat()]
    assert_frame_equal(balance_before(tmp_path, DAY + timedelta(days=3)), plan.balance)
    assert balance_before(tmp_path, DAY).is_empty()


def test_declarations_are_read_with_blanks_and_without_optional_columns(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text(
        "declaration_id,office,uscc,examination,risk\n1, DDG ,91X,scan,\n2,DDG,91Y,full,17\n", encoding="utf-8"
    )
    frame = read_declarations(path)
    assert frame.schema == DECLARATIONS
    assert frame.row(0) == ("1", "DDG", "cn:91X", "scan", None, None)
    assert frame["risk"].to_list() == [None, 17]


def test_offices_are_read(tmp_path: Path) -> None:
    path = tmp_path / "offices.csv"
    path.write_text("office,minutes\nDDG,480\n", encoding="utf-8")
    assert_frame_equal(read_offices(path), pl.DataFrame([("DDG", None, 480)], schema=OFFICES, orient="row"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("declaration_id,office,uscc\n1,DDG,91X\n", "'examination'"),
        ("declaration_id,office,examination\n1,DDG,scan\n", "'uscc'"),
        ("declaration_id,office,uscc,examination,risk\n1,DDG,91X,scan,5\n2,DDG,91X,scan,much\n", "row 3.*'much'"),
        ("declaration_id,office,uscc,examination,risk\n1,DDG,91X,scan,-5\n", "row 2.*'-5'"),
    ],
)
def test_files_that_cannot_be_used_say_where(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "day.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_declarations(path)


def test_wrong_encoding_and_missing_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes("declaration_id,office,uscc,examination\n1,丹东,91X,scan\n".encode("gb18030"))
    with pytest.raises(InputError, match="UTF-8"):
        read_declarations(path)
    with pytest.raises(InputError, match="no such file"):
        read_offices(tmp_path / "none.csv")
    with pytest.raises(InputError, match="not a saved day"):
        load_day(tmp_path)
