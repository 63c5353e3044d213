"""The inspected value as the API gave it."""

import json

from tests.support.harness.dashboard import drive
from tests.ui.detail.test_screen import open_first
from wfdash.core.text.clean import cells
from wfdash.ui.detail.inspector import InspectorScreen


def test_inspected_step_stands_raw_one_key_away():
    async def script(dash):
        await open_first(dash, "errored")
        await dash.press("row.open")
        await dash.until(lambda: isinstance(dash.app.screen, InspectorScreen))
        await dash.until(lambda: dash.app.screen.tree_.row_count())
        assert "tab raw JSON" in dash.lines[-1]
        await dash.press("pane.next")
        assert '"name": "charge card-1",' in dash.text
        assert "tab parsed" in dash.lines[-1]
        answered = dash.app.screen.raw
        assert json.loads("".join(answered.row_text(at) for at in range(answered.row_count())))["attempts"]
        await dash.press("filter.edit")
        await dash.type("declined")
        assert dash.app.screen.tree_.node.path[0] in ("attempts", "instance"), "searched where it is parsed"
        await dash.press("layer.close", "pane.next", "pane.next")
        assert "▾ attempts" in dash.text

    drive(script, size=(300, 30))


def test_raw_text_of_any_kind_stays_in_its_lines():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    values = (
        ({"a": "\x1b[2J\u202e\x9b", "wide": "界" * 100}, '"a": '),
        ({"long": "x" * 300_000}, "… and more: the copy menu takes all of it"),
        (deep, "… and more"),
        (None, "null"),
    )

    async def script(dash):
        await open_first(dash, "errored")
        await dash.press("row.open")
        await dash.until(lambda: isinstance(dash.app.screen, InspectorScreen))
        await dash.press("pane.next")
        table = dash.app.screen.raw
        for value, part in values:
            table.show(value)
            texts = [table.row_text(at) for at in range(table.row_count())]
            assert part in "\n".join(texts)
            assert all(text.isprintable() and cells(text) <= 78 for text in texts)

    drive(script, size=(80, 24))
