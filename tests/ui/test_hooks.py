"""`[[hooks]]` in the dashboard: for what a command runs, and where none ever does."""

import pytest

from tests.support.harness.dashboard import drive
from wfdash.config.own_commands import OwnHook
from wfdash.core.handoff.handover import Handover
from wfdash.demo.engine import verbs

HOOKS = (
    OwnHook("status:terminated", ("/no/such/program",)),
    OwnHook("rate:unusual", ("/no/such/rate",)),
    OwnHook("cause:new", ("/no/such/cause",)),
)


def test_a_filter_runs_for_the_status_that_it_shows():
    async def script(d):
        await d.until(lambda: d.app.hooks._runner is not None and d.app.hooks._runner._holds)
        waiting = next(d.world.workflows["orders"].walk(newest_first=True, status="waiting"))
        verbs.terminate(d.world, waiting)
        await d.until(lambda: d.app.hooks.ran)
        run = d.app.hooks.ran[0]
        assert (run.hook.on, run.change.id) == ("status:terminated", waiting.id)
        assert run.change.facts == {"from": "waiting", "to": "terminated"}
        assert "cannot be run" in run.failure
        await d.press("budget.open")
        assert f"/no/such/program for {waiting.id}, terminated: " in d.text
        assert [run.hook.on for run in d.app.hooks.ran] == ["status:terminated"]

    drive(script, demo=False, hooks=HOOKS, size=(160, 40))


def test_words_of_a_command_go_where_the_session_began_early():
    """With the page on which it was said closed after that: a timer without an app would end the program."""

    async def script(d):
        await d.until(lambda: d.app.hooks._runner is not None and d.app.hooks._runner._holds)
        await d.press("budget.open")
        verbs.terminate(d.world, next(d.world.workflows["orders"].walk(newest_first=True, status="waiting")))
        await d.until(lambda: "/no/such/program for " in d.lines[-1])
        await d.until(lambda: "/no/such/program for " not in d.lines[-1])
        await d.press("layer.close")
        assert "no filter" in d.lines[1]

    drive(script, demo=False, hooks=HOOKS, early=True)


@pytest.mark.parametrize("where", [{"demo": True}, {"demo": False, "handover": Handover(1.7e9)}])
def test_nothing_runs_in_the_demo_and_from_a_handover(where):
    async def script(d):
        await d.passes(5)
        assert d.app.hooks._runner is None

    drive(script, hooks=HOOKS, **where)
