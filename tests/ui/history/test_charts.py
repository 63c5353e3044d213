"""The line of deploys under the charts: each mark is named by one name, or they are counted."""

import pytest

from wfdash.core.history.frame import Frame
from wfdash.ui.history.charts import GUTTER, axis_lines

FRAME = Frame(0.0, 3600.0, 60.0, 1)


def deploys(deployed, first=""):
    line = axis_lines(FRAME, deployed, utc=True, first=first)[0]
    return "".join(text for text, _ in line)[GUTTER:].strip()


@pytest.mark.parametrize(
    ("deployed", "first", "drawn"),
    [
        ({"aaaa": 600.0, "bbbb": 1800.0}, "", "▲aaaa               ▲bbbb"),
        ({"aaaa": 600.0, "bbbb": 610.0}, "", "▲aaaa, bbbb"),
        ({"aaaa": 600.0, "bbbb": 660.0}, "", "▲▲aaaa, bbbb"),
        ({"bbbb": 600.0, "aaaa": 720.0}, "aaaa", "bbbb▲ ▲aaaa"),
        ({"aaaa": 3540.0, "bbbb": 3580.0}, "", "aaaa, bbbb▲"),
        ({f"{n:08}": 30.0 + n for n in range(9)}, "00000003", "▲00000003 +8"),
    ],
)
def test_marks_that_touch_share_no_name(deployed, first, drawn):
    assert deploys(deployed, first) == drawn


def test_marks_without_room_for_names_are_counted():
    narrow = Frame(0.0, 600.0, 60.0, 1)
    line = axis_lines(narrow, {"12345678": 0.0, "23456789": 30.0}, utc=True)[0]
    assert "".join(text for text, _ in line)[GUTTER:] == "▲2 deploys"
