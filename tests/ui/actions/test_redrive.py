"""Redrive by its key: the plan as a table, read while esc still stops it, and one write an id."""

import re

import pytest

from tests.support.harness.typing import Keyboard
from tests.ui.actions.test_actions import chips, on, put_cursor, writes
from tests.ui.actions.test_prompt_keys import rows
from wfdash.core.rows.store import Delta
from wfdash.core.verbs.redrive import redrive_point
from wfdash.demo.http.credentials import ACCOUNT_ID
from wfdash.live.actions.plan import GONE
from wfdash.live.actions.plan_lines import read_plan
from wfdash.live.polling.events import Update
from wfdash.live.polling.read_instance import read_answer
from wfdash.ui.actions.bulk import BulkScreen
from wfdash.ui.actions.prompt import PromptScreen

PARCELS = {"scenario": "half-fixed-deploy", "workflow": "parcels"}


def parcels(dash, status="errored"):
    return [row.id for row in dash.app.session.poller.store if row.status == status]


async def planned(dash):
    """The plan is read, and what it says could have been looked at."""
    await dash.until(lambda: isinstance(dash.app.screen, PromptScreen))
    await dash.until(lambda: not dash.app.screen.asking.answers.reading)
    await dash.passes(1)


async def start_of(dash, identity):
    answer = await dash.app.session.api.get_instance("parcels", identity)
    return redrive_point(read_answer("parcels", identity, answer)).target


def test_one_is_restarted_from_the_step_it_failed_at():
    async def script(dash):
        identity = parcels(dash)[-1]
        start = await start_of(dash, identity)
        await put_cursor(dash, identity)
        await dash.press("instance.redrive")
        await planned(dash)
        row = dash.line(f"   {identity} ")
        assert f'"{start.name}"' in row
        assert "events that were kept for a later wait are dropped" in " ".join(dash.text.split())
        await dash.press("y")
        await dash.until(lambda: writes(dash))
        await dash.until(lambda: "redrive" in chips(dash) and dash.app.desk.last.over)
        (write,) = writes(dash)
        assert identity in write.path

    on(script, **PARCELS)


def test_table_names_what_runs_twice_and_what_cannot():
    async def script(dash):
        failed, done = parcels(dash)[:20], parcels(dash, "complete")[:2]
        dash.app.root.rows.marks.mark([*done, *failed])
        await dash.press("instance.redrive")
        await planned(dash)
        points = dash.app.screen.asking.answers.points
        assert set(points) == set(failed)
        eligible = [each for each in failed if not points[each].reason]
        assert f"{len(eligible)} instances of 22 chosen" in dash.text
        assert f"type {len(eligible)}, then y" in dash.text
        assert any('"book van"' in line for line in dash.lines) == any(
            step.name.startswith("book van") for each in eligible for step in points[each].repeated
        )
        for _ in range(22):
            await dash.press("down")
        assert f"   {done[-1]}  not redriven" in " ".join(dash.lines)
        assert "2 skipped: complete: no step failed" in dash.text
        await dash.press("!")
        await dash.press("escape")
        assert writes(dash) == []

    on(script, **PARCELS)


def test_prompt_looks_at_what_an_answer_told_of(monkeypatch):
    async def script(dash):
        ids = parcels(dash)[:300]
        store = dash.app.session.poller.store
        dash.app.root.rows.marks.mark(ids)
        await dash.press("instance.redrive")
        await planned(dash)
        prompt, looked, get = dash.app.screen, [], store.get
        await dash.until(lambda: not prompt._unseen)
        monkeypatch.setattr(store, "get", lambda identity: looked.append(identity) or get(identity))
        dash.app.action_poll_freeze()
        for _ in range(10):
            prompt.watch_targets()
        assert not set(looked) & set(ids)
        dash.app.session.poller.sink.saw_status("parcels", ids[7], "running", 10**6)
        prompt.live(Update(delta=Delta(changed=(ids[7], "another"))))
        looked.clear()
        prompt.watch_targets()
        assert looked == [ids[7]]
        assert prompt.asking.changed == {ids[7]: "running"}
        dash.app.session.poller.sink.saw_gone("parcels", ids[8])
        await dash.until(lambda: prompt.asking.changed == {ids[7]: "running", ids[8]: GONE})
        dash.app.session.poller.sink.saw_status("parcels", ids[7], "errored", 10**6 + 1)
        await dash.until(lambda: prompt.asking.changed == {ids[8]: GONE})

    on(script, **PARCELS)


def test_warnings_that_have_no_room_are_read_with_tab():
    async def script(dash):
        dash.app.root.rows.marks.mark(parcels(dash)[:20])
        await dash.press("instance.redrive")
        await planned(dash)
        last = "Cloudflare does not say which version runs then; it may be the one that failed"
        assert "more lines: tab shows all that is said" in dash.text
        assert last not in " ".join(dash.text.split())
        await dash.press("tab")
        assert "side effects happen twice" in dash.text
        for _ in range(12):
            await dash.press("down")
        assert last in " ".join(dash.text.split())
        assert "then y" in dash.text
        await dash.press("tab")
        assert dash.line("INSTANCE")
        await dash.press("escape")
        assert writes(dash) == []

    on(script, **PARCELS, size=(60, 15))


def test_esc_stops_the_reading_and_nothing_is_sent():
    async def script(dash):
        dash.app.root.rows.marks.mark(parcels(dash)[:30])
        dash.server.state.latency = 1.0
        await dash.press("instance.redrive")
        await dash.until(lambda: "reading the steps of 3 of 30" in dash.text)
        await dash.press("y")
        await dash.press("escape")
        asked = len(dash.server.state.requests)
        assert not isinstance(dash.app.screen, PromptScreen)
        await dash.passes(20)
        details = [
            request for request in dash.server.state.requests[asked:] if "/instances/parcel-" in request.path
        ]
        assert len(details) < 30
        assert writes(dash) == []

    on(script, **PARCELS)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_plan_fits_and_keeps_its_warnings_and_targets(size):
    async def script(dash):
        dash.app.root.rows.marks.mark(parcels(dash)[:12])
        await dash.press("instance.redrive")
        await planned(dash)
        said = " ".join(dash.text.split())
        assert "INSTANCE FROM KEEPS AGAIN TWICE" in said
        assert "does not say which version runs then" in said
        assert "then y" in dash.lines[-1] or "then y" in dash.text
        assert sum("   parcel-" in line for line in dash.app.screen.panel.plain.split("\n")) >= 3
        assert "ctrl+s plan to a file" in dash.app.screen.panel.plain
        warnings = [line for line in dash.app.screen.panel.plain.split("\n") if "parcel-" not in line]
        assert not any("…" in line for line in warnings), "no warning is cut"

    on(script, size=size, **PARCELS)


def test_group_of_errors_is_redriven_from_its_page():
    async def script(dash):
        await dash.press("errors.open")
        await dash.until(lambda: dash.app.screen.group_table.chosen is not None)
        await dash.press("instance.redrive")
        await dash.type("o")
        await planned(dash)
        ids = [target.id for target in dash.app.screen.plan.eligible]
        await dash.type(str(len(ids)) if len(ids) > 1 else "")
        await dash.passes(1)
        await dash.press("y")
        await dash.until(lambda: len(writes(dash)) == len(ids))
        assert sorted(write.path.split("/")[-2] for write in writes(dash)) == sorted(ids)

    on(script, **PARCELS)


def test_redrive_of_a_running_one_says_why_not():
    async def script(dash):
        await put_cursor(dash, parcels(dash, "complete")[0])
        await dash.press("instance.redrive")
        await dash.passes(1)
        assert "it is complete: no step failed" in dash.text
        assert "ask all the same" not in dash.text
        await dash.press("y")
        await dash.passes(1)
        assert writes(dash) == []

    on(script, **PARCELS)


async def canary(dash, ids, first):
    """Asks for a redrive of these and sends so many of them first."""
    dash.app.root.rows.marks.mark(ids)
    await dash.press("instance.redrive")
    await planned(dash)
    await dash.type(f"first {first}")
    await dash.passes(1)
    assert f"redrive {first}, the rest once these are complete" in dash.text
    assert "these have 10 m to end; where one fails the rest is held until you decide" in dash.text
    await dash.press("y")
    await dash.until(lambda: dash.app.desk.last is not None)
    return dash.app.desk.last


def test_rest_is_sent_once_the_first_ones_are_complete():
    async def script(dash):
        dash.world.workflows["parcels"].deploy(dash.world.clock())
        trail = await canary(dash, parcels(dash)[-8:], 2)
        await dash.until(lambda: "the rest waits for these 2" in trail.line(dash.app.context.clock()))
        assert len(writes(dash)) == 2
        await dash.until(lambda: trail.over, 900)
        eligible = len(trail.plan.eligible)
        assert len(writes(dash)) == eligible
        await dash.until(lambda: f"{eligible} restarted · {eligible} complete" in dash.text)

    on(script, **PARCELS)


def test_failed_canary_holds_the_rest_until_a_key_says_go():
    async def script(dash):
        dash.world.workflows["parcels"].restarts_on_newest = False
        trail = await canary(dash, parcels(dash)[-8:], 2)
        await dash.until(lambda: trail.held, 400)
        await dash.passes(60)
        assert len(writes(dash)) == 2
        assert "of the first 2 did not complete" in dash.text
        assert " left" not in dash.line(" 2 of "), "nothing goes on by itself"
        assert "g send the rest" in dash.text
        await dash.press("g")
        await dash.until(lambda: trail.over, 900)
        eligible = len(trail.plan.eligible)
        assert len(writes(dash)) == eligible
        assert f"{eligible} restarted" in dash.text
        assert "failed again at" in dash.text
        await dash.press("m")
        assert set(dash.app.root.rows.marks.ids) == set(trail.failed)
        assert trail.failed

    on(script, **PARCELS)


def test_held_rest_is_sent_by_a_bare_key_that_came_alone():
    fell = []

    async def script(dash):
        dash.world.workflows["parcels"].restarts_on_newest = False
        trail = await canary(dash, parcels(dash)[-8:], 2)
        await dash.until(lambda: trail.held, 400)
        keyboard = Keyboard(dash)
        dash.app.action_poll_freeze()
        for pieces, gap in rows(b"g", (0.0, 0.09)):
            if not isinstance(dash.app.screen, BulkScreen):
                await keyboard.type(b"X", gap=1)
            assert isinstance(dash.app.screen, BulkScreen), (pieces, gap)
            await keyboard.type(*pieces, gap=gap)
            await keyboard.rest(0.6)
            if len(writes(dash)) != 2 or not trail.held:
                fell.append((pieces, gap))
                return
            while not isinstance(dash.app.screen, BulkScreen) and len(dash.app.screen_stack) > 1:
                await keyboard.type(b"\x1b[27u", gap=0.4)
        if not isinstance(dash.app.screen, BulkScreen):
            await keyboard.type(b"X", gap=1)
        await keyboard.type(b"g")
        await dash.until(lambda: len(writes(dash)) > 2)

    on(script, size=(80, 24), **PARCELS)
    assert fell == []


def test_held_rest_is_left_unsent_by_a_key():
    async def script(dash):
        dash.world.workflows["parcels"].restarts_on_newest = False
        trail = await canary(dash, parcels(dash)[-8:], 2)
        await dash.until(lambda: trail.held, 400)
        await dash.press("x")
        await dash.until(lambda: trail.over, 400)
        assert len(writes(dash)) == 2
        assert f"{len(trail.plan.eligible) - 2} not sent" in dash.text
        assert f" 2 of {len(trail.plan.eligible)}" in dash.text

    on(script, **PARCELS)


def test_any_other_words_before_the_y_send_nothing():
    async def script(dash):
        dash.app.root.rows.marks.mark(parcels(dash)[-8:])
        await dash.press("instance.redrive")
        await planned(dash)
        for words in ("first 99", "first 0", "5", "first"):
            await dash.type(words)
            await dash.passes(1)
            await dash.press("y")
            await dash.passes(1)
            assert writes(dash) == [], words
            for _ in words:
                await dash.press("backspace")

    on(script, **PARCELS)


def test_plan_is_written_to_a_file_and_nothing_is_sent(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def script(dash):
        dash.app.root.rows.marks.mark(parcels(dash)[-8:])
        await dash.press("instance.redrive")
        await planned(dash)
        await dash.press("ctrl+s")
        await dash.until(lambda: list(tmp_path.iterdir()))
        await dash.until(lambda: "plan of 8 instances written to" in " ".join(dash.text.split()))
        (path,) = tmp_path.iterdir()
        plan = dash.app.screen.plan
        targets = read_plan(path.read_text(), verb="redrive", where=ACCOUNT_ID, workflow="parcels")
        found = [(target.id, target.restart_from, target.reason) for target in targets]
        assert found == [(target.id, target.restart_from, target.reason) for target in plan.targets]
        assert path.stat().st_mode & 0o777 == 0o600
        assert isinstance(dash.app.screen, PromptScreen)
        assert writes(dash) == []

    on(script, **PARCELS)


def test_plan_of_what_nothing_is_sent_to_is_not_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def script(dash):
        by_id = dash.world.workflows["parcels"].by_id
        undone = [identity for identity in parcels(dash) if rolled_back(by_id[identity])][:3]
        dash.app.root.rows.marks.mark(undone)
        await dash.press("instance.redrive")
        await dash.until(lambda: "from the beginning instead" in dash.text)
        await dash.press("ctrl+s")
        await dash.until(lambda: "nothing of it would be sent: no plan was written" in dash.text)

    on(script, **PARCELS)
    assert list(tmp_path.iterdir()) == []


def test_rolled_back_ones_are_offered_a_restart_of_their_own():
    async def script(dash):
        by_id = dash.world.workflows["parcels"].by_id
        undone = [identity for identity in parcels(dash) if rolled_back(by_id[identity])]
        dash.app.root.rows.marks.mark([*undone[:3], *parcels(dash)[-4:]])
        await dash.press("instance.redrive")
        await planned(dash)
        number = len(dash.app.screen.asking.rolled_back)
        assert number >= len(undone[:3]) > 0
        assert re.search(r"! restart (it|these \d+) from the beginning instead", dash.text)
        await dash.press("!")
        await dash.passes(1)
        plan = dash.app.screen.plan
        assert plan.verb == "restart"
        assert set(undone[:3]) <= {target.id for target in plan.eligible}
        assert len(plan.targets) == number
        assert writes(dash) == []

    on(script, **PARCELS)


def rolled_back(instance):
    return instance.status == "errored" and any(
        entry.kind == "rollback" for entry in (instance.run.entries if instance.run else ())
    )


def test_key_is_told_in_the_list_where_something_failed():
    async def script(dash):
        await put_cursor(dash, parcels(dash, "complete")[0])
        assert "R redrive" not in dash.lines[-1]
        await put_cursor(dash, parcels(dash)[0])
        assert "enter open  R redrive" in dash.lines[-1]

    on(script, size=(80, 24), **PARCELS)
