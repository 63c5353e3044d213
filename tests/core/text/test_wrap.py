"""Sentences broken into lines."""

from wfdash.core.text.wrap import wrapped


def test_a_duration_stays_on_one_line():
    text = "errored 10 s ago, took 1 m 53 s; rolled back"
    for width in range(9, 45):
        lines = wrapped(text, width)
        assert " ".join(lines) == text
        assert any("10 s" in line for line in lines)
        assert any("1 m 53 s" in line for line in lines)
