"""Prompts, on the whole dashboard: what confirms, what does not, and what becomes of it."""

import asyncio

import pytest
from textual.events import Key, Paste

from tests.support.harness.dashboard import drive
from wfdash.demo.engine import verbs
from wfdash.demo.http.faults import InjectedFault
from wfdash.ui.actions.bulk import BulkScreen
from wfdash.ui.actions.chips import ActionChips
from wfdash.ui.actions.prompt import PromptScreen
from wfdash.ui.instances.list_keys import ListKeys

VERB_KEYS = ("instance.pause", "instance.terminate", "instance.terminate_rollback", "instance.restart")


def on(script, **options):
    async def main(dash):
        gate, loop = dash.app.context.gate, dash.app.context.clock
        gate.now, gate.stamp = loop, lambda event: loop()
        await script(dash)

    drive(main, **options)


def writes(dash):
    return [request for request in dash.server.state.requests if request.method in ("PATCH", "POST")]


def orders(dash):
    dash.world.look()
    return dash.world.workflows["orders"].by_id


def first(dash, *statuses):
    return next(key for key, each in reversed(orders(dash).items()) if each.status in statuses)


async def put_cursor(dash, identity):
    await dash.until(lambda: dash.app.root.table.move_to_key(identity))


async def asked(dash, action, *statuses):
    """Open the prompt of an action on an instance in one of these statuses, and let it be read."""
    identity = first(dash, *statuses)
    await put_cursor(dash, identity)
    await dash.press(action)
    await dash.passes(1)
    assert isinstance(dash.app.screen, PromptScreen)
    return identity


def chips(dash):
    return "\n".join(dash.app.root.query_one(ActionChips).plain)


def test_y_alone_confirms_and_the_chip_tells_what_happened():
    async def script(dash):
        identity = await asked(dash, "instance.pause", "waiting")
        assert "pause  1 instance in orders" in dash.text
        assert "── resume takes it back ─" in dash.text
        assert identity in dash.app.screen.panel.plain
        await dash.press("y")
        await dash.until(lambda: orders(dash)[identity].status == "paused")
        await dash.until(lambda: "paused after" in chips(dash))
        assert identity in chips(dash)
        assert len(writes(dash)) == 1
        assert not isinstance(dash.app.screen, PromptScreen)

    on(script)


@pytest.mark.parametrize("keys", [["enter"], ["y", "y"], ["y", "y", "y", "y"], ["x", "y"], ["space"], ["Y"]])
def test_what_confirms_nothing(keys):
    async def script(dash):
        identity = await asked(dash, "instance.terminate", "waiting")
        await dash.pilot.press(*keys)
        await dash.passes(2)
        assert writes(dash) == []
        assert orders(dash)[identity].status == "waiting"
        assert isinstance(dash.app.screen, PromptScreen)
        await dash.press("escape")
        assert not isinstance(dash.app.screen, PromptScreen)

    on(script)


def test_a_paste_confirms_nothing():
    async def script(dash):
        await asked(dash, "instance.terminate", "waiting")
        dash.app.post_message(Paste("yyyy"))
        await dash.passes(2)
        assert "a paste confirms nothing" in dash.text
        assert writes(dash) == []

    on(script)


def test_keys_typed_ahead_are_dropped():
    async def script(dash):
        await put_cursor(dash, first(dash, "waiting"))
        await dash.pilot.press("t", "y", "j", "enter", "q")
        await dash.passes(2)
        assert isinstance(dash.app.screen, PromptScreen)
        assert writes(dash) == []

    on(script)


def test_key_that_comes_before_a_prompt_could_be_read_is_named():
    """Lost without a word, it would be thought to have been done, or pressed again and again."""

    async def script(dash):
        await put_cursor(dash, first(dash, "waiting"))
        await dash.pilot.press("p")
        await dash.until(lambda: isinstance(dash.app.screen, PromptScreen))
        await dash.pilot.press("y")
        await dash.until(lambda: "y came before this could be read: press it again" in dash.text)
        await dash.passes(1)
        assert isinstance(dash.app.screen, PromptScreen)
        assert writes(dash) == []
        await dash.press("y")
        await dash.until(lambda: not isinstance(dash.app.screen, PromptScreen))
        await dash.until(lambda: writes(dash) != [])

    on(script)


def test_keys_ahead_of_a_prompt_from_the_palette_are_dropped():
    async def script(dash):
        await put_cursor(dash, first(dash, "waiting"))
        await dash.press("palette.open")
        await dash.type("instance.pause")
        dash.app.post_message(Key("enter", "\r"))
        for _ in range(1000):
            await asyncio.sleep(0)
            if len(dash.app.screen_stack) == 1:
                break
        assert dash.app.context.gate.closed, "the prompt is not there yet: a key would be the table's"
        await dash.passes(2)
        assert isinstance(dash.app.screen, PromptScreen)

    on(script)


def test_palette_and_quit_are_off_in_a_prompt():
    async def script(dash):
        await asked(dash, "instance.terminate", "waiting")
        await dash.press("ctrl+p")
        await dash.press("q")
        await dash.press("1")
        assert isinstance(dash.app.screen, PromptScreen)
        assert dash.app.is_running

    on(script)


def test_a_target_that_changes_meaning_leaves_only_esc():
    async def script(dash):
        identity = await asked(dash, "instance.terminate", "waiting")
        verbs.terminate(dash.world, orders(dash)[identity])
        await dash.until(lambda: "was waiting, now terminated: nothing sent" in dash.text)
        await dash.press("y")
        await dash.passes(1)
        assert isinstance(dash.app.screen, PromptScreen)
        assert writes(dash) == []
        await dash.press("escape")
        assert not isinstance(dash.app.screen, PromptScreen)

    on(script)


def test_rows_that_move_under_the_prompt_change_no_target():
    async def script(dash):
        identity = await asked(dash, "instance.terminate", "waiting")
        dash.app.root.query_one(ListKeys).action_sort_reverse()
        workflow = dash.world.workflows["orders"]
        dash.world.look()
        new = [dash.world.create(workflow, f"new-{number}", own=True).id for number in range(3)]
        view = dash.app.root.rows.view
        await dash.until(
            lambda: all(view.index_of(each) is not None or each in view.arrivals for each in new)
        )
        await dash.press("y")
        await dash.until(lambda: orders(dash)[identity].status == "terminated")
        assert [write.path.split("/")[-2] for write in writes(dash)] == [identity]

    on(script)


def test_what_would_do_nothing_says_so_and_asks_again():
    async def script(dash):
        await asked(dash, "instance.pause", "complete")
        assert "nothing is left to pause" in dash.text
        await dash.press("y")
        await dash.passes(1)
        assert writes(dash) == []
        await dash.press("!")
        await dash.passes(1)
        assert "nothing is left to pause" in dash.text
        assert "it is sent all the same" in dash.text
        assert "step is finished first" not in dash.text, "of a finished instance no step runs"
        await dash.press("y")
        await dash.until(lambda: "pause had no effect: the instance is complete" in chips(dash))
        assert len(writes(dash)) == 1

    on(script)


def test_bulk_needs_its_count_and_stops_with_exact_numbers():
    async def script(dash):
        root = dash.app.root
        await dash.until(lambda: len(root.rows.view) > 100)
        waiting = [key for key, each in orders(dash).items() if each.status in ("complete", "errored")]
        root.rows.marks.mark(waiting)
        total = len(waiting)
        await dash.press("instance.restart")
        await dash.passes(1)
        assert f"type {total}, then y" in dash.text
        await dash.press("y")
        await dash.passes(1)
        assert writes(dash) == []
        await dash.press("0")
        await dash.passes(1)
        await dash.press("y")
        assert f"before y type {total}" in dash.text
        assert dash.app.screen.asking.typed == "0"
        await dash.press("backspace")
        dash.server.state.latency = 0.2
        for digit in str(total):
            await dash.press(digit)
        await dash.passes(1)
        await dash.press("y")
        await dash.until(lambda: isinstance(dash.app.screen, BulkScreen))
        await dash.until(lambda: len(writes(dash)) > total // 2)
        assert " left" in dash.text
        await dash.press("escape")
        await dash.until(lambda: not isinstance(dash.app.screen, BulkScreen))
        assert f"of {total} · " in chips(dash)
        assert chips(dash).endswith("X shows it")
        await dash.press("bulk.show")
        await dash.until(lambda: isinstance(dash.app.screen, BulkScreen))
        await dash.press("x")
        trail = dash.app.screen.progress
        await dash.until(lambda: trail.answered, 600)
        sent = len(writes(dash))
        counts = dict(trail.counts())
        assert f"{sent} restarted" in dash.text
        assert total // 2 < sent < total
        assert counts == {"done": sent, "skipped": total - sent}
        assert len(root.rows.marks) == total, "marks stay"
        await dash.press("m")
        assert set(root.rows.marks.ids) == set(trail.failed)
        assert len(trail.failed) >= total - sent
        assert len({write.path for write in writes(dash)}) == sent

    on(script)


def test_production_wants_the_workflows_name_for_what_destroys():
    async def script(dash):
        identity = await asked(dash, "instance.terminate", "waiting")
        assert "PRODUCTION" in dash.text
        assert "type orders, then y" in dash.text
        for letter in "orders":
            await dash.press(letter)
        await dash.passes(1)
        await dash.press("y")
        await dash.until(lambda: orders(dash)[identity].status == "terminated")
        await asked(dash, "instance.pause", "waiting")
        assert "type orders" not in dash.text

    on(script, production=True)


@pytest.mark.parametrize("action", VERB_KEYS)
def test_read_only_opens_no_prompt_and_says_why(action):
    async def script(dash):
        await put_cursor(dash, first(dash, "waiting"))
        await dash.press(action)
        await dash.passes(1)
        assert not isinstance(dash.app.screen, PromptScreen)
        assert "read-only: this session is read-only until you quit" in dash.text
        assert not dash.app.context.gate.closed

    on(script, read_only=True)


def test_event_goes_to_the_instance_under_the_cursor():
    async def script(dash):
        identity = first(dash, "waiting")
        await put_cursor(dash, identity)
        await dash.press("instance.send_event")
        await dash.until(lambda: dash.app.screen.query("WaitTable") and dash.app.screen.table.rows)
        waiter = dash.app.screen.targets()[0].id
        await dash.press("enter")
        await dash.type('{"ok": true}')
        await dash.press("enter")
        await dash.passes(1)
        assert isinstance(dash.app.screen, PromptScreen)
        await dash.press("y")
        await dash.until(lambda: writes(dash))
        (write,) = writes(dash)
        assert f"/{waiter}/events/approve" in write.path

    on(script)


def test_desk_goes_by_the_last_answer_it_has():
    """What was opened once is kept as it was: its wait may have got its event long ago."""

    async def script(dash):
        poller = dash.app.session.poller
        await dash.until(lambda: poller.row_details.progress[0] == poller.row_details.progress[1] > 20)
        await dash.press("instance.send_event")
        await dash.until(lambda: len(dash.app.screen.table.rows) > 3)
        waiter = dash.app.screen.table.rows[-1].instance
        assert " READ " in dash.text
        await dash.press("escape")
        dash.app.pages.show_instance("orders", waiter)
        await dash.until(lambda: poller.detail(waiter) is not None and poller.detail(waiter).detail)
        await dash.press("escape")
        opened = poller.detail(waiter).freshness.answered_at
        dash.app.root.rows.put_cursor(next(row.id for row in poller.store if row.status == "paused"))
        verbs.send_event(dash.world, orders(dash)[waiter], "approve", {})
        poller.want([waiter])
        await dash.until(lambda: poller.row_details.fact(waiter).read_at > opened + 1, 200)
        assert waiter in poller.store.active
        await dash.press("instance.send_event")
        await dash.until(lambda: len(dash.app.screen.table.rows) > 3)
        assert waiter not in [row.instance for row in dash.app.screen.table.rows]

    on(script, size=(140, 40))


def test_desk_keeps_its_instance_until_the_cursor_moves():
    """Whatever waits were read before its own, and whether it waits at all."""

    async def script(dash):
        poller = dash.app.session.poller
        await dash.until(lambda: poller.row_details.progress[0] == poller.row_details.progress[1] > 20)
        (quiet,) = [row.id for row in poller.store if row.status == "paused"]
        dash.app.pages.show_instance("orders", quiet)
        await dash.settled()
        await dash.press("instance.send_event")
        await dash.until(lambda: "waits for no event now" in dash.text)
        desk = dash.app.screen
        assert [row.id for row in desk.targets()] == [quiet]
        await dash.passes(3)
        await dash.press("row.open")
        assert f"send event to {quiet}" in dash.text
        await dash.press("escape", "k")
        assert [row.id for row in desk.targets()] == [desk.table.rows[0].instance]
        assert "waits for no event now" not in dash.text
        last = desk.table.rows[-1].instance
        await dash.press("escape", "escape")
        dash.app.pages.show_instance("orders", last)
        await dash.settled()
        await dash.pilot.press("v", "enter")
        await dash.settled()
        assert f"send event to {last}" in dash.text

    on(script)


def test_params_pasted_in_several_lines_are_taken_whole():
    async def script(dash):
        await dash.press("instance.create")
        await dash.press("tab")
        dash.app.post_message(Paste('{\r\n  "a": 1,\n  "b": [2]\n}\n'))
        await dash.until(lambda: '{ "a": 1, "b": [2] }' in dash.text)
        assert "ready: enter asks" in dash.text

    on(script)


def test_an_instance_is_created_with_the_id_that_was_proposed():
    async def script(dash):
        await dash.press("instance.create")
        await dash.passes(1)
        await dash.press("tab")
        await dash.type('{"a":')
        assert "params: line 1" in dash.text
        await dash.type("1}")
        assert "ready" in dash.text
        await dash.press("enter")
        await dash.passes(1)
        identity = dash.app.screen.plan.targets[0].id
        await dash.press("y")
        await dash.until(lambda: identity in orders(dash))
        assert orders(dash)[identity].params == {"a": 1}

    on(script)


def test_write_answered_403_turns_verbs_off_in_the_header():
    async def script(dash):
        dash.server.state.faults.append(InjectedFault.parse("403:1@PATCH"))
        await asked(dash, "instance.pause", "waiting")
        await dash.press("y")
        await dash.until(lambda: dash.app.desk.guard.read_only)
        await dash.until(lambda: dash.app.desk.last.over)
        await dash.press("escape")
        await dash.passes(2)
        assert "read-only" in dash.lines[0]
        await dash.press("instance.terminate")
        await dash.passes(1)
        assert not isinstance(dash.app.screen, PromptScreen)
        assert "the API refused a write" in dash.text
        assert len(writes(dash)) == 1

    on(script)


def test_a_prompt_about_one_leaves_the_rows_above_it_in_sight():
    async def script(dash):
        await asked(dash, "instance.terminate", "waiting")
        panel = dash.app.screen.panel
        assert panel.size.height == 10
        assert dash.lines[30].startswith("━━ destroys: it cannot be taken back ━")
        await dash.press("escape")
        await dash.passes(1)
        dash.app.root.query_one(ListKeys).action_mark_all()
        await dash.press("instance.terminate")
        await dash.passes(1)
        assert dash.app.screen.panel.size.height == 20

    on(script, size=(140, 40))


def test_a_form_says_all_of_what_is_wrong_and_its_keys():
    async def script(dash):
        await dash.press("instance.create")
        await dash.type("/not an id")
        said = " ".join(" ".join(line.split()) for line in dash.lines[-4:])
        assert "cannot be an instance id: 1 to 100 letters, digits, - and _" in said
        assert "tab next · ctrl+o editor · esc cancel" in said

    on(script, size=(80, 24))


def test_pause_of_many_is_taken_back_on_those_left_as_they_were():
    async def script(dash):
        root = dash.app.root
        await dash.until(lambda: len(root.rows.view) > 100)
        waiting = [key for key, each in orders(dash).items() if each.status == "waiting"][-4:]
        root.rows.marks.mark(waiting)
        await dash.press("instance.pause")
        await dash.passes(1)
        await dash.type("4")
        await dash.passes(1)
        await dash.press("y")
        await dash.until(lambda: isinstance(dash.app.screen, BulkScreen))
        await dash.until(lambda: "r resume these 4" in dash.text)
        await dash.passes(20)
        verbs.resume(dash.world, orders(dash)[waiting[0]])
        await dash.until(lambda: "r resume these 3" in dash.text)
        await dash.press("instance.resume")
        await dash.passes(1)
        assert isinstance(dash.app.screen, PromptScreen)
        assert {target.id for target in dash.app.screen.plan.targets} == set(waiting[1:])
        assert "type 3, then y" in dash.text

    on(script)
