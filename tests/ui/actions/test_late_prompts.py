"""Prompts that come behind another panel, and panels whose key cannot be taken back: the same bytes.

Of all that `test_prompt_keys` sends to an ordinary prompt each kind here gets a part, all of them together
get everything.
"""

import pytest

from tests.support.harness.typing import Keyboard
from tests.ui.actions.test_actions import on, orders, writes
from tests.ui.actions.test_cut_off import cut_off, journal
from tests.ui.actions.test_prompt_keys import rows, spelling_of, spelt
from tests.ui.actions.test_redrive import PARCELS, parcels
from wfdash.ui.actions.cut_off import CutOffScreen
from wfdash.ui.actions.prompt import PromptScreen

TWO_GAPS, NO_GAP = (0.0, 0.09), (0.0,)
"""What is the ordinary prompt in the end needs fewer of them."""
ESC = b"\x1b[27u"


def waiting(dash, number):
    return [key for key, each in orders(dash).items() if each.status == "waiting"][-number:]


class TerminalKeyboard:
    """A keyboard whose letters a terminal tells in its own way; the first one shows which that is."""

    def __init__(self, keyboard, spelling):
        self._keyboard, self._spelling = keyboard, spelling
        self.rest = keyboard.rest

    async def type(self, *reads, gap=1.0):
        keys = (spelt(each, self._spelling) if each.isalnum() else each for each in reads)
        await self._keyboard.type(*keys, gap=gap)


async def home(dash, keyboard):
    """Back on the list. Once at least: behind half a sequence the next letter passes for its late end."""
    await keyboard.type(ESC, gap=1.2)
    while len(dash.app.screen_stack) > 1 or dash.app.root.editing:
        await keyboard.type(ESC, gap=0.4)
    dash.app.root.rows.marks.clear()


async def planned(dash, keyboard):
    await dash.until(lambda: isinstance(dash.app.screen, PromptScreen))
    await dash.until(lambda: not dash.app.screen.asking.answers.reading)
    await keyboard.rest(0.6)


class Opened:
    """Each opens its panel from the list and leaves it where one bare key would confirm."""

    @staticmethod
    async def dropped(dash, keyboard):
        dash.app.actions.offer_unfinished()
        await dash.until(lambda: dash.app.desk.cut_off)
        await keyboard.type(b"X", gap=0.6)
        assert isinstance(dash.app.screen, CutOffScreen), dash.text

    @staticmethod
    async def resumed(dash, keyboard):
        await Opened.dropped(dash, keyboard)
        await keyboard.type(b"R")
        await planned(dash, keyboard)
        await keyboard.type(b"2", gap=0.2)

    @staticmethod
    async def redriven(dash, keyboard):
        dash.app.root.table.move_to_key(parcels(dash)[-1])
        await keyboard.type(b"R")
        await planned(dash, keyboard)

    @staticmethod
    async def with_its_plan_written(dash, keyboard):
        shown = next(row.id for row in dash.app.session.poller.store if row.status == "waiting")
        dash.app.root.table.move_to_key(shown)
        await keyboard.type(b"t", b"\x13", gap=0.6)
        await dash.until(lambda: "plan of 1 instance written to" in " ".join(dash.text.split()))

    @staticmethod
    async def event(dash, keyboard):
        await keyboard.type(b"v")
        await dash.until(lambda: dash.app.screen.query("WaitTable") and dash.app.screen.table.rows)
        await keyboard.type(b"g", b"v", b"\r")
        await planned(dash, keyboard)


PARTS = 3
KINDS = {
    "dropped": (b"d", TWO_GAPS, {"demo": False}),
    "resumed": (b"y", NO_GAP, {"demo": False}),
    "redriven": (b"y", TWO_GAPS, PARCELS),
    "with_its_plan_written": (b"y", TWO_GAPS, {}),
    "event": (b"y", NO_GAP, {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_bare_key_that_came_alone_counts(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    character, gaps, options = KINDS[kind]
    opens, fell = getattr(Opened, kind), []

    async def script(dash):
        keyboard = Keyboard(dash)
        if kind in ("dropped", "resumed"):
            cut_off(waiting(dash, 2))
        dash.app.action_poll_freeze()

        def acted():
            return bool(writes(dash)) or (kind in ("dropped", "resumed") and not journal().unfinished())

        for pieces, gap in rows(character, gaps)[list(KINDS).index(kind) % PARTS :: PARTS]:
            own = TerminalKeyboard(keyboard, spelling_of(pieces))
            await own.type(b"k", gap=0.2)
            await opens(dash, own)
            await keyboard.type(*pieces, gap=gap)
            await keyboard.rest(0.3)
            if acted():
                fell.append((pieces, gap))
                return
            await home(dash, keyboard)
        own = TerminalKeyboard(keyboard, spelling_of([character]))
        await own.type(b"k", gap=0.2)
        await opens(dash, own)
        await keyboard.type(character, gap=1)
        await dash.until(acted)

    on(script, size=(80, 24), **options)
    assert fell == []
