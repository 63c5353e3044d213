"""What people write for a duration."""

import pytest

from wfdash.core.text.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("1.5h", 5400),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1h30m", 5400),
        ("1 h 30 m", 5400),
        (" 7 D ", 604_800),
        ("0s", 0),
    ],
)
def test_a_duration_reads_the_same_everywhere(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "7", "m", "-1h", "1y", "1h30", "30 seconds", "१m", "1..5h", "1m" * 40, "1000000000s"]
)
def test_anything_else_is_no_duration(text):
    assert parse_duration(text) is None
