"""From a cold start to the cause in words, in a handful of keys, as somebody new would press them."""

import pytest

from tests.support.harness.dashboard import drive
from wfdash.keymap.actions import BY_ID

SENTENCE = r"TimeoutError at charge card, all on version"


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
@pytest.mark.parametrize("scenario", ["incident", "deploy-gone-wrong"])
def test_one_key_names_the_cause_and_one_more_lists_what_it_hit(scenario, size):
    async def script(d):
        await d.until(lambda: "orders" in d.text)
        await d.press(BY_ID["errors.open"].keys[0])
        await d.until(lambda: "read 50 of 50" in d.lines[0])
        errored = d.app.session.poller.counts["errored"]
        assert errored > 50
        told = f"read 50 of 50, the newest of {errored} errored", f"read 50 of 50 of {errored} errored"
        assert told[size[0] == 80] in d.lines[0]
        told = " ".join(d.lines[1:3])
        assert SENTENCE in told
        assert "after it first appeared" in told
        assert int(told.split(" of ")[0]) > int(told.split(" of ")[1].split(":")[0]) / 2
        assert d.app.pages.why_off("instance.restart") == ""
        await d.press("enter")
        assert "error~" in d.app.root.rows.query.text
        await d.until(lambda: len(d.app.root.rows.view) >= 20)
        assert "charge card: Time" in d.text

    drive(script, workflow="", scenario=scenario, size=size)


def test_the_errors_of_the_workflow_under_the_cursor_are_shown():
    async def script(d):
        await d.until(lambda: "refunds" in d.text)
        await d.press("j")
        chosen = d.app.screen.chosen_workflow()
        await d.press("errors.open")
        assert d.app.root.rows.workflow == chosen
        assert type(d.app.screen).__name__ == "ErrorsScreen"

    drive(script, workflow="", scenario="incident")
