"""Durations are cut and never rounded; nothing that a number can be breaks a sentence."""

import ast
import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.architecture import Tree
from wfdash.core.text.words import age, brief, clock, count, estimated, filled, listed, percent, size, spoken

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


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.0001, "0.1 %"),
        (0.004, "0.4 %"),
        (0.01, "1 %"),
        (0.384, "38 %"),
        (0.99, "99 %"),
        (0.996, "99.6 %"),
        (0.9999, "99.9 %"),
        (1, "100 %"),
    ],
)
def test_share_never_rounds_something_to_nothing_or_all(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("part", "full", "text"), [(0, 600, "0 %"), (1, 600, "1 %"), (18, 600, "3 %"), (599, 600, "99 %")]
)
def test_what_fills_up_is_full_only_at_its_end(part, full, text):
    assert filled(part, full) == text
    assert filled(full, full) == "100 %"


def _shares_in_words(source):
    """Lines of a source with a text in which a number is followed by a percent sign."""
    for node in ast.walk(source):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, text in pairwise([*node.values, ast.Constant("")]):
            spec = getattr(value, "format_spec", None)
            is_share = spec is not None and ast.unparse(spec).rstrip("'").endswith("%")
            follows = isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant)
            if is_share or (follows and text.value.lstrip().startswith("%")):
                yield node.lineno


def test_share_is_put_into_words_in_one_place():
    """The same version stood as 0.4 % on one page and as 0 % on another."""
    import wfdash

    sources = Tree(Path(wfdash.__file__).parent).sources
    found = {name for name, source in sources.items() if any(_shares_in_words(source))}
    assert {name for name in found if not name.startswith("wfdash.demo")} == {"wfdash.core.text.words"}


@pytest.mark.parametrize("text", ['f"{n:.0f} %"', 'f"fails at {n * 100:.1f}% now"', 'f"{n:.0%}"'])
def test_share_put_into_words_elsewhere_is_found(text):
    assert list(_shares_in_words(ast.parse(text)))


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, ""), (1, "n0"), (3, "n0, n1, n2"), (4, "n0, n1, n2, ..."), (9, "n0, n1, n2, ...")],
)
def test_list_of_names_says_that_there_are_more(number, text):
    assert listed([f"n{at}" for at in range(number)], 3) == text
