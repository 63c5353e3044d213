"""On a wide screen no page of an incident leaves a third of its lines blank while it cuts a fact."""

import asyncio

import pytest

from tests.support.clocks.simulated_time import simulate
from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import opened

PAGES = {
    "workflows": ("w",),
    "instances": (),
    "an errored instance": ("/", *"status:errored", "enter", "enter"),
    "a waiting instance": ("/", *"status:waiting", "enter", "enter"),
    "comparison": ("/", *"status:errored", "enter", "enter", "="),
    "inspector": ("/", *"status:errored", "enter", "enter", "enter"),
    "errors": ("E",),
    "history": ("H",),
    "steps": ("H", "tab"),
    "budget": ("B",),
    "watched": ("f", "F"),
    "help": ("?",),
    "palette": ("ctrl+p",),
    "display": ("D",),
}
STANDS = {"inspector", "help", "palette", "display"}
"""Pages that read nothing: they are at once what they stay."""


def blank(lines):
    """Lines that say nothing: empty, or the rule between two panes alone."""
    return [line for line in lines if not line.replace("│", "").strip()]


@pytest.mark.parametrize("size", [(140, 40), (200, 60)])
def test_free_lines_are_used_before_a_fact_is_cut(size):
    """All in one run of the app, because starting it is what takes time."""
    wasted = []

    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=size) as d:
            await d.until(lambda: "charge card" in d.text)
            for page, keys in PAGES.items():
                await d.press(*keys)
                await d.passes(1 if page in STANDS else 12)
                lines = d.lines[1:-1]
                cut = [line for line in lines if "…" in line.replace("… queued", "").replace("reading …", "")]
                if len(blank(lines)) > len(lines) / 3 and cut:
                    wasted.append(f"{page}:\n{d.text}")
                while d.app.screen is not d.app.root:
                    await d.press("escape")
                await d.press("escape", "escape")

    simulate(main())
    assert not wasted, "\n\n".join(wasted)


def test_reason_of_a_row_is_told_as_far_as_its_host():
    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=(140, 40)) as d:
            await d.press("/", *"status:errored", "enter")
            await d.until(lambda: d.text.count("connect to payments.internal:443…") > 5)
            assert "charge card: card declined: insufficient funds " in d.text, "whole without its class"
            assert "── ✗ charge card " in d.text, "the detail stands beside it"

    simulate(main())
