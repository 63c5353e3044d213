"""The line of deploys under the charts: each mark is named by one name, or they are counted."""

import pytest

from wfdash.api.interface import Version
from wfdash.core.history.analytics import Analytics
from wfdash.core.history.bucket import Bucket, Tally
from wfdash.core.history.frame import Frame
from wfdash.core.history.sentence import Finding
from wfdash.core.model.instance import Instance
from wfdash.core.model.workflow import Schedule
from wfdash.ui.history.charts import GUTTER, axis_lines, charts
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.history.foot import Foot
from wfdash.ui.widgets.bars import HOLLOW, SHADE
from wfdash.ui.widgets.theme import PLAIN

FRAME = Frame(0.0, 3600.0, 60.0, 1)


def deploys(deployed, first=""):
    line = axis_lines(FRAME, deployed, utc=True, first=first)[0]
    return "".join(text for text, _ in line)[GUTTER:].strip()


@pytest.mark.parametrize(
    ("deployed", "first", "drawn"),
    [
        ({"aaaa": 600.0, "bbbb": 1800.0}, "", "▲aaaa               ▲bbbb"),
        ({"aaaa": 600.0, "bbbb": 610.0}, "", "▲aaaa, bbbb"),
        ({"aaaa": 600.0, "bbbb": 660.0}, "", "aaaa▲▲bbbb"),
        ({"aaaa": 0.0, "bbbb": 60.0}, "", "▲▲aaaa, bbbb"),
        ({"bbbb": 600.0, "aaaa": 720.0}, "aaaa", "bbbb▲ ▲aaaa"),
        ({"aaaa": 600.0, "bbbb": 660.0, "cccc": 2400.0}, "", "aaaa▲▲bbbb                        ▲cccc"),
        ({"aaaa": 3540.0, "bbbb": 3580.0}, "", "aaaa, bbbb▲"),
        ({f"{n:08}": 30.0 + n for n in range(9)}, "00000003", "▲00000003 +8"),
    ],
)
def test_marks_that_touch_share_no_name(deployed, first, drawn):
    assert deploys(deployed, first) == drawn


def test_blamed_version_is_named_among_marks_in_every_column():
    deployed = {f"{n:08}": 30.0 + 60 * n for n in range(60)}
    assert "▲00000030▲" in deploys(deployed, "00000030")
    assert "0" not in deploys(deployed, "none of these")


def test_marks_without_room_for_names_are_counted():
    narrow = Frame(0.0, 600.0, 60.0, 1)
    line = axis_lines(narrow, {"12345678": 0.0, "23456789": 30.0}, utc=True)[0]
    assert "".join(text for text, _ in line)[GUTTER:] == "▲2 deploys"


def test_few_long_durations_leave_the_others_their_shape():
    times = [[600.0 + 60 * n] for n in range(19)] + [[40 * 86_400.0]]
    buckets = [Bucket(1, 1, 0, 0, took, start=n * 60.0, end=n * 60.0 + 60) for n, took in enumerate(times)]
    took = charts(buckets, lambda _: True, now=1200.0, bad_from=None)[2]
    assert (took.top, took.label) == (1800.0, "30m+")
    took = charts(buckets[:19], lambda _: True, now=1140.0, bad_from=None)[2]
    assert (took.top, took.label) == (1800.0, "30m")


@pytest.mark.parametrize(
    ("ended", "width", "top", "label"),
    [
        (120, 60.0, 2.0, "2/s"),
        (20, 60.0, 20.0, "20/min"),
        (2, 60.0, 2.0, "2/min"),
        (5, 3600.0, 5.0, "5/h"),
        (2, 86_400.0, 2.0, "2/d"),
    ],
)
def test_axis_of_ends_says_the_unit_its_numbers_are_in(ended, width, top, label):
    buckets = [Bucket(0, ended, start=n * width, end=(n + 1) * width) for n in range(3)]
    pace = charts(buckets, lambda _: True, now=9 * width, bad_from=None)[1]
    assert (pace.top, pace.label) == (top, label)
    assert [bar.value for bar in pace.bars] == [top] * 3, "as high as the number beside the axis"


def test_chart_without_a_value_is_empty():
    buckets = [Bucket(1, 0, 0, 1, [60.0], start=n * 60.0, end=n * 60.0 + 60) for n in range(4)]
    assert [chart.is_empty for chart in charts(buckets, lambda _: True, now=240.0, bad_from=None)] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("width", [80, 100, 140])
def test_missed_runs_of_a_schedule_are_counted_at_any_width(width):
    loaded, cron = LoadedHistory(Frame(0.0, 86_400.0, 600.0, 1), local=True, retention=None), "*/30 * * * *"
    loaded.floor = float("-inf")
    loaded.add(
        [
            Instance(f"{cron}-{n * 1_800_000}", "complete", n * 1800.0 + 27, started=n * 1800.0 + 27)
            for n in range(40)
            if n % 7
        ],
        walked=True,
    )
    foot = Foot(loaded, Finding(""), 72_000.0, width, utc=True, tall=False)
    line = "".join(text for text, _ in foot.crons([Schedule(cron, None)])[0])
    assert "…" not in line
    assert line.count(":") >= 3
    odd = "".join(text for text, _ in foot.crons([Schedule("0 0 L * *", None)])[0])
    assert "not judged" in odd, "silence would pass for a schedule that ran"
    assert ("34 of 40 ran" if width < 140 else "40 planned, 34 ran, 6 missed") in line


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (0.0, "before Thu 02:00 by analytics"),
        (3600.0, "Thu 01:00 to Thu 02:00 by analytics"),
        (9000.0, "erased before Thu 02:00"),
    ],
)
def test_basis_says_how_far_analytics_reach(since, said):
    loaded = LoadedHistory(Frame(0.0, 86_400.0, 600.0, 1), local=False, retention=79_200.0)
    loaded.floor, loaded.analytics = float("-inf"), Analytics(since, 86_400.0, 600.0)
    foot = Foot(loaded, Finding(""), 86_400.0, 140, utc=True, tall=False)
    assert said in "".join(text for text, _ in foot.basis(None, ("", PLAIN))[0])


def test_stretch_counted_in_part_says_up_to_when():
    loaded = LoadedHistory(Frame(0.0, 3600.0, 600.0, 1), local=False, retention=None)
    loaded.analytics = Analytics(0.0, 3600.0, 60.0, {3060.0: Tally(9, 4, 1)}, asked=3300.0)
    foot = Foot(loaded, Finding(""), 3400.0, 140, utc=True, tall=False)
    moments = [foot.moment(bucket)[1][0][0] for bucket in loaded.buckets(3400.0)[-2:]]
    assert "by analytics, which" in moments[0]
    assert "9 created · by analytics up to 00:55, which" in moments[1]


def test_versions_of_a_partial_load_are_told_as_such():
    loaded = LoadedHistory(Frame(0.0, 86_400.0, 600.0, 1), local=True, retention=None)
    loaded.add([Instance("a", "running", version="v1", created=80_000.0)], walked=True)
    lines = {}
    for floor in (79_000.0, 0.0):
        loaded.floor = floor
        foot = Foot(loaded, Finding(""), 82_800.0, 80, utc=True, tall=False)
        lines[floor] = "".join(text for line in foot.versions() for text, _ in line)
    assert "none of those loaded completed or failed" in lines[79_000.0]
    assert "none has completed or failed yet" in lines[0.0]


@pytest.mark.parametrize(("until", "said"), [(82_790.0, "since 22:00"), (81_000.0, "22:00 to 22:30")])
def test_versions_say_until_when_they_are_counted(until, said):
    loaded = LoadedHistory(Frame(0.0, 86_400.0, 600.0, 1), local=True, retention=None)
    ends = [("old", "complete"), ("new", "errored"), ("new", "complete")]
    rows = [
        Instance(f"{n}", status, 79_000.0, started=79_000.0, ended=79_300.0 + n, version=version)
        for n, (version, status) in enumerate(ends)
    ]
    loaded.floor = float("-inf")
    loaded.add(rows, walked=True)
    ran = {"old": Tally(complete=1), "new": Tally(errored=1)}
    rose = Finding("errors rose", 79_200.0, "new", until=until, since=ran)
    foot = Foot(loaded, rose, 82_800.0, 140, utc=True, tall=True)
    assert said in "".join(text for line in foot.versions() for text, _ in line)


def test_one_sampled_event_is_no_rate():
    """One of ten events was kept: a single failure counts as ten of ten, and is no solid bar."""
    single = Bucket(created=10, errored=10, start=0.0, end=60.0, counted=True, sampled=10.0)
    many = Bucket(created=200, errored=100, complete=100, start=60.0, end=120.0, counted=True, sampled=10.0)
    failed, _, _ = charts([single, many], lambda _: True, now=120.0, bad_from=None)
    assert failed.bars[0].value == 0.0
    assert failed.bars[0].upper == 1.0
    assert failed.bars[1].value == 0.5
    assert failed.top == 0.5


def test_rate_of_few_is_drawn_as_no_band_of_durations():
    """Both were shaded alike: the tallest bar of a calm hour was the one that meant least."""
    few, many = Bucket(2, 1, 1, start=0.0, end=60.0), Bucket(90, 85, 5, start=60.0, end=120.0)
    failed = charts([few, many], lambda _: True, now=120.0, bad_from=None)[0]
    assert failed.top == 0.1
    assert (failed.bars[0].value, failed.bars[0].upper, failed.bars[0].shade) == (0.0, 0.5, HOLLOW)
    assert failed.bars[1].value == 5 / 90
    assert failed.is_hollow
    took = charts(
        [Bucket(2, 2, 0, 0, [5.0, 60.0], start=0.0, end=60.0)], lambda _: True, now=60.0, bad_from=None
    )[2]
    assert took.bars[0].shade == SHADE


def test_no_rate_is_drawn_where_only_failures_had_time_to_end():
    all_failed = Bucket(39, 0, 39, start=0.0, end=60.0)
    failed = charts([all_failed], lambda _: True, now=60.0, bad_from=None, early=True)[0]
    assert (failed.bars[0].value, failed.bars[0].shade) == (0.0, HOLLOW)


def test_version_from_before_the_chart_is_of_its_day():
    """`since` would be where the chart begins, which is no news of a version that is weeks old."""
    left = 10 * 86_400.0
    of = LoadedHistory(Frame(left, left + 86_400.0, 600.0, 1), local=True, retention=None)
    of.floor = float("-inf")
    of.versions = {"old": Version("old", 86_400.0), "new": Version("new", left + 3600.0)}
    rows = [
        Instance(
            f"{version}-{n}", "complete", left + 4000, left + 4100, left + 4000, left + 4100, version=version
        )
        for version in of.versions
        for n in range(3)
    ]
    of.add(rows, walked=True)
    foot = Foot(of, Finding("level"), left + 80_000.0, 140, utc=True, tall=True)
    said = "\n".join("".join(text for text, _ in line) for line in foot.versions())
    assert "old       of 1970-01-02 " in said
    assert "new       since 01:00" in said
    assert "deployed" not in said
