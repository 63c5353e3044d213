"""The edge of retention: beyond it none is not nothing, and no rate is told."""

import pytest

from wfdash.core.history.bucket import Tally
from wfdash.core.history.retention import Edge, edge

NOON, HOUR = 1_795_262_400.0, 3600.0


def test_shorter_retention_of_all_versions_is_the_edge():
    defaults = [
        {"success_retention": "3 hours", "error_retention": "1 day"},
        {"success_retention": 7_200_000, "error_retention": 7 * 86_400_000},
        None,
    ]
    assert edge(NOON, defaults=defaults) == Edge(NOON - 2 * HOUR, NOON - 24 * HOUR)
    assert edge(NOON, defaults=defaults).both == NOON - 2 * HOUR


def test_config_goes_first_and_the_unknown_is_three_days():
    assert edge(NOON, configured=HOUR, defaults=["1 day"]) == Edge(NOON - HOUR, NOON - HOUR)
    assert edge(NOON).both == NOON - 72 * HOUR
    assert edge(NOON, defaults=["x"], local=True) == Edge()


@pytest.mark.parametrize(
    "kept", [Edge(NOON - 2 * HOUR, NOON - 24 * HOUR), Edge(NOON - 24 * HOUR, NOON - 2 * HOUR)]
)
def test_zero_beyond_the_edge_is_unknown(kept):
    early, late = NOON - 3 * HOUR, NOON - HOUR
    assert (kept.number(0, early), kept.number(0, late)) == (None, 0)
    assert kept.number(5, early) == 5
    tally = Tally(9, 8, 1)
    assert (kept.rate(tally, early), kept.rate(tally, late)) == (None, 1 / 9)
