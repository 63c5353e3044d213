"""Leaving while an action on many runs or is followed: asked, and answered by the same key later."""

import pytest

from tests.support.harness.dashboard import drive
from wfdash.core.model.instance import Instance
from wfdash.core.verbs.outcome import Outcome
from wfdash.live.actions.plan import Guard, Result, make_plan
from wfdash.live.actions.progress import ActionProgress

BOTH = "ab"


def restart(d):
    rows = [Instance(each, "errored") for each in BOTH]
    progress = ActionProgress(make_plan("restart", "orders", rows, now=0.0, guard=Guard()), 0.0)
    d.app.desk.actions.append(progress)
    return progress


def follow(progress, *, ended=""):
    for each in BOTH:
        said = (
            progress.plan.key,
            1.0,
            "orders",
            each,
            "restart",
            "errored",
            "queued",
            "queued",
            Outcome.DONE,
        )
        progress.take(Result(*said, ended=ended, followed=not ended))


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
@pytest.mark.parametrize("followed", [False, True], ids=["sent", "followed"])
def test_leaving_is_asked_about_and_a_double_click_is_no_answer(key, followed):
    async def script(d):
        progress = restart(d)
        if followed:
            follow(progress)
        question = "2 runs not ended yet" if followed else "restart of 2 instances still runs"
        await d.press(key)
        await d.press(key)
        await d.until(lambda: question in d.text)
        assert d.app.is_running
        await d.passes(1)
        await d.press(key)
        assert d.app.return_code == 0

    drive(script)


def test_leaving_is_not_asked_about_once_all_has_ended():
    async def script(d):
        follow(restart(d), ended="complete")
        await d.press("q")
        assert d.app.return_code == 0

    drive(script)
