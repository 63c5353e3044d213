"""An instance opened in the whole dashboard over the simulator: detail, inspector, comparison."""

import asyncio
import os
import re
import stat
from itertools import islice

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.dashboard import drive, opened, shop_world
from wfdash.live.records.export_files import save_stream
from wfdash.ui.detail.compare import CompareScreen
from wfdash.ui.detail.inspector import InspectorScreen
from wfdash.ui.detail.pane import DetailPane
from wfdash.ui.detail.screen import DetailScreen


def of_status(dashboard, status):
    store = dashboard.app.session.poller.store
    return next(identity for identity in store.ids() if store.get(identity).status == status)


async def open_first(dashboard, status, workflow="orders"):
    app = dashboard.app
    instance = of_status(dashboard, status)
    app.pages.show_instance(workflow, instance)
    await dashboard.until(lambda: isinstance(app.screen, DetailScreen))
    await dashboard.until(lambda: app.screen.pane.timeline.row_count())
    return instance


def test_the_pane_beside_the_table_follows_the_cursor():
    async def script(dashboard):
        app = dashboard.app
        await dashboard.press("j")
        # The rows go first: the pane is mounted as the cursor rests.
        await dashboard.until(lambda: app.root.beside.timeline and app.root.beside.timeline.row_count())
        pane = app.root.query_one("#beside", DetailPane)
        assert f" {app.root.table.instance}  " in pane.query_one("#head").plain
        before = app.root.table.instance
        await dashboard.press("pane.next")
        assert pane.timeline.has_focus
        await dashboard.press("j", "k")
        assert app.root.table.instance == before

    drive(script, size=(140, 40))


def test_unlisted_instance_is_read_whatever_happens_under_it():
    """Its answer takes longer than the cursor under it rests on the first row that came meanwhile."""

    async def script(dashboard):
        app, poller = dashboard.app, dashboard.app.session.poller
        orders = dashboard.world.workflows["orders"].walk(newest_first=False)
        old = next(order for order in orders if order.id not in poller.store)
        dashboard.server.state.latency = 1.0
        await dashboard.press("j")
        app.pages.show_instance("orders", old.id)
        await dashboard.until(lambda: (state := poller.detail(old.id)) and state.detail)

    drive(script, size=(140, 40), scenario="calm")


def test_row_under_the_cursor_is_read_when_a_page_closes():
    async def script(dashboard):
        app, poller = dashboard.app, dashboard.app.session.poller
        await dashboard.press("help.open")
        under = list(poller.store.ids())[7]
        app.root.rows.put_cursor(under)
        await dashboard.passes(5)
        assert poller.detail(under) is None
        await dashboard.press("layer.close")
        await dashboard.until(lambda: (state := poller.detail(under)) and state.detail, seconds=2)

    drive(script, size=(140, 40))


def test_errored_instance_says_what_gave_up_and_is_inspected():
    async def script(dashboard):
        app = dashboard.app
        await open_first(dashboard, "errored")
        assert "gave up after 6 attempts" in dashboard.text
        await dashboard.press("row.open")
        await dashboard.until(lambda: isinstance(app.screen, InspectorScreen))
        await dashboard.until(lambda: app.screen.tree_.row_count())
        assert "exponential from 10 s" in dashboard.text
        await dashboard.press("filter.edit")
        await dashboard.type("declined")
        node = app.screen.tree_.node
        assert node.path[0] in ("attempts", "instance")
        first, before = node.path, set(app.screen.tree_.unfolded)
        await dashboard.press("enter")
        second = app.screen.tree_.node.path
        assert second != first
        only = {second[:length] for length in range(len(second))}
        assert app.screen.tree_.unfolded - before <= only, "only the way to the place is unfolded"
        await dashboard.press("layer.close")
        assert app.screen.tree_.node.path == second, "the cursor stays where the search led"
        await dashboard.press("filter.edit")
        await dashboard.press("layer.close", "layer.close")
        assert isinstance(app.screen, DetailScreen)

    drive(script, size=(100, 30))


def test_step_looked_at_stays_when_the_instance_begins_anew():
    async def script(dashboard):
        app = dashboard.app
        instance = await open_first(dashboard, "errored")
        await dashboard.press("row.open")
        await dashboard.until(lambda: isinstance(app.screen, InspectorScreen))
        await dashboard.until(lambda: app.screen.tree_.row_count())
        before = app.screen.tree_.value
        assert before["success"] is False
        await app.session.api.change_status("orders", instance, "restart")
        gone = "not in the newest answer: the instance started again"
        await dashboard.until(lambda: gone in dashboard.text)
        assert "charge card  " in dashboard.text
        assert "this was read " in dashboard.text
        await dashboard.passes(30)
        assert app.screen.tree_.value == before

    drive(script, size=(140, 40))


def test_an_errored_run_against_the_last_success():
    async def script(dashboard):
        app = dashboard.app
        await open_first(dashboard, "errored")
        await dashboard.press("detail.compare")
        await dashboard.until(lambda: isinstance(app.screen, CompareScreen))
        await dashboard.until(lambda: "failed here and succeeded there" in dashboard.text)
        table = app.screen.query_one("#pairs")
        assert table.comparison.pairs[table.cursor].verdict != "same"
        looks = [part.style for part in table.render_row(table.cursor, 90, True) if "failed" in part.text]
        assert looks[0].color, "the verdict lost its colour under the cursor"
        assert "params" in dashboard.text
        instance = app.screen.instance
        await dashboard.press("instance.next")
        assert app.screen.instance != instance
        await dashboard.press("instance.previous")
        await dashboard.until(lambda: "failed here and succeeded there" in dashboard.text)
        assert app.screen.instance == instance
        await dashboard.press("layer.close")
        assert isinstance(app.screen, DetailScreen)

    drive(script, size=(100, 30))


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (140, 40)], ids=str)
def test_what_failed_stands_before_all_steps(size):
    async def script(dashboard):
        await open_first(dashboard, "errored")
        await dashboard.press("detail.compare")
        await dashboard.until(lambda: "failed here and succeeded there" in dashboard.text)
        lines = dashboard.lines
        title = next(n for n, line in enumerate(lines) if line.startswith("── ✗ failed"))
        steps = next(n for n, line in enumerate(lines) if " STEP " in line)
        assert title < steps
        assert lines[title + 1].startswith("   this ")
        assert any(line.startswith("   other ") for line in lines[title + 1 : steps])
        assert any("✗ failed" in line for line in lines[steps:]), "its row is in sight"
        assert lines[0].split()[2].startswith("orders/")
        if size[0] == 140:
            assert "PARAMS that differ" in lines[steps], "they stand beside the steps"
        else:
            assert "params differ in " in " ".join(lines[steps:]) or "PARAMS that differ" in dashboard.text

    drive(script, size=size)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=str)
def test_esc_from_the_other_run_leads_back_to_the_failed_one(size):
    async def script(dashboard):
        app = dashboard.app
        await open_first(dashboard, "errored")
        failed = app.screen.instance
        await dashboard.press("detail.compare")
        await dashboard.until(lambda: "compared with" in dashboard.text)
        await dashboard.press("row.open")
        other_ended = "complete   "
        await dashboard.until(lambda: isinstance(app.screen, DetailScreen) and other_ended in dashboard.text)
        assert app.screen.instance != failed
        await dashboard.press("escape")
        assert (type(app.screen), app.screen.instance) == (CompareScreen, failed)
        await dashboard.press("escape")
        assert (type(app.screen), app.screen.instance) == (DetailScreen, failed)
        assert app.session.poller.opened == failed, "it is the one that is read again"
        await dashboard.press("escape")
        assert app.root.rows.instance == failed
        assert app.root.rows.query.text == "status:errored"

    drive(script, size=size, filter="status:errored")


def test_the_last_success_is_asked_for_where_none_is_loaded():
    async def script(dashboard):
        poller = dashboard.app.session.poller
        await open_first(dashboard, "errored")
        assert not poller.store.statuses.get("complete")
        await dashboard.press("detail.compare")
        await dashboard.until(lambda: "failed here and succeeded there" in dashboard.text)
        orders = dashboard.world.workflows["orders"]
        late = [each.id for each in islice(orders.walk(newest_first=True, status="complete"), 5)]
        said = [f"compared with {each}, complete, of the same version, finished " for each in late]
        assert any(words in dashboard.text for words in said)
        assert "of the last 5 the one whose params differ least" in dashboard.text
        assert not poller.store.statuses.get("complete"), "the table keeps what was asked for"

    drive(script, size=(140, 40), filter="status:errored")


def test_a_workflow_without_a_success_says_so():
    async def script(dashboard):
        await open_first(dashboard, "errored")
        await dashboard.press("detail.compare")
        await dashboard.until(lambda: "no run of this workflow is complete" in dashboard.text)

    async def never_a_success():
        world = shop_world(asyncio.get_running_loop().time)
        orders = world.workflows["orders"]
        for each in list(orders.walk(newest_first=True, status="complete")):
            orders.forget(each)
        async with opened(world=world) as dashboard:
            await script(dashboard)

    simulate(never_a_success())


def test_a_success_that_expired_meanwhile_gives_way_to_the_next():
    async def script(dashboard):
        orders = dashboard.world.workflows["orders"]
        await open_first(dashboard, "errored")
        gone, following = islice(orders.walk(newest_first=True, status="complete"), 2)
        orders.forget(gone)
        await dashboard.press("detail.compare")
        await dashboard.until(lambda: f"compared with {following.id}, complete" in dashboard.text)

    drive(script, size=(140, 40))


def test_the_next_instance_with_the_detail_open():
    async def script(dashboard):
        app = dashboard.app
        first = await open_first(dashboard, "waiting")
        await dashboard.press("instance.next")
        assert app.screen.instance != first
        await dashboard.until(lambda: app.screen.instance in dashboard.text)
        await dashboard.press("instance.previous")
        assert app.screen.instance == first

    drive(script, size=(80, 24))


def test_a_stream_is_saved_where_only_this_user_reads_it(tmp_path):
    said = save_stream(b"\x00" * 2048, tmp_path / "outputs", "order/1", "../../evil\x1b")
    path = os.path.expanduser(said.rsplit(" ", 1)[1])
    assert said.startswith("2.0 kB saved as ")
    assert ".." not in path
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    again = save_stream(b"x", tmp_path / "outputs", "order/1", "../../evil\x1b").rsplit(" ", 1)[1]
    assert os.path.expanduser(again) != path


def test_enter_on_a_stream_says_its_size_and_saves_it():
    async def script(dashboard):
        app = dashboard.app
        instance = await open_first(dashboard, "complete", "billing")
        steps = app.session.poller.detail(instance).detail.steps
        invoice = next(step.index for step in steps if step.name == "render invoice-1")
        app.screen.pane.timeline.move_to_key(("step", invoice))
        await dashboard.press("enter")
        assert "16.4 kB; enter saves it" in dashboard.line("ReadableStream")
        await dashboard.press("enter")
        await dashboard.until(lambda: "16.4 kB saved as" in dashboard.text)
        assert f"{instance}-render-invoice-1" in dashboard.lines[-1]

    drive(script, workflow="billing", scenario="calm", size=(180, 40))


def test_timeline_says_how_many_rows_stand_below():
    async def script(dashboard):
        await open_first(dashboard, "errored")
        timeline = dashboard.app.screen.pane.timeline
        hidden = timeline.row_count() - timeline.page
        assert hidden > 0
        await dashboard.press("move.first")
        assert f" {hidden} more below · idle time cut" in dashboard.text
        await dashboard.press("move.last")
        assert " below · " not in dashboard.text
        assert " idle time cut" in dashboard.text

    drive(script, size=(80, 19))


def test_next_failure_says_when_there_is_no_other():
    async def script(dashboard):
        await open_first(dashboard, "errored")
        timeline = dashboard.app.screen.pane.timeline
        assert len(timeline.timeline.targets) == 1
        await dashboard.press("timeline.next")
        await dashboard.press("timeline.next")
        assert "no other step failed or was slow" in dashboard.lines[-1]

    drive(script, size=(140, 40))


def test_params_show_on_a_small_screen_while_steps_are_few():
    async def script(dashboard):
        await dashboard.until(lambda: "approve, " in dashboard.text)
        await dashboard.press("row.open")
        await dashboard.until(lambda: dashboard.line("── params ──"))
        assert "customer" in dashboard.text
        assert not dashboard.line(" params {"), "it would say in one line what stands there whole"
        assert re.search(r"← approve until \S+ ", dashboard.text)
        assert dashboard.lines[-1].endswith("? help")

    drive(script, size=(80, 24), filter="step~approval status:waiting")
