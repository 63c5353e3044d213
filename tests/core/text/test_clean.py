"""Whatever the API sends becomes one printable line that takes the cells it is said to take."""

import unicodedata
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from wfdash.config.credential import Credential
from wfdash.core.logs.rows import unfolded_text
from wfdash.core.model.step import Failure
from wfdash.core.payload.tree import summary
from wfdash.core.text import clean as text_module
from wfdash.core.text.clean import cells, clean, cut, fit, mask_in_text
from wfdash.core.why.step_names import error_name, failure_text, numbered_name

HOSTILE = {
    "clear screen": "\x1b[2J",
    "clipboard": "\x1b]52;c;c2VjcmV0\x1b\\",
    "hyperlink": "\x1b]8;;https://evil.example\x07x\x1b]8;;\x07",
    "device control": "\x1bP1$r0m\x1b\\",
    "C1 sequence": "\x9b2J\x9d52;c;QQ==\x9c\x85",
    "reset": "\x1bc",
    "bell and friends": "\x00\x07\x08\x0b\x0c\r\n\t\x7f",
    "bidi": "user\u202eexe.\u2066txt\u2069\u200f",
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe\u2060f",
    "tags": "x\U000e0041\U000e0042\U000e007f",
    "surrogates": "\ud800x\udfff",
    "private": "\ue000\U000f0000",
    "line separators": "a\u2028b\u2029c",
    "blank letters": "\u3164\u115f\u1160\uffa0",
    "variation selectors": "a\ufe0e\ufe0f\ufe00\U000e0100",
    "combining run": "e" + "\u0301" * 500,
    "only marks": "\u0301\u0302",
    "markup": "[/x][@click=app.quit]X[/][link=https://x]",
    "family": "👨‍👩‍👧‍👦 👍🏽 ❤️ 1️⃣ 🇩🇪",
    "skin tones alone": "\U0001f3fb\U0001f3fb \U0001f3fb\ufe0f",
    "wide": "漢字かな한국어",
}
anything = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_becomes_one_printable_line(text):
    shown = clean(text)
    assert shown.isprintable()
    assert len(shown.encode()) <= 3 * max(len(text), 1) + 3
    assert cells(shown) == cell_len(shown)
    assert clean(shown) == shown


@given(anything)
def test_any_text_is_printable_and_measured_as_drawn(text):
    shown = clean(text)
    assert shown.isprintable()
    assert cells(shown) == cell_len(shown)
    assert clean(shown) == shown


SPARSE = (range(0x34000, 0xE0000, 61), range(0xF0000, 0x110000, 61))
"""Planes in which nothing is assigned, or all is for private use, are alike throughout."""


def test_every_character_is_safe_and_measured():
    for point in chain(range(0x34000), range(0xE0000, 0xF0000), *SPARSE):
        for text in (chr(point), "x" + chr(point)):
            shown = clean(text)
            assert shown.isprintable(), hex(point)
            assert cells(shown) == cell_len(shown), hex(point)
            assert cells(shown) >= 1, hex(point)


@given(anything, st.integers(0, 30), st.sampled_from(["end", "middle"]))
def test_fit_takes_exactly_the_width(text, width, cut):
    fitted = fit(clean(text), width, cut=cut)
    assert cells(fitted) == width
    assert cell_len(fitted) == width
    assert fitted.isprintable() or not fitted


def test_controls_are_shown_by_their_pictures():
    assert clean("a\nb\tc\x1b[0m\x7f") == "a␊b␉c␛[0m␡"
    assert clean("a\u202eb\x9bc") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"


def test_plain_text_is_left_alone():
    for text in ("order-8812", "Zahlung für Jürgen", "注文", "[dynamic]", "e\u0301te\u0301"):
        assert clean(text) is text or clean(text) == text


def test_runs_of_marks_are_capped():
    shown = clean("e" + "\u0301" * 1000 + "x")
    assert len(shown) < 10
    assert shown.endswith("x")


def test_cut_in_the_middle_keeps_both_ends():
    assert fit("order-2026-11-21-000123", 12, cut="middle") == "order-…00123"
    assert fit("order-2026-11-21-000123", 8) == "order-2…"
    assert fit("ab", 4) == "ab  "
    assert fit("abc", 0) == ""
    assert fit("abc", 1) == "…"
    assert fit("漢字漢字", 4) == "漢… "


def test_a_cut_never_begins_with_a_stray_mark():
    text = "a" * 20 + "e\u0301" * 5
    tail = fit(text, 9, cut="middle").partition("…")[2]
    assert unicodedata.category(tail[0])[0] != "M"


def test_a_megabyte_is_cut_without_measuring_it_all():
    assert fit("x" * 1_000_000, 10) == "xxxxxxxxx…"
    assert clean("é\x1b" * 500_000).isprintable()


def test_what_was_cut_already_is_not_marked_twice():
    assert fit("paused in until the c…, 3m", 22) == "paused in until the c… "[:22]
    assert fit("abc…def", 5) == "abc… "


@pytest.mark.parametrize("letter", ["x", "\x1b", "日", "e\u0301", "\u0301"])
def test_a_line_longer_than_any_screen_is_cut_and_says_so(letter):
    line = clean(letter * 1_000_000)
    assert len(line) < 100_100
    assert line.endswith(f"… ({len(letter) * 1_000_000 - 100_000:,} more characters)")
    assert line.isprintable()


TOKEN = "demo-token-that-is-not-a-secret-0123456789"
CUTS = {
    "a name": lambda text: clean(text, 40),
    "raw": lambda text: cut(text, 40),
    "a value": lambda text: summary(text, 40),
    "a value of a key": lambda text: summary({"key": text}, 40),
    "a long value of a key": lambda text: summary({"key": "x" * 1960 + text}, 4000),
    "a key": lambda text: summary({"x" * 160 + text: 1}, 4000),
    "a step's name": lambda text: numbered_name("x" * 300 + text),
    "an error's name": lambda text: error_name(Failure(text, "it failed")),
    "an error": lambda text: failure_text(Failure("", text), 20),
    "a page's title": lambda text: failure_text(Failure("", f"<html><title>{'x' * 260}{text}</title>"), 400),
    "a line of a log": lambda text: "".join(unfolded_text("x" * 19_800 + text)),
}


@pytest.mark.parametrize("shown", CUTS.values(), ids=CUTS.keys())
def test_half_of_a_secret_is_shown_of_no_text_that_is_cut(shown, monkeypatch):
    """Wherever in the text the secret stands, and wherever that is cut."""
    monkeypatch.setattr(text_module, "_masks", [])
    mask_in_text(Credential(TOKEN, source="test").mask)
    for before in range(220):
        assert TOKEN[:6] not in shown("y" * before + TOKEN + " and more " * 40)
