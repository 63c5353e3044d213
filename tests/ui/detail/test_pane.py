"""The detail pane over real widgets: what is read first, folding, scales, jumps, and what is repainted."""

import re

import pytest
from textual.app import App

from tests.support.fakes.details import (
    T0,
    attempt,
    detail,
    done,
    failure,
    gave_up,
    sleep,
    step,
    wait,
)
from tests.support.harness.dashboard import drive
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.live.polling.freshness import DetailState, Freshness
from wfdash.ui.detail.pane import DetailPane

HOUR = 3600
ERRORED = detail(
    "errored",
    [
        done("load order-1", 0, 1),
        *[done(f"reserve-{n}", 1 + n * 0.25, 1.25 + n * 0.25) for n in range(1, 12)],
        done("reserve-12", 5, 9),
        wait("approval-1", 10, 3 * HOUR + 10, True, "approve"),
        gave_up("charge card-1", 3 * HOUR + 12, [3 * HOUR + 12 + x for x in (1, 12, 33)], limit=2),
    ],
    end=3 * HOUR + 45,
    error=failure(),
    params={"order": 8812},
)
RETRYING = detail(
    "waiting",
    [
        done("load-1", 0, 1),
        step("charge card-1", 1, None, None, [attempt(1, 2, False), attempt(12, 13, False)]),
    ],
)


class Bench(App[None]):
    CSS = "Screen { overflow: hidden; }"

    def compose(self):
        yield DetailPane(id="pane")


def state_of(given, *, at=0.0, **more):
    fresh = Freshness(answered_at=T0 + at, settled=given.status in ("complete", "errored", "terminated"))
    return DetailState("orders", "order-8812", given, fresh, **more)


@pytest.fixture
async def pane():
    app = Bench()
    async with app.run_test(size=(76, 30)) as pilot:
        shown = app.query_one(DetailPane)
        shown.pilot = pilot
        shown.timeline.focus()
        yield shown


async def show(pane, given, now, *, state=None, row=None):
    pane.show(row, state or state_of(given, at=now - 3), T0 + now)
    await pane.pilot.pause()


def screen_text(pane):
    height = pane.size.height
    lines = [strip.text.rstrip() for strip in pane.screen._compositor.render_strips()]
    return "\n".join(lines[:height]).rstrip()


async def test_pane_reads_why_then_facts_then_timeline_then_row(pane):
    await show(pane, ERRORED, 3 * HOUR + 200)
    text = screen_text(pane)
    wanted = [
        "✗ order-8812  errored",
        '"charge card" gave up after 3 attempts: PaymentError: card declined',
        "started 08:00:00 UTC",
        'params {"order": 8812}',
        "STEP",
        "✓ load order",
        "reserve ×12 1 slow",
        "▾✗ charge card  PaymentError",
        "✗   attempt 3",
        "── ✗ charge card  ",
        "attempt 3 of 3 · exponential from 10 s · timeout 10 m",
    ]
    places = [text.index(each) for each in wanted]
    assert places == sorted(places)


async def test_answer_that_comes_before_its_room_is_drawn_with_it(pane):
    other, now = DetailPane(id="other"), 3 * HOUR + 200
    await pane.screen.mount(other)
    pane.display = False
    other.show(None, state_of(ERRORED, at=now - 3), T0 + now)
    await pane.pilot.pause()
    lines = screen_text(other).split("\n")
    assert lines[0].startswith(" ✗ order-8812  errored  "), "not cut for no width"
    assert lines[1].startswith(' "charge card" gave up after 3 attempts')
    assert "✗   attempt 3" in screen_text(other)


async def test_timeline_is_painted_once_where_its_rows_stay(pane):
    await pane.pilot.resize_terminal(76, 16)
    await show(pane, detail("running", [done(f"part {n} of it", n, n + 1) for n in range(9)]), 20)
    high = pane.timeline.size.height
    firsts, display = [], pane.app._display

    def displayed(*frame):
        firsts.append(pane.timeline.first)
        display(*frame)

    pane.app._display = displayed
    await show(pane, ERRORED, 3 * HOUR + 200)
    assert pane.timeline.size.height < high, "its head is longer"
    assert pane.timeline.first > 0, "it is scrolled to the failure"
    assert set(firsts) == {pane.timeline.first}


async def test_params_are_cut_in_a_line_only_where_none_unfold(pane):
    params = {"order": 8812, "customer": "cus_0042", "lines": [{"sku": "mug"}] * 4, "note": "x" * 40}
    given = detail("running", [done("load order-1", 0, 1)], params=params)
    await show(pane, given, 20)
    text = screen_text(pane)
    assert text.count("params") == 1
    assert "── params ──" in text
    assert 'customer  "cus_0042"' in text
    await pane.pilot.resize_terminal(76, 16)
    await show(pane, given, 21)
    assert ' params {"order": 8812, "customer": "cus_0042", ' in screen_text(pane), "no room beneath"
    short = detail("running", [done("load order-1", 0, 1)], params={"order": 8812})
    await pane.pilot.resize_terminal(76, 30)
    await show(pane, short, 22)
    assert ' params {"order": 8812}' in screen_text(pane), "whole in its line"


async def test_what_has_no_room_anyway_is_not_read_for_it(pane):
    """Of 50,000 steps the attempts took 0.2 s of the keys, with each frame."""
    many = detail("complete", [done(f"s-{n}", n, n + 1) for n in range(600)], end=700)
    await show(pane, many, 800)
    assert sum(step._attempts is not None for step in many.steps._read.values()) < 300


async def test_room_that_is_left_has_the_outputs_of_other_steps(pane):
    await pane.pilot.resize_terminal(90, 40)
    steps = [
        done("load order-1", 0, 1),
        done("reserve-1", 1, 2),
        done("reserve-2", 2, 3),
        step("charge card-1", 3),
    ]
    for each, output in zip(steps, ({"order": 1}, {"bin": "A1"}, {"bin": "B2"}), strict=False):
        each["output"] = output
    await show(pane, detail("running", steps), 5)
    lines = screen_text(pane).splitlines()
    titles = [line.split(" ─")[0] for line in lines if "── output of" in line]
    assert titles == ["── output of reserve #2", "── output of reserve", "── output of load order"]
    assert any(line.strip() == '{"bin": "B2"}' for line in lines)


async def test_cursor_starts_on_the_trouble_and_stays_where_put(pane):
    await show(pane, RETRYING, 20)
    assert pane.row.key == ("step", 1)
    assert "next try ~13s" in screen_text(pane)
    await pane.pilot.press("g")
    assert pane.row.key == ("step", 0)
    await show(pane, detail("waiting", [*RETRYING.raw["steps"], sleep("nap-1", 20)]), 21)
    assert pane.row.key == ("step", 0)


async def test_steps_before_the_trouble_show_where_there_is_room(pane):
    before = [done(f"s {n} x-1", n, n + 1) for n in range(4)]
    after = [done(f"late {n} x-1", 50 + n, 51 + n) for n in range(13)]
    await show(pane, detail("errored", [*before, gave_up("charge-1", 5, (6, 9, 30)), *after], end=70), 80)
    text = screen_text(pane)
    assert "s 0 x" in text
    assert "attempt 3" in text
    assert "late 12 x" not in text
    before = [done(f"s {n} x-1", n, n + 1) for n in range(40)]
    await show(pane, detail("errored", [*before, gave_up("charge-1", 50, (51, 59, 70)), *after], end=90), 99)
    text = screen_text(pane)
    assert "s 39 x" in text
    assert "attempt 3" in text, "with what lies beneath it"


async def test_folding_and_unfolding(pane):
    await show(pane, ERRORED, 3 * HOUR + 200)
    rows = pane.timeline.row_count()
    await pane.pilot.press("left")
    assert pane.timeline.row_count() == rows - 3
    await pane.pilot.press("g", "j", "right")
    assert pane.timeline.row_count() == rows - 3 + 11
    await pane.pilot.press("j", "j", "left")
    assert pane.row.kind == "fold"
    assert pane.timeline.row_count() == rows - 3


async def test_fold_says_what_its_steps_share_and_what_it_hides(pane):
    await show(pane, ERRORED, 3 * HOUR + 200)
    await pane.pilot.press("g", "j")
    assert "reserve: 12 steps; → shows them" in screen_text(pane)
    assert "1 slow, over 3 times the median · shortest 250 ms · median 250 ms" in screen_text(pane)
    await pane.pilot.press("right")
    assert "reserve: 12 steps; ← folds them" in screen_text(pane)
    many = [gave_up(f"page-{n}-1", n, [n + 1], limit=0) for n in range(25)]
    await show(pane, detail("errored", many, end=70), 100)
    await pane.pilot.press("g")
    assert "25 failed (the first 20 beneath) · shortest 1 s" in screen_text(pane)
    await pane.pilot.press("right")
    assert "25 failed · shortest 1 s" in screen_text(pane)


async def test_the_first_step_of_a_fold_is_the_next_one_that_failed(pane):
    many = [done(f"page-{n}-1", n, n + 0.2) for n in range(1, 60)]
    for n in (0, 30):
        many[n] = gave_up(f"page-{n + 1}-1", n, [n + 1], limit=0)
    await show(pane, detail("errored", many, end=70), 100)
    await pane.pilot.press("g")
    assert pane.row.kind == "fold"
    await pane.pilot.press("]")
    assert pane.row.key == ("step", 0)
    await pane.pilot.press("]")
    assert pane.row.key == ("step", 30)


async def test_jumping_to_what_failed_or_was_slow_unfolds_it(pane):
    many = [done(f"page-{n}-1", n, n + 0.2) for n in range(1, 60)]
    for n in (10, 20, 30, 40, 50):
        many[n] = done(f"page-{n + 1}-1", n, n + 8 + n / 100)
    await show(pane, detail("complete", many, end=70), 100)
    seen = []
    for _ in range(6):
        await pane.pilot.press("]")
        seen.append(pane.row.step)
    assert seen == [10, 20, 30, 40, 50, 10]
    await pane.pilot.press("[")
    assert pane.row.step == 50


async def test_three_scales_on_one_key(pane):
    await show(pane, ERRORED, 3 * HOUR + 200)
    seen = []
    for _ in range(4):
        seen.append(pane.timeline.scale.words)
        assert pane.timeline.scale.words in screen_text(pane)
        await pane.pilot.press("x")
    assert seen == ["idle time cut", "to scale", "equal steps", "idle time cut"]


async def test_equal_content_paints_nothing_and_a_second_cells(pane, monkeypatch):
    running = detail("running", [done("load-1", 0, 1), step("charge card-1", 1)])
    await show(pane, running, 20)
    await show(pane, running, 20)
    painted = []
    for widget in (pane.timeline, pane.query_one("#head"), pane.query_one("#foot")):
        refresh = widget.refresh

        def note(*regions, refresh=refresh, **more):
            painted.extend(regions or ["everything"])
            return refresh(*regions, **more)

        monkeypatch.setattr(widget, "refresh", note)
    again = detail("running", [done("load-1", 0, 1), step("charge card-1", 1)])
    await show(pane, again, 20)
    assert painted == []
    pane.show(None, state_of(again, at=17), T0 + 21)
    assert painted
    assert "everything" not in painted
    assert sum(region.width for region in painted) < 60


async def test_doubts_are_said_before_the_facts(pane):
    partial = "partial answer: 1 of 63 steps came"
    subject = detail("running", [done("load-1", 0, 1)])
    state = state_of(subject, at=5, partial=partial)
    state.freshness.failure = "the API answered 500"
    state.freshness.missed = 2
    await show(pane, subject, 60, state=state)
    text = screen_text(pane)
    assert text.index(partial) < text.index("not answered: the API answered 500") < text.index("started")
    assert "STALE as of 50s" in text


async def test_newer_list_is_believed_and_said(pane):
    row = Instance("order-8812", "complete")
    state = state_of(RETRYING, at=20)
    await show(pane, RETRYING, 22, state=state, row=row)
    assert "complete" in screen_text(pane).split("\n")[0]
    assert "the list is newer" not in screen_text(pane)  # it is being read again
    before = screen_text(pane)
    state.freshness.failure = "The API failed (500)."
    await show(pane, RETRYING, 60, state=state, row=row)
    text = screen_text(pane)
    assert "the list is newer and says complete; what stands here was read" in text
    assert "not answered: The API failed (500)." in text
    assert before.split("\n")[1] == text.split("\n")[1]  # no clock runs in what was


async def test_gone_while_open(pane):
    state = state_of(ERRORED, at=5, gone="expired or deleted")
    await show(pane, ERRORED, 3 * HOUR + 200, state=state)
    assert "expired or deleted; last read" in screen_text(pane)


async def test_gone_before_its_end_is_told_of_its_last_read(pane):
    state = state_of(RETRYING, at=5, gone="expired or deleted")
    await show(pane, RETRYING, 3 * HOUR + 200, state=state)
    text = screen_text(pane)
    moment = re.search(r"expired or deleted; last read (\S+)", text)[1]
    assert text.split("\n")[1].startswith(f" at {moment}: ")


async def test_row_out_of_a_record_is_called_not_read(pane):
    subject = read_detail("orders", "order-1", {"status": "complete"})
    subject.unread = True
    state = state_of(subject, at=0)
    state.freshness.settled, state.freshness.answered_at = True, None
    await show(pane, subject, 60, state=state)
    title = screen_text(pane).split("\n")[0]
    assert title.rstrip().endswith("not read")
    assert "final" not in title


async def test_nothing_known_yet(pane):
    pane.show(Instance("order-9", "running", created=T0), None, T0 + 5)
    await pane.pilot.pause()
    assert "reading its steps" in screen_text(pane)
    pane.show(None, None, T0 + 5)
    await pane.pilot.pause()
    assert "no instance under the cursor" in screen_text(pane)


async def test_hostile_text_stays_on_its_line(pane):
    evil = "\x1b]0;x\x07\n[/b]\u202e" + "日" * 300
    subject = detail(
        "errored",
        [gave_up(evil, 0, [1], limit=0), wait(evil, 1, event_type=evil), {"type": evil, "name": evil}],
        end=2,
        error=failure(evil, evil),
        params={evil: evil},
        versionId=evil,
        trigger={"source": evil},
    )
    await show(pane, subject, 60)
    text = screen_text(pane)
    assert all(line.isprintable() for line in text.split("\n"))
    assert "[/b]" in text


async def test_ten_thousand_steps_arrive_in_slices(pane):
    steps = [done(f"work {n % 50} {n}-1", n, n + 0.5) for n in range(10_000)]
    pane.show(None, state_of(detail("running", steps)), T0 + 10_001)
    while pane.timeline.timeline is None:
        await pane.pilot.pause()
    assert pane.timeline.row_count() < 10_000
    await pane.pilot.press("G")
    assert pane.row.step >= 9_000 or pane.row.kind == "fold"


def test_pane_that_gets_room_again_follows_the_cursor():
    async def script(d):
        rows = d.app.root
        await d.until(lambda: rows.beside.pane is not None and rows.table.instance in d.lines[2])
        await d.pilot.resize_terminal(80, 24)
        await d.press("move.last")
        await d.passes(2)
        await d.pilot.resize_terminal(140, 40)
        await d.until(lambda: rows.table.instance in d.lines[2].partition("│")[2])

    drive(script, size=(140, 40))


def test_nothing_stands_beside_a_table_without_rows():
    async def script(d):
        await d.press("j")
        await d.until(lambda: "started" in d.text)
        await d.press("filter.edit")
        await d.type("no-such-thing")
        await d.passes(2)
        assert "has no-such-thing in it" in d.text
        assert "started" not in d.text

    drive(script)
