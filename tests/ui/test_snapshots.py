"""Every screen that is drawn here, at both sizes in colour; three at 80x24 without colour and in ASCII.

These two looks are line filters over the same screens, which tests/ui/terminal/test_filters.py proves.

After a wanted change delete the file under snapshots/, run, look at what was written, run again.
"""

import pytest

from tests.support.harness.dashboard import drive
from tests.support.harness.snapshot import check_snapshot, described

SIZES = {"80x24": (80, 24), "140x40": (140, 40)}
LOOKS = {"colour": {}, "no-colour": {"no_color": True}, "ascii": {"ascii": True}}
STEPS = {
    "instances": ("j", "space", "j"),
    "filter": ("/", "s", "t", "a", "t", "u", "s", ":", "e", "r", "r", "o", "r", "e", "d"),
    "no-match": ("/", "z", "z", "z"),
    "help": ("?",),
    "palette": ("ctrl+p", "m", "a", "r", "k"),
    "goto": (":", "o"),
    "copy": ("y",),
    "note": ("N", *"called the bank"),
    "export": ("e",),
    "save-view": ("ctrl+s",),
    "profiles": ("P",),
    "create": ("c", "tab", *'{"a":'),
    "prompt": ("t",),
    "workflows": ("w",),
    "errors": ("E",),
    "journal": ("J",),
    "events": ("v",),
    "detail": ("enter",),
    "inspector": ("enter", "enter"),
    "history": ("H",),
}
DRAWN = [("80x24", "colour"), ("140x40", "colour"), ("80x24", "no-colour"), ("80x24", "ascii")]
EVERY_LOOK = {"instances", "prompt", "detail"}
"""A table, a panel and a page: what is drawn in other looks too."""
APART = 14.0
"""Seconds from one to the next, so that the clocks of all of them are alike in every run."""
TAKEN = 12.5
"""Seconds after which what a page reads is there, away from the ticks."""


@pytest.mark.parametrize(("size", "look"), DRAWN)
def test_screens_look_as_they_did(size, look):
    """All in one run of the app, because starting it is what takes time."""
    failures = []

    async def script(d):
        began = d.app.context.clock()
        await d.passes(20)
        steps = {name: keys for name, keys in STEPS.items() if look == "colour" or name in EVERY_LOOK}
        for number, (name, keys) in enumerate(steps.items()):
            await d.press(*keys)
            await d.passes(began + 20 + number * APART + TAKEN - d.app.context.clock())
            try:
                check_snapshot(f"{name}-{size}-{look}", described(d.app.screen, beside=69))
            except AssertionError as difference:
                failures.append(f"{name}: {difference}")
            await d.press("escape")
            while d.app.screen is not d.app.root:
                await d.press("escape")
            if name == "filter":
                await d.until(lambda: "no filter" in d.text)
            await d.passes(began + 20 + (number + 1) * APART - d.app.context.clock())

    drive(script, size=SIZES[size], **LOOKS[look])
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("size", SIZES)
def test_the_budget_looks_as_it_did(size):
    """Soon after the start: it tells of every request since."""

    async def script(d):
        began = d.app.context.clock()
        await d.press("B")
        await d.passes(began + TAKEN - d.app.context.clock())
        check_snapshot(f"budget-{size}-colour", described(d.app.screen, beside=69))

    drive(script, size=SIZES[size])
