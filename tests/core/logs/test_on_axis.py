"""Lines on the axis of a timeline: how high a cell is, what is gravest in it, where the mark stands."""

from wfdash.core.logs.line import LogLine, PlacedLine
from wfdash.core.logs.on_axis import PrintedTimes, cell_of, printed_strip
from wfdash.core.timeline.axis import Axis, Scale, true_axis


def printed(*lines):
    return PrintedTimes.of([PlacedLine(LogLine(at, level, "", "tail"), certain=True) for at, level in lines])


def test_strip_tells_how_many_and_the_gravest_of_each_cell():
    times = printed((0.0, "log"), (1.0, "warn"), (1.5, "error"), (6.0, "warn"), (9.9, "info"))
    strip = printed_strip(times, true_axis(0.0, 10.0, None), 5)
    assert strip == [("█", "error"), (" ", ""), (" ", ""), ("▃", "warn"), ("▃", "")]
    assert printed_strip(PrintedTimes(), true_axis(0.0, 10.0, None), 3) == [(" ", "")] * 3


def test_strip_holds_what_was_printed_off_the_axis_at_its_ends():
    times = printed((-5.0, "log"), (30.0, "log"))
    assert printed_strip(times, true_axis(0.0, 10.0, None), 4) == [("█", ""), (" ", ""), (" ", ""), ("█", "")]
    assert [cell_of(true_axis(0.0, 10.0, None), at, 4) for at in (-5.0, 5.0, 30.0)] == [0, 2, 3]


def test_strip_follows_an_axis_whose_gaps_are_cut():
    axis = Axis(Scale.COMPRESSED, (0.0, 1.0, 1001.0, 1002.0), (0.0, 0.4, 0.6, 1.0))
    times = printed((0.1, "log"), (500.0, "log"), (1001.9, "log"))
    places = [cell for cell, (bar, _) in enumerate(printed_strip(times, axis, 10)) if bar != " "]
    assert places == [cell_of(axis, at, 10) for at in times.all]
