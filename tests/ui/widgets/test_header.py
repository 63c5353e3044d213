"""The top line at every width: what gives way first, and what never does."""

import re
from functools import partial

import pytest
from textual.app import App

from tests.support.clocks.simulated_time import EPOCH
from tests.support.harness.work import instructions
from wfdash.core.model.status import STATUSES
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import Priority
from wfdash.live.budget.shared_counter import SharedCounter
from wfdash.ui.widgets.header import Header, Identity, meter_pieces
from wfdash.ui.widgets.theme import QUIET

MANY = {status: 1000 + n for n, status in enumerate(STATUSES)} | {"hibernating": 3}
COUNT = re.compile(r"[…●◌‖◐↺✓✗■?] ?([\d,]+)(?: ([a-zA-Z]+))?")
LAST = [
    [("last: pause order-8150 by you, 10s ago", QUIET)],
    [("pause order-8150 by you 10s", QUIET)],
    [("pause by you", QUIET)],
]


class Bare(App[None]):
    def compose(self):
        yield Header()


async def lines(widths, *, counts, last=()):
    """The line at each of these widths."""
    async with Bare().run_test(size=(80, 3)) as pilot:
        header = pilot.app.query_one(Header)
        for width in widths:
            await pilot.resize_terminal(width, 3)
            header.tell(
                Identity("orders"), counts=counts, freshness=[[("as of 2 s", QUIET)]], meter=(), last=last
            )
            yield width, header.plain


async def test_words_go_from_the_last_on_and_no_number_is_cut():
    seen = set()
    async for _, line in lines(range(20, 300), counts=MANY):
        found = COUNT.findall(line.partition("orders")[2].rpartition("as of")[0])
        assert "as of 2 s" in line
        expected = [(number, word) for number, word in found if word != "hibernating"]
        words = [bool(word) for _, word in expected]
        assert words == sorted(words, reverse=True), line
        assert sum(words) != 1
        for number, word in expected:
            status = next(each for each, n in MANY.items() if f"{n:,}" == number)
            assert word in ("", status)
        assert not found or len(found) >= len(MANY) - 2
        assert not found or "3 hibernating" in line
        seen.add(sum(words))
    assert {0, 2, len(STATUSES)} <= seen


async def test_of_thousands_of_unknown_statuses_a_few_are_told():
    """A word of them at a time was tried for room: the dashboard stood still for minutes."""
    many = {"running": 7, **{f"odd{number}": number for number in range(1, 1001)}}
    async for _, line in lines([160], counts=many):
        odd = f"? 1,000 odd1000  ? 998 odd998  ? 999 odd999  ? {sum(range(998)):,} in 997 other statuses"
        assert f"● 7 running  {odd}" in line
    async with Bare().run_test(size=(160, 3)) as pilot:
        header = pilot.app.query_one(Header)
        costs = []
        for number in (100, 1000):
            counts = {f"odd{each}": 1 for each in range(number)}
            tell = partial(header.tell, Identity("orders"), counts=counts, freshness=[[("as of 2 s", QUIET)]])
            costs.append(instructions(tell))
    assert costs[1] < 12 * costs[0]


async def test_last_action_shortens_before_counts_lose_words():
    counts = {"waiting": 55, "paused": 1, "errored": 5, "complete": 88, "terminated": 1}
    async for width, line in lines(range(60, 200, 5), counts=counts, last=LAST):
        assert "by you" in line or "✓" not in line or width < 90, line
        if "last: pause" in line:
            assert "waiting" in line or width < 110
        if width >= 120:
            assert "5 errored" in line
            assert "order-8150" in line


FRESH = [
    [("as of 2 s", QUIET), (" · next 1 s", QUIET)],
    [("as of 2 s", QUIET)],
    [("2 s old", QUIET)],
]


@pytest.mark.parametrize("meter", ["budget 5 % used", "▲ no reads for 20 s"])
async def test_age_keeps_its_words_before_counts_or_warnings_go(meter):
    counts = {"waiting": 55, "paused": 1, "errored": 5, "complete": 88, "terminated": 1}
    seen = set()
    async with Bare().run_test(size=(80, 3)) as pilot:
        header = pilot.app.query_one(Header)
        for width in range(40, 130):
            await pilot.resize_terminal(width, 3)
            header.tell(Identity("orders"), counts=counts, freshness=FRESH, meter=[[(meter, QUIET)]])
            line = header.plain
            way = next(n for n, words in enumerate(FRESH) if all(part in line for part, _ in words))
            assert "✗" in line or way == 2, line
            assert meter in line or ("▲" not in meter and way == 2), line
            seen.add((way, meter in line, "■" in line))
    assert {(0, True, True), (1, True, True), (2, True, True)} <= seen


@pytest.mark.parametrize("width", [60, 80, 90])
async def test_what_is_read_stands_beside_a_pause_in_any_room(width):
    """The whole of it did not fit, and was cut to the name of the workflow."""
    reading = "read 38 of 50 · ~25 s · slow: 93 of 800 · esc stops"
    fresh = [[(reading + " · as of 12 s", QUIET)], [(reading, QUIET)], [("read 38 of 50", QUIET)]]
    async with Bare().run_test(size=(width, 3)) as pilot:
        header = pilot.app.query_one(Header)
        identity = Identity("orders", profile="d3300000")
        header.tell(identity, counts={}, freshness=fresh, meter=[[("▲ no reads for 20 s", QUIET)]])
        assert "orders" in header.plain
        assert "read 38 of 50" in header.plain
        assert "▲ no reads for 20 s" in header.plain


async def test_old_counts_are_faint_and_say_when_they_were_told():
    async with Bare().run_test(size=(120, 3)) as pilot:
        header = pilot.app.query_one(Header)
        for counted, note in ((5.0, ""), (25.0, "20s ago"), (200.0, "3m ago")):
            fresh = [[("as of 2 s", QUIET)]]
            header.tell(
                Identity("orders"), counts={"running": 41}, freshness=fresh, meter=(), counted=counted
            )
            assert ("ago" in header.plain) is bool(note)
            assert note in header.plain


@pytest.mark.parametrize("width", [80, 100, 140, 180])
async def test_old_counts_say_when_in_the_room_of_their_words(width):
    """Faint alone is no word, and six long counts filled the line to its end."""
    counts = {"running": 1204, "waiting": 4837, "errored": 8261, "queued": 12, "paused": 3, "complete": 88067}
    fresh = [[("as of 2 s · next 1 s", QUIET)], [("as of 2 s", QUIET)]]
    async with Bare().run_test(size=(width, 3)) as pilot:
        header = pilot.app.query_one(Header)
        header.tell(Identity("orders"), counts=counts, freshness=fresh, meter=(), counted=25.0)
        assert "8,261" in header.plain
        assert " 20s ago" in header.plain


WITH = [
    [("with ana: orders/order-8150", QUIET)],
    [("with ana: order-8150", QUIET)],
    [("with ana", QUIET)],
    [("with 1", QUIET)],
]


async def test_where_others_are_stands_before_words_and_reads():
    counts = {"waiting": 55, "paused": 1, "errored": 5, "complete": 88, "terminated": 1}
    async with Bare().run_test(size=(80, 3)) as pilot:
        header, said = pilot.app.query_one(Header), {}
        for width in (140, 80, 72, 60):
            await pilot.resize_terminal(width, 3)
            header.tell(
                Identity("orders", "acme-prod"),
                counts=counts,
                freshness=FRESH,
                meter=[[("budget 92 % used", QUIET)]],
                last=WITH,
                places=WITH[:2],
            )
            said[width] = header.plain
    assert "with ana: orders/order-8150" in said[140]
    assert "next 1 s · budget 92 % used" in said[140]
    assert "with ana: orders/order-8150" in said[80]
    assert "with ana: order-8150" in said[72]
    assert "✗5" in said[80]
    assert "2 s" in said[80]
    assert "with ana" in said[60]


METER = [[(words, QUIET)] for words in ("wfdash used 5 % of its request budget", "budget 5 % used")]


async def test_whose_budget_it_is_stands_where_no_count_loses_a_word():
    counts = {"running": 4, "waiting": 55, "errored": 5}
    seen = set()
    async with Bare().run_test(size=(80, 3)) as pilot:
        header = pilot.app.query_one(Header)
        for width in range(60, 140):
            await pilot.resize_terminal(width, 3)
            header.tell(Identity("orders"), counts=counts, freshness=FRESH, meter=METER)
            line = header.plain
            whose = "wfdash used 5 % of its request budget" in line
            assert not whose or "4 running  ◌ 55 waiting  ✗ 5 errored" in line, line
            assert whose or "budget 5 % used" in line, line
            seen.add(whose)
    assert seen == {True, False}


def test_budget_is_told_as_a_share_of_its_own_and_of_others(tmp_path):
    """A number out of 600 would ask whose it is, and in what time."""
    first, other = (Budget(clock=lambda: EPOCH, counter=SharedCounter(tmp_path / "spent")) for _ in range(2))
    for _ in range(18):
        first.take(Priority.FOREGROUND, "list")
    said = ["".join(text for text, _ in way).rstrip() for way in meter_pieces(first)]
    assert said == [
        "wfdash used 3 % of its request budget",
        "wfdash used 3 % of its budget",
        "budget 3 % used",
    ]
    for _ in range(12):
        other.take(Priority.FOREGROUND, "list")
    said = ["".join(text for text, _ in way).rstrip() for way in meter_pieces(other)]
    assert said == ["this wfdash used 2 % of the request budget, others 3 %", "budget 5 % used"]


@pytest.mark.parametrize("width", [60, 80, 100])
async def test_names_of_one_kind_are_told_apart_when_cut(width):
    """Both were `customer-order-fulfilm…`, and the profile stood where neither name was."""
    shown = []
    async with Bare().run_test(size=(width, 3)) as pilot:
        header = pilot.app.query_one(Header)
        for name in ("production", "staging"):
            workflow = f"customer-order-fulfilment-and-shipping-europe-west-{name}"
            identity = Identity(workflow, profile="acme")
            header.tell(identity, counts={}, freshness=FRESH, meter=[[("budget 5 % used", QUIET)]])
            shown.append(header.plain.split()[0])
            assert header.plain.split()[0].endswith(name[-3:])
    assert shown[0] != shown[1]
