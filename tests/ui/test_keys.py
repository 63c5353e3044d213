"""The registry of actions against what the screens bind, and keys that were changed."""

import importlib
import pkgutil
import re
from itertools import combinations

import pytest
from textual.actions import parse
from textual.binding import Binding
from textual.dom import DOMNode

import wfdash.ui
from tests.support.harness.dashboard import drive
from wfdash.keymap.actions import ACTIONS, BY_ID, textual_action
from wfdash.keymap.scopes import SCOPES
from wfdash.ui.app import WfdashApp
from wfdash.ui.keys.bindings import bindings


def classes():
    """Every class of the screens."""
    for found in pkgutil.walk_packages(wfdash.ui.__path__, "wfdash.ui."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                yield value


def test_ids_are_unique_and_help_is_a_sentence():
    assert len(BY_ID) == len(ACTIONS)
    assert all(action.help[0].isupper() and not action.help.endswith(".") for action in ACTIONS)


def test_no_key_serves_two_actions_that_can_meet():
    for action, other in combinations(ACTIONS, 2):
        if set(action.keys) & set(other.keys):
            assert other.scope not in SCOPES[action.scope].meets, (action.id, other.id)


NOT_YET = {"export.menu", "note.write", "instance.watch"}


@pytest.mark.parametrize("action", [action.id for action in ACTIONS if action.id not in NOT_YET])
def test_each_action_is_bound_where_its_method_is(action):
    name = textual_action(action)
    namespace, method, _ = parse(name)
    serving = [
        cls
        for cls in classes()
        if issubclass(cls, DOMNode)
        and hasattr(WfdashApp if namespace == "app" else cls, f"action_{method}")
        and any(isinstance(each, Binding) and each.action == name for each in cls.BINDINGS)
    ]
    assert serving, f"{action} has no class with both its binding and its method"


def test_bindings_carry_the_id_by_which_they_are_remapped():
    found = {binding.id: binding.key for binding in bindings("move.", "row.open")}
    assert found["move.down"] == "j,down"
    assert found["row.open"] == "enter"
    assert "filter.edit" not in found


def test_a_changed_key_works_is_shown_and_the_old_one_is_free():
    async def script(d):
        table = d.app.root.table
        await d.press("x")
        assert table.cursor == 1
        await d.press("j")
        assert table.cursor == 1
        assert "f2 filter" in d.lines[-1]
        await d.press("f2")
        assert d.app.root.filter_line.editing

    drive(script, keys={"move.down": "x", "timeline.scale": "f9", "filter.edit": "f2"})


def test_help_tells_every_action_with_its_key_in_force():
    async def script(d):
        await d.press("help.open")
        wanted = "\n".join(
            "".join(text for text, _ in line) for line in d.app.screen.query_one("Scroller")._lines
        )
        for action in ACTIONS:
            if not action.id.startswith("view."):
                assert action.help in wanted, action.id
        assert "f2" in wanted
        assert re.search(r"j for \d+ more lines", d.lines[0])
        await d.pilot.resize_terminal(140, 90)
        await d.settled()
        assert "more lines" not in d.lines[0]
        await d.press("escape")
        assert d.app.screen is d.app.root

    drive(script, keys={"filter.edit": "f2"})


def test_palette_runs_the_choice_and_says_why_one_is_off():
    async def script(d):
        await d.press("palette.open")
        await d.type("unfold")
        assert "not here: works in the timeline" in d.text
        await d.press("escape")
        await d.press("palette.open")
        await d.type("reverse")
        await d.press("enter")
        await d.settled()
        assert d.app.root.rows.order.reverse is False
        assert d.app.screen is d.app.root

    drive(script)


def test_keys_typed_into_a_field_do_nothing_else():
    async def script(d):
        await d.press("filter.edit")
        await d.type("qtps*/: ?")
        assert d.app.screen is d.app.root
        assert d.app.root.filter_line.field.value == "qtps*/: ?"
        await d.press("ctrl+c")
        assert not d.app.root.filter_line.editing
        assert d.app.return_code is None

    drive(script)
