"""Every sentence names the key as it is bound: all of them changed, none of the old ones is told any more."""

import re
import string

import pytest

from tests.support.harness.dashboard import BASE, drive
from wfdash.config.schema import SavedView
from wfdash.keymap.actions import ACTIONS
from wfdash.keymap.check import check_keymap
from wfdash.live.records.journal import Journal

NEW = {
    action.id: f"alt+{letter}"
    for action, letter in zip(
        ACTIONS, string.ascii_letters + string.digits + "!#$%&()*-./:;<=>?@[]^_{|}~", strict=False
    )
}
OLD = re.compile(r"(?<![\w+])(esc|ctrl\+\w|tab)(?!\w)")
"""Default keys that cannot be anything else in a sentence."""


def changed(script, **options):
    """Drive a dashboard whose keys are all others; `d.do` presses the new key of each action."""

    async def scripted(d):
        async def do(*actions):
            for action in actions:
                await d.pilot.press(NEW.get(action, action))
                await d.settled()

        d.do = do
        await script(d)
        assert not OLD.findall(d.text), d.text

    drive(scripted, keys=NEW, **options)


def test_all_keys_can_be_changed_at_once():
    assert len(NEW) == len(ACTIONS)
    assert check_keymap(NEW) == []


PAGES = {
    "palette": (["palette.open"], "enter does it, {layer.close} closes"),
    "go to": (["goto.open"], "enter goes, {layer.close} closes"),
    "note": (["note.write"], "enter saves it, {layer.close} closes"),
    "export": (["export.menu"], "its key or {row.open}, {layer.close} closes"),
    "copy": (["copy.menu"], "its key or {row.open}, {layer.close} closes"),
    "profile": (["profile.open"], "its key or {row.open}, {layer.close} closes"),
    "save view": (["view.save"], "enter saves, {layer.close} closes"),
    "no such view": (["view.7"], "there is no view 7; {view.save} saves the present one"),
    "create": (["instance.create"], "{pane.next} next · {form.editor} editor · {layer.close} cancel"),
    "filter": (["filter.edit", "s"], " {layer.close} undo  {pane.next} complete"),
    "completion": (["filter.edit", "s"], "{pane.next} status:"),
    "no match": (
        ["filter.edit", *"zzzz", "enter"],
        "{layer.close} clears the filter; {filter.edit}",
    ),
    "range": (["mark.range"], "marking rows up to the cursor; {mark.range} ends it"),
    "errors": (["errors.open"], "{row.open} lists the group"),
    "key bar": ([], "{row.open} open  {filter.edit} filter"),
}


@pytest.mark.parametrize(("keys", "expected"), PAGES.values(), ids=PAGES)
def test_the_new_key_is_told(keys, expected):
    wanted = re.sub(r"\{([a-z_.0-9]+)\}", lambda found: NEW[found[1]], expected)

    async def script(d):
        await d.do(*keys)
        if "group" in expected:
            await d.until(lambda: "for example" in d.text)
        assert wanted in d.text, d.text

    changed(script)


def test_the_search_in_a_payload_is_told_by_the_new_keys():
    async def script(d):
        await d.do("row.open")
        await d.until(lambda: "STEP" in d.text and d.app.screen.pane.row is not None)
        await d.do("row.open", "filter.edit")
        assert f"shift+tab previous  {NEW['layer.close']} end the search" in d.text
        await d.do("layer.close")

    changed(script)


def test_saved_views_are_told_by_the_key_that_opens_them():
    async def script(d):
        assert f"{NEW['view.3']} failed" in d.text
        await d.do("view.3")
        assert d.app.root.rows.query.text == "status:errored"

    changed(script, views=(SavedView("failed", "3", filter="status:errored"),))


def test_help_tells_them_all():
    async def script(d):
        await d.do("help.open")
        lines = ["".join(text for text, _ in line) for line in d.app.screen.query_one("Scroller")._lines]
        wanted = "\n".join(lines)
        assert f"{NEW['view.1']} to {NEW['view.9']}" in wanted
        assert [
            each for each in NEW if not each.startswith("view.") and f"  {NEW[each]} " not in wanted
        ] == []

    changed(script)


def test_empty_workflow_and_account_name_the_new_keys():
    async def script(d):
        await d.until(lambda: f"{NEW['instance.create']} creates one" in d.text)
        d.app.root.rows.leave_all("")
        await d.settled()
        assert f"{NEW['workflows.open']} lists all workflows; {NEW['goto.open']} goes to one" in d.text

    changed(script, workflow="refunds")


def test_the_event_desk_without_waits_is_told_by_the_new_keys():
    async def script(d):
        d.app.pages.open("events", "refunds")
        await d.settled()
        wanted = f"{NEW['layer.close']} goes back; {NEW['instance.create']} creates an instance"
        assert wanted in d.text

    changed(script, workflow="refunds")


def test_journal_without_matches_names_the_new_keys(tmp_path, monkeypatch):
    monkeypatch.setattr(Journal, "read", lambda self: [_entry()])

    async def script(d):
        await d.do("journal.open", "filter.edit", *"zzz", "enter")
        assert f"{NEW['layer.close']} clears the filter; {NEW['filter.edit']} changes it" in d.text

    changed(script, demo=False)


def _entry():
    from wfdash.live.records.journal_entries import JournalEntry

    return JournalEntry(
        at=BASE.interval,
        session="session",
        plan="plan",
        event="sent",
        verb="pause",
        workflow="orders",
        id="a",
    )
