"""A person's own commands: what runs, with which words, and when nothing does."""

import json
import sys

import pytest
from textual.events import Key, Resize
from textual.geometry import Size

from tests.support.harness.dashboard import drive
from tests.support.harness.typing import Keyboard
from tests.ui.actions.test_prompt_keys import rows
from wfdash.config.own_commands import OwnCommand, filled_in
from wfdash.ui.actions.own_commands import OwnCommandScreen

WRITE = """
import json, os, sys
json.dump([sys.argv[2:], sorted(os.environ)], open(sys.argv[1], "w"))
print("all well")
"""


def command(file, *words, **more):
    run = (sys.executable, "-c", WRITE, str(file), *words)
    return OwnCommand("ctrl+b", "open an issue", run, **more)


def steady(d):
    """Keys stamped by the simulated clock, as the gate reads it."""
    gate = d.app.context.gate
    gate.now, gate.stamp = d.app.context.clock, lambda event: d.app.context.clock()


async def asked(d):
    """The key of the command was pressed, and its question stands."""
    steady(d)
    await d.press("ctrl+b")
    await d.until(lambda: "runs it" in d.text)


async def ended(d):
    """The program is a real one, and takes no simulated time."""
    await d.until(lambda: d.app.actions.own_commands.running is not None)
    await d.app.actions.own_commands.running


def test_it_asks_runs_once_and_gets_no_credential(tmp_path, monkeypatch):
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "obviously-fake-token")
    file = tmp_path / "ran"

    async def script(d):
        steady(d)
        identity = d.app.pages.listing.instance
        await d.press("ctrl+b")
        await d.until(lambda: "runs it" in d.text)
        assert identity in d.text
        assert not file.exists()
        await d.passes(1)
        await d.press("y")
        await ended(d)
        words, environ = json.loads(file.read_text())
        assert words == [identity, "orders"]
        assert "CLOUDFLARE_API_TOKEN" not in environ
        assert "HOME" in environ

    drive(script, demo=False, commands=(command(file, "{id}", "{workflow}"),))


@pytest.mark.parametrize("keys", [["escape"], ["n"], ["enter"], ["Y"], ["y", "escape"]])
def test_nothing_but_a_bare_y_runs_it(tmp_path, keys):
    file = tmp_path / "ran"

    async def script(d):
        await asked(d)
        await d.passes(1)
        await d.pilot.press(*keys)
        await d.passes(2)
        assert not file.exists()

    drive(script, demo=False, commands=(command(file, "{id}"),))


def test_it_does_not_run_once_writes_are_off(tmp_path):
    """As when the API refuses the token's writes while the question stands."""
    file = tmp_path / "ran"

    async def script(d):
        await asked(d)
        d.app.context.session.operator.forbid("the API said so")
        await d.passes(1)
        await d.press("y")
        await d.until(lambda: "off while nothing may be written" in d.text)
        assert d.app.actions.own_commands.running is None
        assert not file.exists()

    drive(script, demo=False, commands=(command(file, "{id}"),))


@pytest.mark.parametrize("when", ["before", "at once", "behind"])
def test_y_right_behind_a_change_of_size_does_not_run_it(tmp_path, when):
    """The question is laid out anew, and was not read yet; its size may be heard of behind the key."""
    file = tmp_path / "ran"

    async def script(d):
        await asked(d)
        await d.passes(1)
        if when == "behind":
            await d.pilot.press("y")
        if when == "at once":
            d.app.post_message(Resize(Size(100, 30), Size(100, 30)))
            d.app.post_message(Key("y", "y"))
        else:
            await d.pilot.resize_terminal(100, 30)
        if when == "before":
            await d.pilot.press("y")
        await d.passes(1)
        assert d.app.actions.own_commands.running is None
        assert not file.exists()
        assert "press it again" in d.text
        await d.press("y")
        await ended(d)
        assert file.exists()

    drive(script, demo=False, commands=(command(file, "{id}"),))


def test_no_other_bytes_of_a_terminal_run_it(tmp_path):
    file, fell = tmp_path / "ran", []

    async def script(d):
        steady(d)
        keyboard = Keyboard(d)
        d.app.action_poll_freeze()
        for pieces, gap in rows(b"y", (0.0, 0.09)):
            await keyboard.rest(1.2)
            await keyboard.type(b"\x02", gap=1)
            assert isinstance(d.app.screen, OwnCommandScreen), (pieces, gap)
            await keyboard.type(*pieces, gap=gap)
            await keyboard.rest(0.3)
            if d.app.actions.own_commands.running is not None:
                fell.append((pieces, gap))
                return
            while len(d.app.screen_stack) > 1:
                await keyboard.type(b"\x1b[27u", gap=0.4)

    drive(script, size=(80, 24), demo=False, commands=(command(file, "{id}"),))
    assert fell == []
    assert not file.exists()


def test_one_that_changes_nothing_runs_read_only_and_unasked(tmp_path):
    file = tmp_path / "ran"
    harmless = command(file, "{workflow}", confirm=False, dangerous=False)

    async def script(d):
        await d.press("ctrl+b")
        await ended(d)
        assert json.loads(file.read_text())[0] == ["orders"]

    drive(script, demo=False, read_only=True, commands=(harmless,))


@pytest.mark.parametrize(
    ("options", "said"),
    [({"demo": False, "read_only": True}, "off while nothing may be written"), ({}, "off in the demo")],
    ids=["read-only", "demo"],
)
def test_where_nothing_may_be_written_it_is_off(tmp_path, options, said):
    file = tmp_path / "ran"

    async def script(d):
        await d.press("ctrl+b")
        await d.until(lambda: said in d.text)
        await d.passes(2)
        assert not file.exists()

    drive(script, commands=(command(file, "{id}"),), **options)


@pytest.mark.parametrize("word", ["a\0b", "half a character: \ud800"])
def test_words_no_program_can_be_given_are_told(tmp_path, word):
    file = tmp_path / "ran"
    odd = command(file, word, confirm=False, dangerous=False)

    async def script(d):
        await d.press("ctrl+b")
        await ended(d)
        await d.until(lambda: "open an issue: its words hold what no program can be given" in d.text)

    drive(script, demo=False, commands=(odd,))
    assert not file.exists()


@pytest.mark.parametrize("identity", ["--help", "-rf", "", "a\0b"])
def test_ids_that_would_be_options_are_refused(identity):
    words, refusal = filled_in(OwnCommand("b", "x", ("tool", "{id}")), {"id": identity})
    assert words == []
    assert refusal


@pytest.mark.parametrize(
    "identity", ["a; rm -rf ~", "$(id)", "`id`", "a b", "'", '"', "\x1b[2J", "{workflow}"]
)
def test_hostile_ids_stay_one_word(identity):
    words, refusal = filled_in(
        OwnCommand("b", "x", ("tool", "{id}", "end")), {"id": identity, "workflow": "w"}
    )
    assert (words, refusal) == (["tool", identity, "end"], "")
