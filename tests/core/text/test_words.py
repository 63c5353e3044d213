"""Durations are cut and never rounded; nothing that a number can be breaks a sentence."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.text.words import age, brief, clock, count, estimated, size, spoken

NOW = 1_763_730_131.0  # Fri 2025-11-21 13:02:11 UTC


@pytest.mark.parametrize(
    ("seconds", "cell", "sentence"),
    [
        (0, "0s", "0 s"),
        (0.34, "340ms", "340 ms"),
        (1.99, "1s", "1 s"),
        (48, "48s", "48 s"),
        (60, "1m", "1 m"),
        (3599.9, "59m59s", "59 m 59 s"),
        (14399, "3h59m", "3 h 59 m"),
        (187_205, "2d4h", "2 d 4 h"),
        (86_459, "1d", "1 d"),
        (-5, "0s", "0 s"),
        (math.inf, "?", "unknown"),
        (math.nan, "?", "unknown"),
    ],
)
def test_durations(seconds, cell, sentence):
    assert brief(seconds) == cell
    assert spoken(seconds) == sentence


@pytest.mark.parametrize(
    ("seconds", "cell"),
    [(0, "<10s"), (9.9, "<10s"), (10, "10s"), (47, "40s"), (299, "4m"), (11_520, "3h12m"), (200_000, "2d")],
)
def test_ages_stand_still_between_steps(seconds, cell):
    assert age(seconds) == cell


@given(st.floats(60, 86399))
def test_an_age_moves_by_the_minute(seconds):
    assert age(seconds) == age(seconds // 60 * 60)


@given(st.floats(0, 1e10))
def test_durations_never_claim_more_than_there_was(seconds):
    total = 0.0
    text = spoken(seconds)
    words = text.split()
    for number, unit in zip(words[::2], words[1::2], strict=True):
        total += int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert total <= seconds + 1.1e-6
    assert brief(seconds) == text.replace(" ", "")


@given(st.integers(0, 3_000_000_000_000), st.integers(1, 999))
def test_time_between_instants_is_their_milliseconds(at, apart):
    assert brief((at + apart) / 1000 - at / 1000) == f"{apart}ms"


@given(st.floats())
def test_any_number_has_words(seconds):
    assert brief(seconds)
    assert age(seconds)
    assert clock(seconds)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "1 s"),
        (0.136, "1 s"),
        (1.0, "1 s"),
        (1.2, "2 s"),
        (59.5, "1 m"),
        (3725.0, "1 h 2 m"),
        (-3.0, "1 s"),
    ],
)
def test_estimates_are_of_whole_seconds(seconds, said):
    assert estimated(seconds) == said


@pytest.mark.parametrize("seconds", [float("inf"), float("nan")])
def test_no_estimate_is_unknown(seconds):
    assert estimated(seconds) == "unknown"


def test_instants():
    assert clock(NOW) == "13:02:11"
    assert clock(NOW, now=NOW + 60) == "13:02:11"
    assert clock(NOW, now=NOW + 2 * 86400) == "Fri 13:02"
    assert clock(NOW, now=NOW + 30 * 86400) == "2025-11-21 13:02"
    assert clock(NOW, zone=True) == "13:02:11 UTC"


def test_sizes_and_counts():
    assert size(1_234_567) == "1.2 MB"
    assert count(12431) == "12,431"
