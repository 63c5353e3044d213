"""Lines as rows: unfolded, found again, and searched."""

import random

import pytest
from msgspec.structs import replace

from tests.support.fakes.details import T0, detail, done
from tests.support.harness.work import instructions
from wfdash.core.logs.line import LineNumbers, LogLine, LogScope, PlacedLine
from wfdash.core.logs.rows import LogRows, is_rollback, line_key, line_text, step_of, unfolded_text


def entry(at, text="x", **more):
    return PlacedLine(LogLine(T0 + at, "log", text, "telemetry", "r", order=str(at)), True, **more)


def columns(*steps):
    return detail("complete", steps).steps.columns


@pytest.mark.parametrize(
    ("place", "words", "name"),
    [
        ({}, "-", None),
        ({"step": 0, "attempt": 1}, "poll attempt 1", "poll"),
        ({"step": 1, "attempt": 3}, "poll #2 attempt 3", "poll"),
        ({"step": 2, "attempt": 1}, "poll rollback attempt 1", "poll"),
        ({"among": (0, 1)}, "poll (one of 2 at once)", "poll"),
        ({"among": (0, 4)}, "one of 2 steps", None),
        ({"among": (3,), "likely": True}, "poll #12?", None),
    ],
)
def test_line_says_where_it_was_printed(place, words, name):
    steps = [done("poll-1", 0, 9), done("poll-2", 0, 9), done("poll-1", 9, 10, kind="rollback")]
    found = columns(*steps, done("poll-12", 9, 10), done("load-1", 0, 9))
    placed = entry(1, **place)
    assert line_text(placed, found).split("\t")[2] == words
    assert step_of(placed, found) == name
    assert is_rollback(placed, found) == ("rollback" in words)


def test_unfolded_line_takes_rows_beneath_it():
    rows = LogRows()
    entries = [entry(1), entry(2, 'got {"a": [1, 2]}'), entry(3)]
    rows.take(entries, 40)
    assert len(rows) == 3
    rows.unfolded.add(line_key(entries[1]))
    rows.lay_out(40)
    texts = [rows[index].text for index in range(len(rows))]
    assert texts == ["", "", "got", "{", '  "a": [', "    1,", "    2", "  ]", "}", ""]
    below = rows.key(9)
    rows.take([entry(0), *entries], 40)
    assert rows.index_of(below) == 10
    inside = rows.key(5)
    rows.unfolded.clear()
    rows.lay_out(40)
    assert rows.index_of(inside) == 2
    assert rows.index_of(("gone", 0)) is None


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        ("plain", ["plain"]),
        ("two\nlines", ["two", "lines"]),
        ("{not json", ["{not json"]),
        ("a [1", ["a [1"]),
        ('{"a": 1}', ["{", '  "a": 1', "}"]),
        ("\x1b[31mred\x1b[0m", ["red"]),
        ("[" * 10_000, ["[" * 10_000]),
    ],
)
def test_text_unfolded(message, lines):
    assert unfolded_text(message) == lines


def test_long_line_unfolded_says_what_is_left_out():
    entries = [entry(1, "x" * 25_000)]
    assert unfolded_text("x" * 25_000)[-1] == "… 5,000 more characters"
    rows = LogRows()
    rows.unfolded.add(line_key(entries[0]))
    rows.take(entries, 20)
    assert len(rows) == 401
    assert rows[400].text.endswith("characters")


def test_search_finds_any_case_and_every_line():
    rows = LogRows()
    rows.take([entry(n, f"Line {n % 10}") for n in range(1000)], 40)
    assert rows.find("LINE 7") == list(range(7, 1000, 10))
    assert rows.find("nowhere") == []


def test_text_of_a_line_is_one_safe_line():
    hostile = "a\tb\nc\x1b]0;title\x07\x1b[31m[bold]"
    text = line_text(entry(1, hostile, step=0, attempt=2, times=3), columns(done("charge card-1", 0, 1)))
    assert text.split("\t")[1:3] == ["log", "charge card attempt 2"]
    assert text.count("\t") == 3
    assert "printed 3 times by replays" in text
    assert not {"\n", "\x1b", "\x07"} & set(text)


def test_step_that_a_restart_took_away_has_no_name():
    words = line_text(entry(1, gone=True), columns(done("a-1", 0, 1)))
    assert words.split("\t")[2] == "the run before"


def test_lines_are_counted_by_their_scope():
    entries = [entry(1, step=0, attempt=1), entry(2, among=(0, 1)), entry(3)]
    entries.append(PlacedLine(LogLine(T0, "log", "x", "local"), False, step=0, attempt=1))
    entries[0] = replace(entries[0], likely=True)
    assert LineNumbers.of(entries, LogScope((0,))) == LineNumbers(1, 2, 1, 1, 1)
    assert LineNumbers.of(entries, LogScope()) == LineNumbers(1, 4, 1, 0, 1)


def test_unfolding_one_of_many_lines_lays_out_no_other():
    rows, entries = LogRows(), [entry(at, f"line {at}") for at in range(10_000)]
    rows.take(entries, 40)
    rows.unfolded.add(line_key(entries[5000]))
    assert instructions(lambda: rows.lay_out(40)) < 5_000
    assert instructions(lambda: rows.take(entries, 80)) < 5_000
    assert [rows[at].entry for at in (4999, 5000, 5001, 5002, 10_000)] == [4999, 5000, 5000, 5001, 9999]
    assert len(rows) == 10_001
    assert rows[-1].entry == 9999
    assert [rows.index_of(rows.key(at)) for at in (0, 5000, 5001, 5002, 10_000)] == [
        0,
        5000,
        5001,
        5002,
        10_000,
    ]
    with pytest.raises(IndexError):
        rows[10_001]


@pytest.mark.parametrize("seed", range(20))
def test_rows_with_any_lines_unfolded_hold_what_is_below(seed):
    chance = random.Random(seed)
    entries = [entry(at // 2, chance.choice(["x", 'a {"b": [1]}', "one\ntwo"])) for at in range(30)]
    rows = LogRows()
    rows.unfolded = {line_key(each) for each in chance.sample(entries, chance.randrange(30))}
    rows.take(entries, 40)
    expected = []
    for index, each in enumerate(entries):
        expected.append((index, 0))
        if line_key(each) in rows.unfolded:
            below = len(unfolded_text(each.line.message))
            expected += [(index, part) for part in range(1, below + 1)]
    assert [(rows[at].entry, rows[at].part) for at in range(len(rows))] == expected
    for index in range(30):
        assert rows.row_of(index) == expected.index((index, 0))
        assert rows.parts_of(index) == sum(place == index for place, _ in expected)


def test_counting_many_lines_walks_through_them_once():
    entries = [entry(at, step=at % 50, attempt=1) for at in range(10_000)]
    numbers = LineNumbers.of(entries, LogScope(tuple(range(10))))
    assert (numbers.held, numbers.doubtful, numbers.perhaps) == (2000, 0, 0)
    assert (
        instructions(lambda: LineNumbers.of(entries, LogScope(tuple(range(10))))) < 40 * 10_000
    )  # twice through them took 41
