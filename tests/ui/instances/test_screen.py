"""The main screen over the simulator: what it says, and that nothing moves under the hand."""

import asyncio
import re

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import drive, opened
from tests.ui.instances.list_steps import first_id, row
from wfdash.core.rows.store import GONE


def test_rows_counts_and_freshness_are_on_screen():
    async def script(d):
        assert "DEMO calm" in d.lines[0]
        assert "orders" in d.lines[0]
        assert "✓ 88" in d.lines[0]
        assert "as of" in d.lines[0]
        assert "budget" in d.lines[0]
        assert d.lines[2].split()[:3] == ["STATUS", "ID", "AGE▾"]
        assert first_id(d) in d.lines[3]

    drive(script)


@pytest.mark.parametrize(
    ("columns", "titles", "shown"), [(33, "STATUS ID AGE▾", "◌ waiting"), (21, "ID AGE▾", "◌")]
)
def test_status_is_a_glyph_where_the_id_needs_the_room(columns, titles, shown):
    async def script(d):
        assert d.lines[2].split() == titles.split()
        rows = [d.app.root.rows.view.row(index) for index in range(10)]
        waiting = next(each.id for each in rows if each.status == "waiting")
        assert re.search(rf"{shown} +{waiting} ", d.line(waiting))
        assert all(each.id in line for each, line in zip(rows, d.lines[3:], strict=False))

    drive(script, size=(columns, 24))


def test_top_line_words_stay_however_small_the_numbers():
    async def script(d):
        assert re.search(r"as of (?:\d+ s|now) +· next \d+ s +· budget \d+ % used", d.lines[0])
        assert re.search(r" [\d,]+ of [\d,]+ loaded( · \d+ of \d+ rows read)?$", d.lines[1])
        await d.press("filter.edit")
        await d.type("status:errored")
        await d.press("enter")
        wanted = re.compile(
            r" \d+ match · [\d,]+ of [\d,]+ loaded · server filters: status · 5 match on the server$"
        )
        await d.until(lambda: wanted.search(d.lines[1]))

    drive(script)


def test_rows_on_screen_are_counted_until_all_are_read():
    async def script(d):
        d.server.state.latency = 0.5
        counts = set()
        await d.press(*["move.half_down"] * 4)

        def read():
            assert "read" not in d.lines[2], "no column can cut the number"
            if found := re.search(r"(\d+) of (\d+) rows read", d.lines[1]):
                counts.add(found[1])
            return counts and "rows read" not in d.text

        await d.until(read)
        assert len(counts) > 3

    drive(script, size=(110, 24))


def test_what_a_row_is_blocked_on_tells_its_age_once_it_is_old():
    async def script(d):
        poller = d.app.session.poller
        await d.until(
            lambda: (
                poller.row_details.progress[1]
                and poller.row_details.progress[0] == poller.row_details.progress[1]
            )
        )
        await d.passes(100)
        assert not any("ago" in line and "read" in line for line in d.lines[3:23])
        await d.press("poll.freeze")
        await d.passes(130)
        aged = [line for line in d.lines[3:23] if " · read 2m ago" in line]
        assert len(aged) > 5
        assert not any("errored" in line for line in aged), "what ended stays true"

    drive(script, size=(110, 24))


def test_expired_row_says_no_more_than_its_last_answer():
    async def script(d):
        table, store = d.app.root.table, d.app.session.poller.store
        chosen = next(identity for identity in table.view.ids() if store.get(identity).status == "waiting")
        table.move_to_key(chosen)
        await d.until(lambda: "waiting for event" in d.text and "left" in row(d, chosen))
        d.world.workflows["orders"].forget(d.world.workflows["orders"].by_id[chosen])
        await d.until(lambda: store.note(chosen) == GONE)
        await d.passes(2)
        (lasted,) = re.findall(r"\S+\+", row(d, chosen))
        (found,) = [line.partition("│")[2] for line in d.lines if "so far" in line]
        assert "was waiting" in row(d, chosen)
        await d.passes(130)
        assert "? gone" in row(d, chosen)
        assert "was waiting" in row(d, chosen)
        assert lasted in row(d, chosen)
        assert found in d.text
        assert "final, read" not in d.text

    drive(script, size=(200, 40))


def test_filter_applies_as_typed_and_esc_takes_it_back():
    async def script(d):
        target = d.app.root.table.row_key(7)
        await d.press("/")
        await d.type(target[-3:])
        assert all(target[-3:] in d.app.root.table.row_key(i) for i in range(d.app.root.table.row_count()))
        await d.press("escape")
        assert "no filter" in d.lines[1]
        assert d.app.root.table.row_count() > 100

    drive(script)


def test_unreadable_filter_says_so_and_keeps_the_last():
    async def script(d):
        await d.press("/")
        await d.type("status:errored")
        count = d.app.root.table.row_count()
        await d.type(" (")
        assert d.app.root.table.row_count() == count
        assert "the list still shows status:errored" in d.lines[2]

    drive(script)


def test_the_filter_offers_how_its_last_word_goes_on():
    async def script(d):
        await d.press("/")
        await d.type("status:err")
        assert "status:errored" in d.lines[1]
        await d.press("right")
        assert d.app.root.rows.query.text == "status:errored"

    drive(script)


def test_a_filter_without_a_match_says_what_to_do():
    async def script(d):
        await d.press("/")
        await d.type("nothinglikethis")
        assert "has nothinglikethis in it" in d.text
        assert "esc clears the filter" in d.text

    drive(script)


def test_q_and_ctrl_c_at_the_root_leave_with_zero():
    for key in ("q", "ctrl+c"):

        async def script(d, key=key):
            await d.press(key)
            assert d.app.return_code == 0

        drive(script)


def test_moving_goes_to_both_ends_and_half_pages():
    async def script(d):
        table = d.app.root.table
        await d.press("ctrl+d")
        assert table.cursor == table.page // 2
        await d.press("G")
        assert table.cursor == table.row_count() - 1
        await d.press("ctrl+u")
        assert table.cursor == table.row_count() - 1 - table.page // 2
        await d.press("g")
        assert table.cursor == 0

    drive(script)


def test_older_rows_are_asked_for_when_the_end_comes_near():
    async def script(d):
        loaded = d.app.root.table.row_count()
        await d.press("G")
        await d.until(lambda: d.app.root.table.row_count() > loaded)

    drive(script)


def test_workflow_without_a_script_offers_no_create():
    async def main():
        world = build("calm", clock=asyncio.get_running_loop().time)
        async with opened(world=world, workflow="legacy-import") as d:
            await d.until(lambda: "Its Worker script was deleted: it cannot run." in d.text)
            assert "c creates one" not in d.text

    simulate(main())
