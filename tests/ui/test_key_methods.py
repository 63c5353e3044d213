"""Textual calls a method of a widget for a key of that name: none of ours may be one by chance."""

import importlib
import inspect
import pkgutil
import unicodedata

from textual.keys import _character_to_key, _get_key_aliases
from textual.message_pump import MessagePump

import wfdash.ui
from tests.support.harness.dashboard import drive

ON_PURPOSE = {"key_shift_tab"}


def names():
    """What a character that a terminal can send is called, and what else."""
    for code in range(0x110000):
        if unicodedata.name(chr(code), ""):
            yield from _get_key_aliases(_character_to_key(chr(code)))


def parts():
    for module in pkgutil.walk_packages(wfdash.ui.__path__, "wfdash.ui."):
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(found, MessagePump) and found.__module__.startswith("wfdash."):
                yield found


def test_no_key_is_called_as_a_method_is():
    own = {
        name
        for part in parts()
        for name in dir(part)
        if name.startswith(("key_", "_key_")) and name not in ON_PURPOSE and not hasattr(MessagePump, name)
    }
    methods = {f"{prefix}{name}" for name in names() for prefix in ("key_", "_key_")}
    assert own
    assert not own & methods


def test_every_character_can_be_pressed_on_every_page():
    async def script(dashboard):
        for page in ("", "w", "E", "F", "B", "J", "question_mark", "y", "e", "enter"):
            await dashboard.pilot.press(*([page] if page else []))
            await dashboard.settled()
            for key in ("at", "vertical_line", "circumflex_accent", "number_sign"):
                await dashboard.press(key)
            await dashboard.press("escape")
        assert dashboard.app.root.table.row_key(0)

    drive(script)
