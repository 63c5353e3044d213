"""Sentences broken into lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.text import wrap
from wfdash.core.text.clean import cells, clean
from wfdash.core.text.wrap import wrapped


def test_a_duration_stays_on_one_line():
    text = "errored 10 s ago, took 1 m 53 s; rolled back"
    for width in range(9, 45):
        lines = wrapped(text, width)
        assert " ".join(lines) == text
        assert any("10 s" in line for line in lines)
        assert any("1 m 53 s" in line for line in lines)


@given(st.text(st.sampled_from("a日e\u0301 "), max_size=300), st.integers(2, 40))
def test_lines_hold_the_text_and_the_width(text, width):
    lines = wrapped(clean(text), width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == clean(text).replace(" ", "")


@pytest.mark.parametrize("character", ["日", "e\u0301", "e\u0301\u0301\u0301\u0301", "a"])
@pytest.mark.parametrize("limit", [0, 3])
def test_long_word_is_weighed_once_not_for_each_line(monkeypatch, character, limit):
    weighed = []
    monkeypatch.setattr(wrap, "cells", lambda text: weighed.append(len(text)) or cells(text))
    text = character * 20_000
    lines = wrapped(text, 40, limit)
    assert len(lines) == (limit or -(-20_000 * cells(character) // 40))
    assert sum(weighed) <= len(text) * 2
