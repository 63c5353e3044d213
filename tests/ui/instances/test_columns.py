"""Which columns there are, and what a cell of each says, out of the one record of it."""

import pytest

from wfdash.core.filter.detail_fields import DetailFields
from wfdash.core.model.instance import Instance
from wfdash.core.rows.columns import BY_NAME, COLUMNS, USUAL, BesideRow
from wfdash.core.rows.order import SORT_VALUES
from wfdash.ui.instances.columns import SORTS, columns

NOW = 1_000_000.0
ROW = Instance(
    "order-1", "running", created=NOW - 90, started=NOW - 60, version="9d9c63fe-fd85", trigger="api"
)
BESIDE = BesideRow(NOW, why="charge card, retry in ~10s", fields=DetailFields(step_count=9_999))
CELLS = {
    "status": "running",
    "id": "order-1",
    "age": "1m",
    "took": "1m+",
    "blocked": "charge card, retry in ~10s",
    "trigger": "api",
    "version": "9d9c63fe",
    "steps": "9,999",
}


@pytest.mark.parametrize("name", BY_NAME)
def test_cell_of_each_column(name):
    assert BY_NAME[name].text(ROW, BESIDE) == CELLS[name]


def test_steps_of_an_instance_that_was_not_read_are_blank():
    assert BY_NAME["steps"].text(ROW, BesideRow(NOW)) == ""


def test_steps_are_there_where_a_person_chose_them_alone():
    assert "steps" not in USUAL
    assert "steps" not in dict(columns(200, 20, 9).widths)
    for width in (68, 80, 140):
        assert dict(columns(width, 20, 9, ("status", "id", "steps", "age", "blocked")).widths)["steps"] == 6


def test_each_order_goes_by_a_column_that_can_be_shown():
    assert next(iter(SORTS)) == "created"
    assert set(SORTS.values()) == {column.name for column in COLUMNS if column.value is not None}
    assert SORTS.keys() <= SORT_VALUES.keys()


@pytest.mark.parametrize("seconds", [9, 59, 3599, 86_399, 86_400, 900_000, 90_000_000])
def test_no_age_or_duration_is_wider_than_its_column(seconds):
    began = NOW - seconds
    for status, ended in (("running", None), ("complete", NOW)):
        row = Instance("order-1", status, created=began, started=began, ended=ended)
        for name in ("age", "took"):
            assert len(BY_NAME[name].text(row, BESIDE)) <= BY_NAME[name].cells
