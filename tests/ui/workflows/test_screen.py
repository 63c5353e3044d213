"""All workflows on one screen: the worst first, and how each has gone lately."""

import asyncio
import re
from itertools import pairwise
from types import SimpleNamespace

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import drive, opened, shop_world
from tests.support.harness.work import instructions
from wfdash.api.interface import NEWEST
from wfdash.core.history.bucket import Tally
from wfdash.core.history.count_history import Trends
from wfdash.core.history.picture import Picture, picture
from wfdash.core.history.sentence import Finding
from wfdash.core.model.instance import Instance
from wfdash.core.model.workflow import Workflow
from wfdash.core.triage.error_groups import Sample
from wfdash.core.triage.fingerprint import Fingerprint
from wfdash.demo.engine import verbs
from wfdash.demo.engine.workflow import SimulatedWorkflow
from wfdash.demo.http.api import create_app
from wfdash.demo.http.faults import InjectedFault
from wfdash.demo.worlds import shop
from wfdash.live.feeds.workflow_rows import RowsOfWorkflow
from wfdash.ui.widgets.rule import Rule
from wfdash.ui.workflows.facts import Causes, WorkflowFacts
from wfdash.ui.workflows.pictures import Pictures, with_failures_read
from wfdash.ui.workflows.screen import WorkflowsScreen
from wfdash.ui.workflows.table import WorkflowTable, unusual_first

NOW = 1_795_262_400.0


def test_new_errors_come_before_old_ones_before_busy_rows():
    trends = Trends()
    before = [Workflow(name, counts={"errored": n}) for name, n in (("new", 1), ("old", 90), ("fine", 0))]
    trends.saw([*before, Workflow("busy", counts={"running": 5})], 0.0)
    after = [Workflow(name, counts={"errored": n}) for name, n in (("fine", 0), ("old", 90), ("new", 4))]
    after.append(Workflow("busy", counts={"running": 9}))
    trends.saw(after, 10.0)
    assert [each.name for each in unusual_first(after, trends)] == ["new", "old", "busy", "fine"]
    assert trends.delta("new", "errored") == 3
    assert trends.delta("unknown", "errored") == 0


def test_queue_that_stands_still_is_not_sorted_last():
    """Twelve had waited for forty minutes while all else was done, and stood below all of that."""
    trends = Trends()
    now = [
        Workflow("done", counts={"complete": 900}),
        Workflow("failed", counts={"errored": 4, "complete": 90}),
        Workflow("behind", counts={"queued": 12, "running": 3}),
        Workflow("alone", counts={"queued": 12}),
        Workflow("moves", counts={"queued": 40, "running": 3}),
    ]
    for at in range(0, 241, 60):
        trends.saw(now, at)
        now[-1] = Workflow("moves", counts={"queued": 40, "running": 3, "complete": at})
    trends.saw(now, 241.0)
    order = [each.name for each in unusual_first(now, trends)]
    assert order == ["alone", "behind", "failed", "moves", "done"]
    assert [each.name for each in unusual_first(now, Trends())][-1] == "done", "one look tells nothing"


def test_page_that_is_not_drawn_yet_is_not_empty():
    """Opened while the program was starting it had seven workflows in its top line and none below."""

    async def script(d):
        await d.press("workflows.open")
        await d.until(lambda: "refunds" in d.text)
        screen = d.app.screen
        table = screen.query_one(WorkflowTable)
        table.fill([], screen.poller.counts.trends, None)
        screen._draw()
        assert "no workflows" not in table.message
        screen.tick(d.app.context.clock())
        assert table.row_count() == len(screen.poller.counts.workflows)

    drive(script, size=(80, 24))


def test_rule_is_drawn_in_its_one_place_only(monkeypatch):
    """What stands elsewhere first is drawn twice at all lines, which a slow line takes long to show."""
    drawn, places = Rule.render_line, set()

    def noted(rule, y):
        places.add((type(rule.screen), rule.region.x))
        return drawn(rule, y)

    monkeypatch.setattr(Rule, "render_line", noted)

    async def script(d):
        await d.press("workflows.open")
        await d.until(lambda: "OPEN LONGEST" in d.text)
        (place,) = {x for screen, x in places if screen is type(d.app.screen)}
        assert d.lines[5][place] == "│"

    drive(script, size=(140, 40))


def test_samples_are_kept_half_an_hour_the_newest_last():
    trends = Trends()
    for second in range(0, 3 * 3600, 10):
        trends.saw([Workflow("orders", counts={"running": second})], float(second))
    history = trends.history("orders", "running")
    assert len(history) == 30
    assert history[-1] == 3 * 3600 - 10
    assert all(later - earlier == 60 for earlier, later in pairwise(history[1:-1]))
    assert trends.delta("orders", "running") == 3 * 3600 - 10


def drive_in(script, scenario, **options):
    async def main():
        world = build(scenario, clock=asyncio.get_running_loop().time)
        async with opened(world=world, workflow="", **options) as dashboard:
            await script(dashboard)

    simulate(main())


def test_rates_stand_beside_names_however_wide_the_screen():
    async def script(d):
        await d.until(lambda: "refunds" in d.text)
        title = d.line("WORKFLOW")
        assert title.index("FAILED") < 40

    drive(script, workflow="", size=(200, 30))


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_bad_deploy_comes_first_with_its_cause(size):
    async def script(d):
        await d.until(lambda: "WHY IT FAILED" in d.text and "charge card" in d.text, 60)
        rows = [row for row in d.lines if "╌" in row or "···" in row]
        assert d.lines[2].startswith("  orders"), "what failed most of late stands first"
        assert "version ccf99991" in d.text
        blank = [row for row in d.lines[1:-1] if not row.strip(" │")]
        assert len(blank) <= 4 + len(rows), "no blank half screen"
        if size == (140, 40):
            await d.until(lambda: "OPEN LONGEST" in d.text)
            right = [row.rpartition("│")[2].strip() for row in d.lines[1:-1]]
            assert right.count("") <= 6, "what one looks up next stands in what would be blank"
            instances = list(d.world.workflows["orders"].walk(newest_first=True))
            failed = [each for each in instances if each.status == "errored"]
            last = max(failed, key=lambda each: each.ended)
            assert last.id in d.line("✗ order-")
            assert d.line("◌ order-").rpartition("│")[2].split()[3] in ("waiting", "sleeping")
            assert "ccf99991" in "".join(right[right.index(next(r for r in right if "DEPLOYS" in r)) :])
        # The page below the newest is read in turn, and then there is a time before.
        await d.until(lambda: "errors rose from" in d.text, 600)
        rising = d.lines[2].split()
        assert int(rising[1]) > 30
        assert rising[3][-1] in "smh", "in how long"
        assert int(rising[4].lstrip("~")) < 15
        assert f"errors rose from {rising[4]} % to " in d.text, "one number for one thing"
        await d.until(lambda: "newest 10 read" in d.text, 120)
        assert re.search(r" of 10 +\w+Error: ", d.text), "the count does not touch the error"

    drive_in(script, "deploy-gone-wrong", size=size)


def test_failures_that_were_restarted_stay_in_the_rate():
    """The rows tell the last runs alone: after a repair of all there would be nothing that ever failed."""

    async def script(d):
        await d.until(lambda: "100 %" in d.text, 300)
        poller = d.app.screen.poller
        await d.until(lambda: not poller.workflow_rows.of["parcels"].is_short(d.app.context.clock()), 300)
        rows = poller.workflow_rows.of["parcels"]

        def errored():
            found = d.app.screen.pictures.of(poller)["parcels"]
            return found.before.errored + found.now.errored

        before, newest = errored(), list(d.world.workflows["parcels"].walk(newest_first=True))[:100]
        again = [each for each in newest if each.status == "errored"]
        assert len(again) > 20
        for instance in again:
            verbs.restart(d.world, instance)
        await d.until(lambda: all(rows.rows[each.id].status != "errored" for each in again), 300)
        assert errored() >= before

    drive_in(script, "fixed-deploy", size=(140, 40))


@pytest.mark.parametrize("page", ["errors.open", "history.open"])
def test_esc_from_a_page_of_the_chosen_one_leads_back(page):
    """It led to the list of that one, which nobody had opened."""

    async def script(d):
        await d.until(lambda: "refunds" in d.text, 60)
        while d.app.screen.chosen_workflow() != "refunds":
            await d.press("down")
        await d.press(page)
        assert d.app.pages.opened_by == page
        await d.until(lambda: "refunds" in d.lines[0])
        await d.press("layer.close")
        assert d.app.pages.opened_by == "workflows.open"
        assert d.app.screen.chosen_workflow() == "refunds"
        assert d.app.pages.at_root, "q leaves from where it began"
        await d.press("row.open")
        await d.until(lambda: d.app.screen is d.app.root and "refunds" in d.lines[0])
        await d.press("workflows.open")
        assert not d.app.pages.at_root, "the list was opened"

    drive_in(script, "incident", size=(80, 24))


def test_each_workflow_on_screen_costs_a_request_a_minute():
    async def script(d):
        poller = d.app.session.poller
        await d.until(lambda: len(poller.workflow_rows.of) == len(poller.counts.workflows) > 0, 60)
        chosen = poller.workflow_rows.of[poller.workflow_rows.wanted[0]]
        await d.until(lambda: not chosen.is_short(d.app.context.clock()), 60)
        d.server.state.requests.clear()
        began = d.app.context.clock()
        await d.passes(began + 120 - d.app.context.clock())
        lists = d.server.state.requests.of("GET", "/instances?")
        assert 1.5 * len(poller.counts.workflows) <= len(lists) <= 2.5 * len(poller.counts.workflows)
        await d.press("row.open")
        await d.until(lambda: d.app.screen is d.app.root)
        assert poller.workflow_rows.wanted == ()

    drive_in(script, "incident", size=(140, 40))


def test_workflow_that_goes_well_fills_the_room_at_the_right():
    """At 200x60 half of it stood empty: counts and deploys, and nothing that had failed or was open."""

    async def script(d):
        await d.until(lambda: "ENDED LAST" in d.text, 60)
        right = [row.rpartition("│")[2].strip() for row in d.lines[1:-1]]
        assert right.count("") <= 8
        newest = max(
            (each for each in d.world.workflows["parcels"].walk(newest_first=True) if each.final),
            key=lambda each: each.ended if each.status == "complete" else 0.0,
        )
        assert "complete, took " in d.line(f"✓ {newest.id}").rpartition("│")[2]

    drive_in(script, "fixed-deploy", size=(200, 60))


def test_list_knows_why_the_newest_failed_from_this_page():
    """It said of each that it was not read yet, a key after its cause had stood here."""

    async def script(d):
        await d.until(lambda: "newest 10 read" in d.text, 120)
        assert d.app.screen.chosen_workflow() == "orders"
        newest = [detail.id for detail in d.app.screen.pictures.read("orders")]
        assert len(newest) == 10
        d.server.state.latency = 5.0
        await d.press("row.open")
        await d.until(lambda: d.app.screen is d.app.root)
        why = d.app.session.poller.row_details.why
        assert all("charge card: " in why(identity).short for identity in newest)

    drive_in(script, "incident", size=(140, 40))


@pytest.mark.parametrize(
    ("failed", "thin", "said"),
    [(4_444_444, True, "   4,444,444 "), (44, True, "  44× in 21m "), (44, False, "    46 % 21m ")],
)
def test_rate_never_touches_the_name(failed, thin, said):
    """Twelve columns hold `44,444× in 21m` and no blank. Of the newest alone it is no rate, nor 44 of 95."""
    tally = Tally(complete=51, errored=failed)
    found = Picture(
        Finding(""), (None,) * 12, tally, None, None, None, 0.0, 95, 0, False, None, NOW - 1260, thin=thin
    )
    workflow = Workflow("a-very-long-workflow-name", counts={"errored": 44})
    table = WorkflowTable(clock=lambda: NOW)
    table.fill([workflow], Trends(), {workflow.name: found})
    row = "".join(segment.text for segment in table.render_row(0, 80, False))
    assert re.search(rf"…\S+{re.escape(said)}", row)


def test_lost_connection_is_a_sentence_and_counts_fade():
    async def script(d):
        table = d.app.screen.query_one(WorkflowTable)
        await d.until(lambda: "refunds" in d.text)
        assert not table.faded
        d.server.state.faults.append(InjectedFault.parse("500:1000"))
        await d.until(lambda: "▲ stale" in d.lines[0])
        (found,) = [line for line in d.lines if line.startswith(" ▲ ")]
        assert found.endswith("; wfdash keeps trying")
        assert "refunds" in d.text
        assert table.faded
        await d.press("poll.freeze")
        await d.until(lambda: "‖ frozen" in d.lines[0], 10)
        assert not any(line.startswith(" ▲ ") for line in d.lines), "nothing is tried any more"
        d.server.state.faults.clear()
        await d.press("poll.freeze")
        await d.until(lambda: "as of" in d.lines[0], 30)
        assert not table.faded

    drive(script, workflow="")


def test_what_is_open_longest_says_how_old_its_row_is():
    rows = [Instance("late", "waiting", 10.0, seen=700.0), Instance("fresh", "waiting", 20.0, seen=990.0)]
    facts = WorkflowFacts(Workflow("w"), None, Trends(), rows, False, {}, 1000.0, False, "E")
    late, fresh = ["".join(text for text, _ in line) for line in facts._open(60)]
    assert late.rstrip().endswith("waiting, listed 5m ago")
    assert fresh.rstrip().endswith("waiting")


def test_what_failed_last_may_be_older_than_all_that_are_loaded():
    """The causes said 10 s ago, and the column and the list beside it 5 m: of the newest created alone."""
    mark = Fingerprint("CardError", "declined", "charge", "v1")
    causes = Causes([Sample("old", 995.0, mark), Sample("row", 700.0, mark), Sample("again", 990.0, mark)])
    rows = [Instance("row", "errored", 500.0, ended=700.0), Instance("again", "running", 600.0)]
    facts = WorkflowFacts(Workflow("w"), causes, Trends(), rows, False, {}, 1000.0, False, "E")
    lines = ["".join(text for text, _ in line) for line in facts._failures(60)]
    assert [line.split()[1:3] for line in lines] == [["old", "<10s"], ["row", "5m"]]
    counted = picture(rows, now=1000.0, floor=500.0)
    assert counted.last_failure == 700.0
    assert with_failures_read(counted, causes.samples, {"row", "again"}).last_failure == 995.0


def test_charts_are_drawn_anew_seldom_while_rows_are_read(monkeypatch):
    """Each page moved all of them: a start over a thin line took 29 kB where 18 say the same."""
    drawn = []
    fill = WorkflowsScreen._fill

    def note(screen):
        rows = screen.poller.workflow_rows.of.get("orders")
        now = screen.context.clock()
        if rows is not None and rows.read_at is not None:
            drawn.append((now, rows.is_short(now), len(rows.rows)))
        fill(screen)

    monkeypatch.setattr(WorkflowsScreen, "_fill", note)

    async def script(d):
        await d.until(lambda: "LAST HOUR" in d.text and "errors rose" in d.text)
        await d.until(lambda: not drawn[-1][1])
        assert drawn[0][1], "the first page is drawn at once"
        assert drawn[-1][2] > 4 * drawn[0][2], "several pages were read"
        early = [at for at, is_short, _ in drawn if is_short]
        assert all(later - earlier >= 0.55 for earlier, later in pairwise(early))

    drive(script, workflow="", scenario="incident", serve=None)


def test_workflows_of_one_kind_are_told_apart_when_cut():
    names = [f"customer-order-fulfilment-and-shipping-europe-{end}" for end in ("west", "north")]
    table = WorkflowTable(clock=lambda: NOW)
    table.fill([Workflow(name) for name in names], Trends(), {})
    assert len({table.render_row(index, 80, cursor=False).text[:18] for index in (0, 1)}) == 2


@pytest.mark.parametrize(("size", "title"), [((80, 24), "WORKFLOW 10/30 "), ((140, 40), "WORKFLOW 18 of 30")])
def test_workflows_below_the_last_line_are_counted(size, title):
    async def main():
        world = shop_world(asyncio.get_running_loop().time)
        of = world.workflows["orders"]
        for number in range(28):
            name = f"worker-with-a-name-{number}"
            world.add_workflow(SimulatedWorkflow(name, shop.order, name, "Of", of.created, shop.order_params))
        async with opened(world=world, workflow="orders", size=size) as d:
            await d.press("workflows.open")
            await d.until(lambda: title in d.text)

    simulate(main())


def test_pictures_of_very_many_rows_are_not_all_counted_at_once():
    """Forty workflows of a thousand rows each took the loop for a tenth of a second, anew each minute."""
    rows = {}
    for number in range(40):
        rows[f"w{number}"] = read = RowsOfWorkflow()
        items = [
            Instance(f"i{n}", "errored" if n % 9 == 0 else "complete", NOW - n, NOW - n, NOW - n, NOW - n + 1)
            for n in range(1000)
        ]
        read.take(items, NEWEST, last=True, now=NOW)
    clock = [NOW]
    context = SimpleNamespace(clock=lambda: clock[0], utc=True)
    poller = SimpleNamespace(workflow_rows=SimpleNamespace(of=rows), counts=SimpleNamespace(all_at=None))
    pictures = Pictures(context)
    alone = instructions(lambda: Pictures(context).of(first_alone(poller)))
    assert instructions(lambda: pictures.of(poller)) < 6 * alone
    assert pictures.behind
    turns = 1
    while pictures.behind:
        found, turns = pictures.of(poller), turns + 1
    assert (len(found), turns) == (40, 10)
    clock[0] += 60  # all are as before, and there for as long as they are counted anew
    rows["w39"].number += 1
    before, found = found, pictures.of(poller)
    assert len(found) == 40
    anew = [name for name in found if found[name].finding is not before[name].finding]
    assert "w39" in anew
    assert len(anew) == 4


def first_alone(poller):
    [(name, rows), *_] = poller.workflow_rows.of.items()
    return SimpleNamespace(workflow_rows=SimpleNamespace(of={name: rows}), counts=poller.counts)


@pytest.mark.parametrize("page", ["errors", "history"])
def test_page_asked_for_before_the_table_is_there_opens_later(page):
    """A key may come in the turn that brings the list of workflows, which has no parts yet."""

    async def script(d):
        d.app.pages.close_all()
        d.app.pages.open("workflows")
        d.app.pages.show_of_chosen(page)
        await d.until(lambda: d.app.pages.opened_by == f"{page}.open")

    drive(script, workflow="")


def test_causes_are_read_over_a_line_slower_than_a_tick():
    """Each tick asks for them: it must not withdraw what the last one began, nor wait a minute then."""

    async def main():
        world = shop_world(asyncio.get_running_loop().time)
        async with opened(
            world=world, serve=create_app(world, latency=0.4), workflow="", size=(140, 40)
        ) as d:
            await d.until(lambda: "WHY IT FAILED" in d.text and "PaymentError" in d.text, 30)

    simulate(main())
