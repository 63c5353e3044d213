"""Cron: planned moments of an expression, runs against them, and silence where it cannot be told."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from wfdash.core.history.cron import cron_report, is_followed, planned
from wfdash.core.model.instance import Instance
from wfdash.demo.engine.world import build
from wfdash.demo.http.render import row

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()  # a Friday
HOUR, DAY = 3600.0, 86_400.0


def times(cron, start, end):
    return [f"{datetime.fromtimestamp(at, UTC):%a %d %H:%M}" for at in planned(cron, start, end)]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("*/30 * * * *", ["Fri 20 12:00", "Fri 20 12:30", "Fri 20 13:00", "Fri 20 13:30"]),
        ("5,50 13 * * *", ["Fri 20 13:05", "Fri 20 13:50"]),
        ("10-12 12 20 nov *", ["Fri 20 12:10", "Fri 20 12:11", "Fri 20 12:12"]),
        ("0/45 12 * * fri", ["Fri 20 12:00", "Fri 20 12:45"]),
        ("0 13 * * 6", ["Fri 20 13:00"]),
        ("0 13 * * 5", []),
        ("0 13 21 * *", []),
    ],
)
def test_planned_moments_in_two_hours_from_friday_noon(cron, expected):
    assert times(cron, NOON, NOON + 2 * HOUR) == expected


NOT_UNDERSTOOD = [
    *("", "* * * *", "0 0 L * *", "0 0 * * 5L", "0 0 * * 2#1", "0 0 15W * *", "0 0 1 * 1"),
    *("61 * * * *", "*/0 * * * *", "5-1 * * * *", "x * * * *", "² * * * *"),
]


@pytest.mark.parametrize("cron", NOT_UNDERSTOOD)
def test_expression_not_understood_is_not_judged(cron):
    assert planned(cron, NOON, NOON + DAY) is None
    assert cron_report(cron, [], start=NOON, end=NOON + DAY) is None
    assert not is_followed(cron)
    assert is_followed("*/30 * * * *")


def test_day_of_the_week_counts_from_sunday():
    week = [at[:3] for at in times("0 9 * * 1-3", NOON, NOON + 7 * DAY)]
    assert week == ["Sun", "Mon", "Tue"]


def test_every_month_and_leap_day():
    assert len(planned("0 0 1 * *", NOON, NOON + 366 * DAY)) == 12
    assert times("0 0 29 2 *", NOON, datetime(2028, 12, 1, tzinfo=UTC).timestamp()) == ["Tue 29 00:00"]


def run(moment, late=27.0, cron="*/30 * * * *"):
    at = moment + late
    return Instance(f"{cron}-{round(moment * 1000)}", "complete", at, started=at, ended=at + 60)


def test_missed_moment_is_found_among_those_that_ran():
    moments = planned("*/30 * * * *", NOON, NOON + 3 * HOUR)
    rows = [run(moment, 20.0 + n) for n, moment in enumerate(moments) if n != 2]
    report = cron_report("*/30 * * * *", rows, start=NOON, end=NOON + 3 * HOUR)
    assert (report.planned, report.ran, report.missed) == (6, 5, (NOON + HOUR,))
    assert report.sentence() == ("6 planned, 5 ran, 1 missed; began 23 s late in the middle, 25 s at most")


def test_what_may_still_come_is_not_missed():
    rows = [run(NOON)]
    report = cron_report("*/30 * * * *", rows, start=NOON, end=NOON + 1830)
    assert (report.planned, report.missed) == (1, ())
    assert cron_report("*/30 * * * *", [], start=NOON + 1, end=NOON + 1830) is None


def test_other_crons_and_hand_started_runs_do_not_count():
    rows = [run(NOON, cron="0 * * * *"), Instance("by-hand", "complete", NOON, started=NOON, ended=NOON + 1)]
    report = cron_report("*/30 * * * *", rows, start=NOON, end=NOON + HOUR)
    assert (report.ran, len(report.missed)) == (0, 2)


def test_schedule_is_judged_from_its_first_run_after_another():
    """It was changed at no deploy: what ran by the hour until then missed no half hour."""
    hourly, cron = "0 * * * *", "*/30 * * * *"
    rows = [run(NOON + n * HOUR, cron=hourly) for n in range(3)]
    rows += [run(NOON + 3 * HOUR + n * 1800, cron=cron) for n in range(4) if n != 2]
    rows = [replace(each, trigger="cron") for each in rows]
    report = cron_report(cron, rows, start=NOON, end=NOON + 5 * HOUR, crons=[cron])
    assert (report.planned, report.missed) == (4, (NOON + 4 * HOUR,))
    both = cron_report(cron, rows, start=NOON, end=NOON + 5 * HOUR, crons=[cron, hourly])
    assert both.planned == 10, "where both are in force each is judged by itself"
    assert cron_report(cron, rows[:3], start=NOON, end=NOON + 5 * HOUR, crons=[cron]) is None


def test_runs_whose_ids_name_no_moment_are_not_called_missed():
    cron = "*/30 * * * *"
    rows = [
        Instance(f"{NOON + n * 1800:.0f}000", "complete", NOON + n * 1800 + 20, trigger="cron")
        for n in range(10)
    ]
    report = cron_report(cron, rows, start=NOON, end=NOON + 5 * HOUR, crons=[cron])
    assert report.missed == ()
    assert report.forms([])[0] == "10 planned, 10 ran; their ids do not say for which moment"


def test_missed_moments_never_cut_how_many_ran():
    report = cron_report("*/30 * * * *", [run(NOON)], start=NOON, end=NOON + 2 * HOUR)
    forms = report.forms(["12:30", "13:00", "13:30"])
    assert forms[0].startswith("missed 12:30, 13:00, 13:30: 4 planned, 1 ran, 3 missed")
    assert forms[-3:] == ["missed 13:00, 13:30: 1 of 4 ran", "missed 13:30: 1 of 4 ran", "1 of 4 ran"]


def test_simulated_schedule_misses_nothing():
    world = build("calm", clock=lambda: NOON, seed="cron")
    workflow = world.workflows["inventory-sync"]
    rows = [Instance.from_item(row(instance)) for instance in workflow.walk(newest_first=True)]
    report = cron_report("*/30 * * * *", rows, start=NOON - 2.5 * HOUR, end=NOON)
    assert (report.planned, report.ran, report.missed) == (5, 5, ())
    assert 24 <= report.late[0] <= report.late[-1] < 35


def test_usual_lateness_is_waited_for_before_missed():
    """Each run begins 40 minutes after its moment: the last two are due no earlier than that."""
    cron = "*/30 * * * *"
    end = NOON + 6 * HOUR + 15 * 60
    starts = {at: at + 2400 for at in planned(cron, NOON, end) if at + 2400 <= end}
    rows = [
        Instance(f"{cron}-{at * 1000:.0f}", "complete", began, started=began, trigger="cron")
        for at, began in starts.items()
    ]
    report = cron_report(cron, rows, start=NOON, end=end)
    assert (report.planned, report.ran, report.missed) == (len(rows), len(rows), ())
    gone = rows.pop(4)
    report = cron_report(cron, rows, start=NOON, end=end)
    assert [f"{cron}-{at * 1000:.0f}" for at in report.missed] == [gone.id]
