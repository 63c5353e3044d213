"""Counts of analytics in place of what was erased: only where they are whole and their stretches fit."""

import pytest

from wfdash.core.history.analytics import Analytics
from wfdash.core.history.bucket import Bucket, Tally

COUNTS = {0.0: Tally(9, 4, 1, 2), 60.0: Tally(1, 1, 0, 0)}


def test_counts_of_two_stretches_are_added_up():
    counts = Analytics(0.0, 120.0, 60.0, COUNTS)
    assert counts.between(0.0, 120.0) == Tally(10, 5, 1, 2)
    assert counts.between(60.0, 120.0) == Tally(1, 1, 0, 0)


@pytest.mark.parametrize(("start", "end"), [(-60.0, 60.0), (60.0, 180.0), (30.0, 120.0), (0.0, 90.0)])
def test_counts_that_do_not_reach_or_fit_are_none(start, end):
    assert Analytics(0.0, 120.0, 60.0, COUNTS).between(start, end) is None


def test_counts_cut_at_the_rows_of_an_answer_are_none():
    """The rows that were left out would read as hours in which nothing ended."""
    cut, bucket = Analytics(0.0, 120.0, 60.0, COUNTS, cut=True), Bucket(start=0.0, end=60.0)
    assert cut.between(0.0, 60.0) is None
    assert cut.in_place_of(bucket) is bucket
