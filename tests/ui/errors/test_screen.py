"""The page of causes over the simulated incident: what a person reads, opens, marks and lists there."""

import asyncio
import re

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import drive, opened
from wfdash.core.triage.anomalies import Oddity
from wfdash.core.triage.error_groups import Sample, VersionShare, group
from wfdash.core.triage.fingerprint import Fingerprint
from wfdash.live.watcher import Watcher
from wfdash.ui.detail.pane import DetailPane
from wfdash.ui.errors import version_lines
from wfdash.ui.errors.example import ExampleRoom
from wfdash.ui.errors.group_table import GroupTable
from wfdash.ui.errors.version_lines import VersionShares
from wfdash.ui.widgets.text_lines import TextLines


def incident(script):
    """Run a script on the errors page, once some causes were read."""

    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=(170, 40)) as dashboard:
            await dashboard.press("errors.open")
            causes = dashboard.app.session.poller.error_samples
            await dashboard.until(lambda: causes.since_found and len(causes.compared.rows()[1]) > 200)
            await script(dashboard, dashboard.app)

    simulate(main())


def shown(table):
    return [table.render_row(n, 168, False).text for n in range(table.row_count())]


def test_the_cause_is_said_in_one_sentence_and_heads_the_table():
    async def script(dashboard, app):
        said = app.screen.query_one("#summary", TextLines).plain
        assert 'TimeoutError at "charge card"' in said
        assert "only on version ccf99991 (" in said
        assert "deployed " in said
        assert "first failure " in " ".join(said.split())
        first = shown(app.screen.group_table)[0]
        assert "TimeoutError: connect to payments.internal:443 timed out after <duration>" in first
        assert "charge card" in first

    incident(script)


def test_fifty_answers_in_a_second_are_a_few_draws():
    """Each moves most of the page: over a slow link the last of them came half a second late."""

    async def main():
        world, seen = build("incident", clock=asyncio.get_running_loop().time), []
        async with opened(world=world, size=(140, 40)) as dashboard:
            dashboard.server.state.latency = 0.05
            causes = dashboard.app.session.poller.error_samples
            await dashboard.pilot.press("E")
            while not causes.listing.is_listed or causes.progress[0] < causes.progress[1]:
                await asyncio.sleep(0.01)
                if (text := dashboard.text.partition("\n")[2]) not in seen[-1:]:
                    seen.append(text)
            assert causes.progress[0] >= 30
            began = dashboard.app.context.clock()
            await dashboard.until(lambda: 'TimeoutError at "charge card"' in dashboard.text)
            assert dashboard.app.context.clock() - began <= 0.25, "the last one is not waited for"
        assert len(seen) < 12

    simulate(main())


def test_example_is_drawn_once_where_it_stays():
    """Over a slow link each further drawing of it is a quarter of a second."""

    async def main():
        world, heads, firsts = build("incident", clock=asyncio.get_running_loop().time), [], set()
        async with opened(world=world, size=(140, 40)) as dashboard:
            dashboard.server.state.latency = 0.05
            causes = dashboard.app.session.poller.error_samples
            await dashboard.pilot.press("E")
            began = dashboard.app.context.clock()
            while dashboard.app.context.clock() - began < 4:
                await asyncio.sleep(0.01)
                lines = dashboard.lines
                at = next((n for n, line in enumerate(lines) if "── for example order-" in line), None)
                being_laid_out = dashboard.app.screen._layout_required
                if being_laid_out or at is None or " errored " not in lines[at + 1]:
                    continue
                heads.append((at, lines[at + 2].partition(":")[0], causes.progress))
                below = (n for n in range(at + 2, len(lines)) if "more below" in lines[n])
                firsts |= {lines[n + 1] for n in below}
        assert {head[1] for head in heads} == {' "charge card" gave up after 4 attempts'}
        assert len({head[0] for head in heads}) == 1, "what stands over it grows no more"
        assert heads[0][2][0] == heads[0][2][1], "all were read by then"
        assert len(firsts) == 1, "its rows are scrolled to where they stay"

    simulate(main())


def test_example_on_its_way_out_is_filled_no_more():
    """A page that closes loses its parts one after the other, and what was asked for before still comes."""

    async def script(dashboard, app):
        await dashboard.until(
            lambda: "── for example order-" in dashboard.text and app.screen.query(DetailPane)
        )
        room = app.screen.query_one(ExampleRoom)
        await room.query("#timeline").remove()
        room.show("order-1")

    incident(script)


def test_first_group_brings_its_keys_at_once():
    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=(80, 24)) as dashboard:
            await dashboard.pilot.press("E")
            seen = []
            while not seen or not dashboard.app.screen.group_table.row_count():
                await asyncio.sleep(0.01)
                seen.append(dashboard.lines[-1])
            # The clock ticks once a second; this is the same turn.
            await dashboard.pilot.pause()
            assert "enter open" not in seen[0]
            assert "enter open" in dashboard.lines[-1]

    simulate(main())


def test_nothing_is_odd_until_those_that_fail_were_read():
    """Of those that passed alone each that is being retried would be slow."""

    async def main():
        world, odd = build("incident", clock=asyncio.get_running_loop().time), set()
        async with opened(world=world, size=(80, 24)) as dashboard:
            poller = dashboard.app.session.poller
            await dashboard.until(lambda: len(poller.oddities()) > 3, 30)
            await dashboard.pilot.press("E")
            while poller.error_samples.progress[0] < poller.error_samples.progress[1] or not odd:
                await asyncio.sleep(0.01)
                odd.add("95 of 100 took" in dashboard.text)
            await dashboard.passes(1.0)
            odd.add("95 of 100 took" in dashboard.text)
        assert odd == {False}

    simulate(main())


def test_example_stands_with_its_steps_and_stays_the_same():
    async def script(dashboard, app):
        await dashboard.until(
            lambda: "── for example order-" in dashboard.text and "final, read" in dashboard.text
        )
        at = next(n for n, line in enumerate(dashboard.lines) if "── for example" in line)
        below = "\n".join(dashboard.lines[at:])
        assert "attempt 4 of 4" in below
        assert "TimeoutError: connect to payments.internal:443 timed out after 10000ms" in below
        assert "goes here" not in below, "no key leads to it"
        example, newest = dashboard.lines[at].split()[3], app.screen.group_table.chosen.samples[0].id
        await dashboard.until(lambda: app.screen.group_table.chosen.samples[0].id != newest, 60)
        assert dashboard.line("── for example").split()[3] == example

    incident(script)


def test_errors_page_says_none_only_after_the_list_is_read():
    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=(80, 24)) as dashboard:
            poller = dashboard.app.session.poller
            await dashboard.press("poll.freeze", "errors.open")
            await dashboard.settled()
            assert not poller.error_samples.listing.is_listed
            assert "not listed yet" in dashboard.lines[0]
            assert dashboard.line("then the errored instances are listed")
            assert "no errored instance is listed" not in dashboard.text
            assert '"charge card" failed 3 of 4;' not in dashboard.text, "as each of them does now"

    simulate(main())


def test_that_nothing_is_odd_is_said_whole_at_eighty_columns():
    async def main():
        async with opened(size=(80, 24)) as dashboard:
            await dashboard.press("errors.open")
            dashboard.app.screen.odd.rows = []
            dashboard.app.screen.odd.repaint()
            await dashboard.pilot.pause()
            wanted = " ".join(dashboard.text.partition("STUCK OR UNUSUAL")[2].split())
            assert "no row checked yet of" in wanted
            assert "none stuck" not in wanted, "nobody has looked yet"

    simulate(main())


def test_odd_ones_without_room_are_counted():
    async def main():
        async with opened(size=(80, 24)) as dashboard:
            await dashboard.press("errors.open")
            odd = dashboard.app.screen.odd
            for number in (1, 40):
                odd.rows = [Oddity("orders", f"o-{n}", "stuck", "x", 1.0) for n in range(number)]
                odd.repaint()
                await dashboard.pilot.pause()
                assert ("STUCK OR UNUSUAL, 40 in all" in dashboard.text) is (number == 40)

    simulate(main())


def test_the_version_to_blame_stands_first():
    async def script(dashboard, app):
        lines = app.screen.query_one("#beside", TextLines).plain.splitlines()
        versions = lines[next(n for n, line in enumerate(lines) if "VERSIONS" in line) + 1 :]
        assert versions[0].strip().startswith("ccf99991")

    incident(script)


def test_a_version_of_which_nothing_has_finished_has_no_share():
    async def script(dashboard, app):
        versions = VersionShares(dashboard.app.context)
        versions.shares = [VersionShare("feed" * 8, 0, 0, None), VersionShare("cafe" * 8, 1, 2, None)]
        lines = versions.lines(app.screen.poller, 80)
        _, feed, cafe = ("".join(text for text, _ in line) for line in lines)
        assert feed.startswith("  feedfeed")
        assert feed.endswith("  none known to have ended")
        assert "%" not in feed
        assert cafe.startswith("  cafecafe")
        assert "50 %  1 of 2 ended in error" in cafe
        versions._past, versions._open_read_at = 200, app.context.clock() - 70
        title = "".join(text for text, _ in versions.lines(app.screen.poller, 80)[0])
        assert "newest 0, open ones read within 2 m, 200 before the last deploy" in title

    incident(script)


def test_versions_are_not_compared_over_what_a_filter_left():
    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, filter="status:errored", size=(140, 40)) as dashboard:
            await dashboard.press("errors.open")
            await dashboard.until(lambda: dashboard.app.session.poller.error_samples.failures.groups)
            await dashboard.passes(6)
            assert dashboard.line("VERSIONS are compared over a list without a filter")
            assert "ended in error" not in dashboard.text

    simulate(main())


def test_age_of_listed_runs_is_not_a_versions_first_appearance():
    async def script(dashboard, app):
        for size in ((80, 24), (140, 40)):
            await dashboard.pilot.resize_terminal(*size)
            await dashboard.settled()
            found = dashboard.line("open, deployed")
            assert re.search(
                r"  ccf99991 .* in error, \d+ open, deployed [\d:]{8}( \(counted back to [\d:]{8}\))?$",
                found,
            )
            assert " ".join(dashboard.text.split()).count("first failure") == 1

    incident(script)


def test_enter_lists_the_group():
    async def script(dashboard, app):
        ids = {sample.id for sample in app.screen.group_table.chosen.samples}
        await dashboard.press("enter")
        await dashboard.until(lambda: app.screen is app.root and ids <= set(app.root.rows.view.ids()))
        assert "error~" in app.root.rows.query.text
        await dashboard.press("escape")
        assert app.pages.opened_by == "errors.open"
        assert app.root.rows.query.text == ""
        await dashboard.press("enter", "filter.edit", "enter", "escape")
        assert app.pages.opened_by == "errors.open", "the filter is the same still"
        await dashboard.press("enter")
        app.root.rows.filter_by("status:errored")
        await dashboard.press("escape")
        assert app.screen is app.root

    incident(script)


def test_esc_from_a_listed_group_puts_the_cursor_on_it():
    async def script(dashboard, app):
        await dashboard.press("down")
        chosen = app.screen.group_table.chosen.fingerprint
        await dashboard.press("enter")
        await dashboard.until(lambda: app.screen is app.root)
        await dashboard.press("escape")
        assert app.screen.group_table.chosen.fingerprint == chosen

    incident(script)


def test_space_marks_the_group_for_actions_and_takes_it_back():
    async def script(dashboard, app):
        ids = {sample.id for sample in app.screen.group_table.chosen.samples}
        assert {row.id for row in app.screen.targets()} == ids
        await dashboard.press("mark.toggle")
        await dashboard.type("o")
        assert set(app.root.rows.marks.ids) == ids
        await dashboard.press("mark.toggle")
        assert not app.root.rows.marks.ids

    incident(script)


def test_sampling_stops_when_the_page_is_left():
    async def script(dashboard, app):
        assert app.session.poller.error_samples.wanted
        await dashboard.press("escape")
        assert app.screen is app.root
        assert not app.session.poller.error_samples.wanted

    incident(script)


def test_tab_moves_to_what_is_odd():
    async def script(dashboard, app):
        await dashboard.until(lambda: app.screen.odd.row_count())
        await dashboard.press("tab")
        assert app.screen.odd.has_focus
        assert [row.id for row in app.screen.targets()] == [app.screen.odd.chosen.id]

    incident(script)


def test_esc_from_an_odd_one_leads_back_to_what_is_odd():
    async def script(dashboard, app):
        page = app.screen
        await dashboard.until(lambda: page.odd.row_count())
        await dashboard.press("tab")
        odd = page.odd.chosen.id
        await dashboard.press("enter")
        await dashboard.until(lambda: app.screen.opened_instance == odd)
        await dashboard.press("escape")
        assert app.screen is page
        assert page.odd.has_focus

    incident(script)


def test_group_is_listed_from_its_newest():
    """Wherever the cursor of the list was before."""

    async def script(dashboard, app):
        await dashboard.press("escape", "move.last")
        await dashboard.until(lambda: app.root.table.first > 50)
        await dashboard.press("errors.open")
        await dashboard.until(lambda: app.screen.group_table.row_count())
        await dashboard.press("enter")
        await dashboard.until(lambda: app.screen is app.root and app.root.rows.query)
        table = app.root.table
        assert (table.first, table.cursor) == (0, 0)

    incident(script)


def test_nothing_of_the_page_is_cut_at_60_columns():
    async def script(dashboard, app):
        await dashboard.pilot.resize_terminal(60, 24)
        await dashboard.settled()
        assert "read" in dashboard.lines[0]
        table = app.screen.group_table
        titles = table.header_line(60).text
        assert titles.rstrip().endswith("VERSION")
        assert "ended in error" in dashboard.text
        assert "counted back" not in dashboard.text

    incident(script)


def test_workflow_without_failures_does_not_wait_for_them():
    async def script(d):
        await d.press("errors.open")
        await d.until(lambda: "no instance of refunds is errored" in d.text)
        assert "has been read yet" not in d.text

    drive(script, workflow="refunds")


def test_an_account_without_workflows_is_not_waited_for():
    async def main():
        world = build("calm", clock=asyncio.get_running_loop().time)
        world.workflows.clear()
        async with opened(world=world, workflow="", size=(80, 24)) as dashboard:
            await dashboard.until(lambda: "This account has no workflows" in dashboard.text)
            await dashboard.press("errors.open")
            await dashboard.until(lambda: "no workflow is chosen yet; w lists them" in dashboard.text)
            assert "loading" not in dashboard.text

    simulate(main())


def test_an_old_count_of_errored_ones_says_its_age(monkeypatch):
    async def script(dashboard, app):
        assert " ago" not in dashboard.lines[0]
        monkeypatch.setattr(Watcher, "counted_at", property(lambda _: app.context.clock() - 50))
        app.screen.draw()
        await dashboard.settled()
        assert re.search(r"\d errored 50s ago · ", dashboard.lines[0])

    incident(script)


def test_active_ones_are_no_more_than_are_counted():
    """Rows far below the newest end between two lists of them: the younger counts say how many are left."""

    async def main():
        async with opened(size=(140, 40)) as dashboard:
            await dashboard.press("errors.open")
            await dashboard.until(lambda: " rows checked of " in dashboard.text)
            poller = dashboard.app.session.poller
            poller._feeds.counts.counts = {"waiting": 30, "running": 10, "complete": 9_000}
            assert len(poller.store.active) > 40
            assert dashboard.app.screen._checked().endswith(" rows checked of 40 active")

    simulate(main())


def test_versions_have_no_title_without_a_row():
    """In 15 lines it was the last one of the page."""

    async def script(d):
        await d.press("errors.open")
        await d.until(lambda: "for example" in d.text)
        await d.passes(3)
        assert "VERSIONS" not in d.text
        await d.pilot.resize_terminal(80, 24)
        await d.until(lambda: "VERSIONS" in d.text)

    drive(script, size=(60, 15), scenario="incident")


def test_headline_is_judged_once_for_what_it_rests_on(monkeypatch):
    judged, real = [], version_lines.headline

    def counted(groups, evidence, **times):
        judged.append(evidence.rows)
        return real(groups, evidence, **times)

    monkeypatch.setattr(version_lines, "headline", counted)

    async def script(dashboard):
        await dashboard.press("E")
        await dashboard.until(lambda: 'at "charge card"' in dashboard.text)
        await dashboard.press("poll.freeze")
        await dashboard.passes(6)
        screen, before = dashboard.app.screen, len(judged)
        for _ in range(20):
            screen.draw()
        assert len(judged) == before, "twenty drawings of what is there"
        said = dashboard.lines[1]
        await dashboard.passes(21)
        times = len(judged) - before
        assert 4 <= times <= 6, "the rows are counted every five seconds, the page is drawn every second"
        assert dashboard.lines[1] == said
        screen.draw()
        before = len(judged)
        dashboard.app.context.utc = not dashboard.app.context.utc
        screen.draw()
        assert len(judged) == before + 1, "its times are told otherwise"

    drive(script, scenario="incident")


@pytest.mark.parametrize(
    ("width", "step", "said"),
    [(140, "ship", "rolled back"), (80, "ship", "rolled back"), (80, "отправить письмо", "undone")],
)
def test_failed_rollbacks_of_a_group_are_never_cut(width, step, said):
    mark = Fingerprint("Error", f"no truck {'for the parcel ' * 9}", step, "94f4c227-1")
    table = GroupTable(clock=lambda: 0.0, utc=lambda: True)
    samples = [Sample(f"r-{n}", None, mark, not_undone=n < 2) for n in range(3)]
    table.rows = group([*samples, Sample("x", None, Fingerprint("Error", "declined", "pay", "94f4c227-1"))])
    line, other = (table.render_row(n, width, False).text for n in range(2))
    assert "Error: no" in line
    assert f", 2 not {said}  " in line
    assert "rolled back" not in other
