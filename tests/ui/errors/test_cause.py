"""From a cold start to the cause in words, in a handful of keys, as somebody new would press them."""

import re

import pytest

from tests.support.harness.dashboard import drive
from wfdash.keymap.actions import BY_ID

SENTENCE = 'TimeoutError at "charge card"'


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
@pytest.mark.parametrize("scenario", ["incident", "deploy-gone-wrong"])
def test_one_key_names_the_cause_and_one_more_lists_what_it_hit(scenario, size):
    async def script(d):
        await d.until(lambda: "orders" in d.text)
        await d.press(BY_ID["errors.open"].keys[0])
        samples = d.app.session.poller.error_samples
        await d.until(lambda: samples.since_found and samples.progress[0] == samples.progress[1] >= 50)
        errored = d.app.session.poller.status_counts["errored"]
        assert errored > 50
        assert re.search(rf"read \d\d of {errored} errored", d.lines[0])
        wanted = " ".join(" ".join(d.lines[1:4]).split())
        assert SENTENCE in wanted
        assert "only on version ccf99991 (" in wanted
        assert "first failure" in wanted
        found = re.search(r", (\d+) of (\d+) read: ", wanted)
        assert int(found[1]) > int(found[2]) / 2
        assert d.app.pages.why_off("instance.restart") == ""
        await d.press("enter")
        assert "error~" in d.app.root.rows.query.text
        await d.until(lambda: len(d.app.root.rows.view) >= 20)
        assert re.search("charge card: (TimeoutError|connect to)", d.text)

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
