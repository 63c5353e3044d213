"""The timeline: every step and attempt once, in order, on the axis; folds, bars, marks and words."""

from contextlib import suppress
from functools import partial
from itertools import pairwise
from random import Random
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes.details import (
    T0,
    attempt,
    detail,
    done,
    failure,
    gave_up,
    sleep,
    step,
    termination,
    wait,
)
from tests.support.harness.work import instructions
from wfdash.core.model.detail import read_detail
from wfdash.core.payload.summary_lines import span
from wfdash.core.text.clean import cells
from wfdash.core.timeline.as_text import text_timeline
from wfdash.core.timeline.axis import Scale, round_mark
from wfdash.core.timeline.bars import bar
from wfdash.core.timeline.outline import build_outline, outline_in_slices
from wfdash.core.timeline.row_labels import length_text, words
from wfdash.core.timeline.rows import Row, attempt_state
from wfdash.core.timeline.timeline import arrange, axis_of, segments, timeline
from wfdash.core.why.diagnose import diagnose
from wfdash.core.why.why import TimeWords

HOUR = 3600
CHARGED = gave_up("charge card-1", 3 * HOUR + 12, [3 * HOUR + 12 + x for x in (1, 12, 33, 74, 155, 316)])
ORDER = [
    done("load order-1", 0, 1),
    *[done(f"reserve-{n}", 1 + n * 0.25, 1.25 + n * 0.25) for n in range(1, 12)],
    done("reserve-12", 5, 9),
    wait("approval-1", 10, 3 * HOUR + 10, True, "approve"),
    CHARGED,
]


def lines(given, *, now, **more):
    return text_timeline(given, TimeWords(T0 + now, watched=T0), **more)


def test_an_errored_order_at_a_glance():
    subject = detail("errored", ORDER, end=3 * HOUR + 328, error=failure())
    drawn = """\
    0s        ≈3h≈ 3h          3h1m  3h2m
    ▇▇                                        ✓ load order                                            1s
     ▇▇▇▇▇▇▇▇▇                                ✓ reserve ×12 1 slow  250ms · 250ms · 4s                7s
         ▇▇▇▇▇                                ✓   reserve #12 slow                                    4s
             ░░░≈░░                           ✓ approval ← approve                                    3h
                  ▇▇≈▇▇▇≈·▇▇·≈▇▇▇·≈·▇▇··≈·▇▇  ✗ charge card  PaymentError: card declined           5m16s
                  ▇▇≈·                        ✗   attempt 1  PaymentError: card declined              1s
                     ▇▇▇≈··                   ✗   attempt 2  same error                               1s
                          ▇▇·≈·               ✗   attempt 3  same error                               1s
                              ▇▇▇·≈··         ✗   attempt 4  same error                               1s
                                    ▇▇··≈··   ✗   attempt 5  same error                               1s
                                          ▇▇  ✗   attempt 6  same error                               1s
    """
    assert lines(subject, now=4 * HOUR) == dedent(drawn).splitlines()


def test_whole_names_run_over_instead_of_being_cut():
    subject = detail(
        "complete",
        [step("a name that is far longer than its column is wide-1", 0, 1), step("b-1", 0, 1)],
    )
    cut = lines(subject, now=22)
    full = lines(subject, now=22, uncut=True)
    assert "wide" not in cut[1]
    assert "a name that is far longer than its column is wide " in full[1]
    assert (full[0], full[2]) == (cut[0], cut[2])


def test_unfolding_shows_attempts_and_the_try_to_come():
    failed = [attempt(0, 1, False), attempt(11, 12, False)]
    subject = detail("waiting", [step("charge card-1", 0, None, None, failed)])
    drawn = """\
    0s          ≈10s≈  11s          ≈15s≈
    ▇▇▇▇▇▇▇▇▇···10s····▇▇▇▇▇▇▇▇▇▇·····≈··     ↻ charge card, attempt 2 of 6  PaymentError: car…     22s+
    ▇▇▇▇▇▇▇▇▇···10s·····                      ✗   attempt 1  PaymentError: card declined              1s
                       ▇▇▇▇▇▇▇▇▇▇             ✗   attempt 2  same error                               1s
                                ······≈··     ↻   next try ~10s
    """
    assert lines(subject, now=22) == dedent(drawn).splitlines()


def test_next_try_comes_later_by_a_pause():
    subject = detail("running", [step("charge-1", 0, attempts=[attempt(0, 1, False)])])
    row = timeline(subject, now=T0 + 20).rows[0]

    def said(paused, now=20.0):
        at = TimeWords(T0 + now, paused=paused, watched=T0)
        return "".join(text for text, _ in words(timeline(subject, now=at.now).outline, row, at))

    assert "next try was due 9s ago" in said(())
    assert "next try ~1s" in said([(T0 + 5, T0 + 15)])
    assert "next try any moment" in said([(T0 + 5, T0 + 15)], now=20.5)
    assert "next try not known: it was paused" in said([(float("-inf"), T0 + 15)])
    unseen = TimeWords(T0 + 20)
    pieces = words(timeline(subject, now=T0 + 20).outline, row, unseen)
    assert "next try was due 9s ago or later" in "".join(text for text, _ in pieces)


def test_rows_of_every_kind_are_named():
    subject = detail(
        "terminated",
        [
            done("a-1", 0, 1),
            wait("b-1", 1, 9_000, event_type="paid"),
            done("a-1", 20, 21, kind="rollback"),
            {"type": "hibernate", "name": "deep-1", "start": None, "end": None, "depth": 3},
            {"type": "marker"},
            None,
            termination("api"),
        ],
        end=30,
    )
    drawn = timeline(subject, now=T0 + 60)
    said = ["".join(text for text, _ in words(drawn.outline, row, TimeWords(T0 + 60))) for row in drawn.rows]
    assert said == [
        "a",
        "b ← paid never ended",
        "rollback a",
        "hibernate deep",
        "marker",
        "entry without a type",
        "terminated through the API",
    ]
    assert [row.state for row in drawn.rows] == [
        "done",
        "cut",
        "done",
        "unknown",
        "unknown",
        "unknown",
        "stopped",
    ]


def test_what_should_have_ended_says_so_and_has_no_end():
    steps = [sleep("nap-1", 0, 60), wait("approval-1", 0, 90, event_type="approve")]
    drawn = timeline(detail("waiting", steps), now=T0 + 100)
    at = TimeWords(T0 + 100)
    shown = ["".join(text for text, _ in words(drawn.outline, row, at)) for row in drawn.rows]
    assert shown == ["nap was to wake 40s ago", "approval ← approve was to time out 10s ago"]
    assert [span(step, at) for step in drawn.outline.detail.steps] == ["since 08:00:00 UTC"] * 2


def test_while_paused_no_row_promises_a_moment():
    tried = step("charge-1", 0, attempts=[attempt(0, 1, False)])
    steps = [sleep("nap-1", 0, 600), wait("paid-1", 0, 900, event_type="paid"), tried]
    drawn = timeline(detail("paused", steps), now=T0 + 60, unfolded={("step", 2)})
    said = ["".join(text for text, _ in words(drawn.outline, row, TimeWords(T0 + 60))) for row in drawn.rows]
    assert said[:2] == ["nap stands still", "paid ← paid stands still"]
    assert said[2].startswith("charge, attempt 1 of 6 ")
    assert said[-1] == "next try stands still"
    assert not any("until" in each or "times out" in each or "~" in each for each in said)


def test_five_of_a_name_fold_except_what_failed_or_runs():
    steps = [done(f"load page-{n}-1", n, n + 0.5) for n in range(1, 501)]
    steps[41] = gave_up("load page-42-1", 42, [42.5, 43], limit=1)
    steps.append(step("load page-501-1", 501))
    drawn = timeline(detail("running", steps), now=T0 + 502)
    fold, *pulled = drawn.rows
    assert (fold.kind, len(fold.members), fold.state) == ("fold", 499, "runs")
    assert [row.step for row in pulled] == [41, 500]
    said = "".join(text for text, _ in words(drawn.outline, fold, TimeWords(T0 + 502)))
    assert said == "load page ×501 1 failed  500ms · 500ms · 1s"
    unfolded = timeline(detail("running", steps), now=T0 + 502, unfolded={fold.key})
    assert len(unfolded.rows) == 502
    assert drawn.holding(41).key == ("step", 41)
    assert drawn.holding(7).key == fold.key


def test_four_of_a_name_stay_as_they_are():
    drawn = timeline(detail("running", [done(f"poll-{n}", n, n + 1) for n in range(1, 5)]), now=T0 + 9)
    assert [row.kind for row in drawn.rows] == ["step"] * 4


def test_targets_are_the_failed_and_the_slow():
    steps = [*[done(f"poll-{n}", n, n + 0.1) for n in range(1, 8)], done("poll-8", 8, 20), CHARGED]
    assert timeline(detail("errored", steps, end=4 * HOUR), now=T0).targets == [7, 8]


def test_the_scale_stands_still_until_a_round_mark_is_passed():
    subject = detail("running", [done("a-1", 0, 1), step("b-1", 1)])
    outline = build_outline(subject)
    for scale in Scale:
        assert axis_of(outline, scale, T0 + 35) == axis_of(outline, scale, T0 + 55)
        assert axis_of(outline, scale, T0 + 35) != axis_of(outline, scale, T0 + 70)


def test_final_instances_end_their_open_bars():
    subject = detail("terminated", [done("a-1", 0, 1), sleep("nap-1", 1, 9_000)], end=10)
    drawn = timeline(subject, now=T0 + 500)
    assert drawn.axis.end == T0 + 10
    assert segments(drawn.outline, drawn.rows[1], T0 + 500)[-1].end == T0 + 10
    assert length_text(drawn.outline, drawn.rows[1], T0 + 500) == ""


def test_a_long_sleep_does_not_flatten_the_work_round_it():
    steps = [done("a-1", 0, 1), sleep("nap-1", 1, 3 * 86400, True), done("b-1", 3 * 86400, 3 * 86400 + 1)]
    drawn = timeline(detail("complete", steps, end=3 * 86400 + 1), now=T0)
    a, nap, b = (bar(segments(drawn.outline, row, T0), drawn.axis, 40) for row in drawn.rows)
    assert [sum(len(text) for text, stroke in each if stroke == "work") for each in (a, b)] == [14, 14]
    assert "≈" in "".join(text for text, _ in nap)
    assert "≈2d23h≈" in dict(drawn.axis.marks(40)).values()


def test_round_marks_are_beyond():
    assert [round_mark(seconds) for seconds in (0, 1, 29.9, 30, 59, 3600, 4e7)] == [
        1,
        2,
        30,
        60,
        60,
        7200,
        63072000,
    ]


times = st.one_of(st.none(), st.integers(-10, 400_000).map(lambda n: n / 10))
names = st.sampled_from(
    ["a-1", "a-2", "a-3", "a-4", "a-5", "a-6", "b-1", "page 7-1", "page 8-1", "", "-1", "x"]
)
junk = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.just([]), st.just({}))
flags = st.sampled_from([None, True, False])
errors = st.one_of(st.none(), st.just(failure()), junk)
attempts = st.lists(st.builds(attempt, times, times, flags, errors), max_size=5)
entries = st.one_of(
    st.builds(step, names, times, times, flags, attempts, kind=st.sampled_from(["step", "rollback", "odd"])),
    st.builds(sleep, names, times, times, st.booleans()),
    st.builds(wait, names, times, times, st.booleans(), st.sampled_from([None, "paid"]), errors),
    st.builds(termination),
    junk,
)
statuses = st.sampled_from(["running", "waiting", "paused", "rollingBack", "complete", "errored", "", "new"])


def broken(entry, key, value):
    if isinstance(entry, dict) and entry and key is not None:
        name = sorted(entry)[key % len(entry)]
        return {**entry, name: value}
    return entry


answers = st.lists(st.builds(broken, entries, st.one_of(st.none(), st.integers(0, 9)), junk), max_size=30)


def any_detail(status, steps, end):
    result = {"status": status, "start": None, "end": None, "steps": steps}
    return read_detail("orders", "x", detail("complete", end=end).raw | result if end is not None else result)


@settings(max_examples=150, deadline=None)
@given(statuses, answers, times, st.integers(-100, 500_000), st.sets(st.integers(0, 40)))
def test_every_step_and_attempt_is_in_the_rows_exactly_once(status, steps, end, now, opened):
    subject = any_detail(status, steps, end)
    outline = build_outline(subject)
    axis = axis_of(outline, Scale.COMPRESSED, T0 + now)
    folds = {("fold", group.kind, group.name) for group in outline.families if group.members[0] in opened}
    unfolded = {("step", index) for index in opened} | folds
    rows = arrange(outline, axis, unfolded).rows
    own = [row.step for row in rows if row.kind not in ("fold", "attempt", "next")]
    folded = [index for row in rows for index in row.members]
    assert sorted(own + folded) == list(range(len(subject.steps)))
    shown = [(row.step, row.attempt) for row in rows if row.kind == "attempt"]
    assert len(set(shown)) == len(shown)
    assert len({row.key for row in rows}) == len(rows)
    for row in rows:
        if row.unfolded and row.kind != "fold":
            tries = len(subject.steps[row.step].attempts)
            assert [number for index, number in shown if index == row.step] == list(range(tries))


@settings(max_examples=150, deadline=None)
@given(statuses, answers, times, st.integers(-100, 500_000), st.sampled_from(Scale), st.integers(1, 60))
def test_rows_are_in_order_and_no_bar_leaves_the_axis(status, steps, end, now, scale, width):
    subject = any_detail(status, steps, end)
    outline = build_outline(subject)
    axis = axis_of(outline, scale, T0 + now)
    rows = arrange(outline, axis, {("step", index) for index in range(30)}).rows
    top = [row.step for row in rows if row.depth == 0]
    assert top == sorted(top)
    assert list(axis.positions) == sorted(axis.positions)
    assert list(axis.times) == sorted(axis.times)
    for row in rows:
        for part in segments(outline, row, T0 + now):
            assert part.start <= part.end
            assert 0.0 <= axis.position(part.start) <= axis.position(part.end) <= 1.0
        drawn = bar(segments(outline, row, T0 + now), axis, width)
        assert cells("".join(text for text, _ in drawn)) == width
        assert words(outline, row, TimeWords(T0 + now))[0][0]
        length_text(outline, row, T0 + now)
    marks = axis.marks(width)
    assert all(cell + cells(text) <= width for cell, text in marks)
    for (cell, text), (after, _) in pairwise(marks):
        assert cell + cells(text) < after


@settings(max_examples=100, deadline=None)
@given(statuses, answers, times, st.integers(-100, 500_000))
def test_any_answer_is_a_text(status, steps, end, now):
    text = lines(any_detail(status, steps, end), now=now)
    assert all(cells(line) <= 100 for line in text)
    assert len(text) >= 1


def test_a_fold_of_thousands_that_run_is_drawn_by_its_first():
    few, many = (
        detail("running", [step(f"fetch-{n}", n, None, None) for n in range(1, count + 1)])
        for count in (150, 3000)
    )
    bars = []
    for each in (few, many):
        outline = build_outline(each)
        row = timeline(each, now=T0 + 4000).rows[0]
        assert row.kind == "fold"
        parts = segments(outline, row, T0 + 4000)
        bars.append({(part.start, part.end, part.stroke) for part in parts})
    assert len(bars[0]) == 150
    assert bars[1] == {(T0 + 1, T0 + 4000, "open")}
    assert min(bars[0]) == min(bars[1])


@pytest.mark.parametrize("seed", range(15))
def test_attempts_by_the_hundred_are_drawn_as_each_alone(seed):
    random, at, tries = Random(seed), 0.0, []
    for _ in range(random.randint(420, 900)):
        start = at + random.choice((0, 0.1, 1, 1, 30, 4000)) * random.random()
        at = start + random.choice((0, 0.5, 50)) * random.random()
        became = random.choice((False, False, False, None, True))
        tries.append(attempt(start, None if became is None else at, became))
    subject = detail("running", [step("a-1", 0, attempts=tries)])
    now = T0 + at + random.choice((1, 5000))
    drawn = timeline(subject, now=now, scale=Scale.TRUE)
    parts = [part for part in segments(drawn.outline, drawn.rows[0], now) if part.stroke != "pending"]
    state = drawn.outline.states[0]
    rows = [
        Row(("attempt",), "attempt", attempt_state(subject.steps[0], position, state), 1, 0, position)
        for position in range(len(tries))
    ]
    alone = [part for row in rows for part in segments(drawn.outline, row, now)]
    assert bar(parts, drawn.axis, 60) == bar(alone, drawn.axis, 60)


def test_thousands_of_attempts_are_drawn_by_hundreds_of_parts():
    tries = [attempt(n, n + 0.5, False) for n in range(5000)]
    drawn = timeline(detail("running", [step("a-1", 0, attempts=tries)]), now=T0 + 6000)
    first = segments(drawn.outline, drawn.rows[0], T0 + 6000)
    assert len(first) < 1000
    cost = instructions(lambda: segments(drawn.outline, drawn.rows[0], T0 + 6001))
    assert cost < len(tries)


def test_attempts_are_looked_through_a_thousand_at_a_time():
    """Between two of these a screen stays alive."""
    tries = [attempt(n, n + 0.5, False) for n in range(500)]
    for status, ended in (("running", None), ("errored", 600)):
        steps = [step(f"a {n}-1", 0, ended, None if ended is None else False, tries) for n in range(40)]
        subject = detail(status, steps, end=ended)
        diagnose(subject, now=T0 + 700)  # as is done before it is drawn: it is asked what each step is at
        work = outline_in_slices(subject)
        costs = []
        with suppress(StopIteration):
            while True:
                costs.append(instructions(partial(next, work)))
        assert max(costs) < sum(costs) / 4
