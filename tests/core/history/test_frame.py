"""The stretch a chart shows: long enough, in buckets that fit, with labels that never meet."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.history.frame import SPANS, frame, last_hour

NOON = 1_795_262_400.0
MOMENTS = st.floats(NOON, NOON + 400 * 86_400)


@given(st.integers(0, 3), MOMENTS, st.integers(20, 400), st.floats(0, 1e6))
def test_frame_covers_its_span_and_fits(span, now, columns, least):
    of = frame(span, now, columns, least=least)
    length = SPANS[span][1]
    assert now - of.start >= length
    assert now < of.end <= of.start + length * 1.6
    assert 1 <= of.size * of.cells <= columns
    assert (of.end - of.start) % of.width == 0
    assert of.start % of.width == 0


@given(st.integers(0, 3), MOMENTS, st.integers(20, 400), st.booleans())
def test_labels_stand_apart_and_inside(span, now, columns, utc):
    of = frame(span, now, columns)
    ticks = of.ticks(utc=utc)
    ends = [(tick.column, tick.column + len(tick.label)) for tick in ticks]
    assert all(ends[n][1] < ends[n + 1][0] for n in range(len(ends) - 1))
    assert all(start >= 0 and end <= of.size * of.cells for start, end in ends)


def test_frame_stands_still_between_round_times():
    first = frame(1, NOON + 1, 72)
    assert all(frame(1, NOON + seconds, 72) == first for seconds in range(1, 1800, 60))
    assert frame(1, NOON + 1800, 72).end == first.end + 1800


def test_buckets_are_wide_enough_for_a_rate_but_stay_many():
    assert frame(1, NOON, 132).width < 300
    assert frame(1, NOON, 132, least=500.0).width >= 500.0
    assert frame(1, NOON, 132, least=1e9).size >= 13


@pytest.mark.parametrize("columns", [51, 71, 100, 131, 191])
def test_longest_span_fills_its_columns(columns):
    """At 140 columns a quarter of the month was blank."""
    of = frame(4, NOON, columns)
    assert of.size * of.cells >= 0.9 * min(columns, 70 if columns < 90 else columns)


def test_labels_are_round_times():
    assert [tick.label for tick in frame(1, NOON, 72).ticks()][:3] == ["06:00", "07:00", "08:00"]
    assert all(" " in tick.label for tick in frame(3, NOON, 72).ticks())


def test_labels_are_whole_days_when_the_clock_is_put_back(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/New_York")
        time.tzset()
        changed = datetime(2026, 11, 1, 6, tzinfo=UTC).timestamp()
        for span, before in ((3, 4), (4, 20)):
            labels = [tick.label for tick in frame(span, changed + before * 86_400.0, 132).ticks(utc=False)]
            assert all(" " in label or label == "12:00" for label in labels), labels
            assert len(labels) > 3
    time.tzset()


@pytest.mark.parametrize("columns", [30, 60, 83, 131, 190])
@pytest.mark.parametrize("ended_every", [0.0, 200.0, 4000.0])
def test_last_hour_is_no_longer_than_an_hour(columns, ended_every):
    """It was drawn back to seventy minutes, and called an hour."""
    for past in range(0, 7200, 77):
        now = 1_795_262_400.0 + past
        of = last_hour(now, columns, least=ended_every)
        assert of.end - of.start == 3600
        assert now < of.end <= now + 300
        assert of.size * of.cells <= columns
