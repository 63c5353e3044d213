"""What a steady screen costs a thin line, in bytes on the terminal at 140x40."""

import re
import signal
import sys
import time

from tests.bench.big_screen import A_MINUTE
from tests.support.harness.pty import watch_together

PER_SECOND = 400
FIVE_ROWS = 6 * 1024
A_NEW_MINUTE = 2 * 1024
USUAL = 12.0
"""Seconds from a change until its mark is gone; a busy machine takes longer, and clocks tick meanwhile."""


def opened(terminal, still, columns=140, lines=40, **env):
    shell = terminal("-w", "orders", columns=columns, lines=lines, env=still.env | env)
    shell.wait_for(re.compile(r"order-\d+"))
    return shell


def cost(shells):
    """The bytes of ten seconds by name, once the first polls are over and what follows the cursor's rest.

    On a busy machine those take their time: of six spans the first counts that is cheap.
    """
    watch_together(shells.values(), 3)
    for _ in range(6):
        written = dict(zip(shells, watch_together(shells.values(), 10)))
        if max(written.values()) <= 10 * PER_SECOND:
            break
    return written


def test_nothing_changed_costs_little(terminal, still, tmp_path):
    """Averaged over 10 s, polls and growing durations included: the table alone, one with a detail beside it,
    a detail alone, a step of it, the list of requests, which each poll makes longer. Each has a state folder,
    so that none waits for what another has spent."""
    wide, small, ssh = (140, 40), (80, 24), {"SSH_CONNECTION": "192.0.2.7 50522 192.0.2.8 22"}
    layers = {
        "table": (small, []),
        "both": (wide, []),
        "detail": (wide, ["enter"]),
        "step": (wide, ["enter", "enter"]),
        "budget": (wide, ["B"]),
    }
    shells = {
        name: opened(terminal, still, *size, XDG_STATE_HOME=str(tmp_path / name), **ssh)
        for name, (size, _) in layers.items()
    }
    for name, (_, keys) in layers.items():
        for key, gone in zip(keys, ("no filter", "idle time cut")):
            shells[name].wait_for("idle time cut")  # its steps are read
            shells[name].press(key)
            shells[name].wait_gone(gone)
    written = cost(shells)
    pictures = "\n".join(shell.picture() for shell in shells.values())
    assert max(written.values()) <= 10 * PER_SECOND, f"{written}\n{pictures}"
    assert all(written[name] > 0 for name in ("table", "both", "detail")), "no clock moved"


def test_history_at_rest_costs_little(terminal, still, tmp_path):
    """With its charts open nothing but clocks moves; the span, and all that was read, stay."""
    sizes = {"wide": (140, 40), "small": (80, 24)}
    shells = {
        name: opened(terminal, still, *size, XDG_STATE_HOME=str(tmp_path / name))
        for name, size in sizes.items()
    }
    for shell in shells.values():
        shell.press("H")
        shell.wait_for("loaded, back to")
        shell.wait_gone("reading on")
    written = cost(shells)
    pictures = "\n".join(shell.picture() for shell in shells.values())
    assert max(written.values()) <= 10 * PER_SECOND, f"{written}\n{pictures}"


def test_a_new_minute_of_history_costs_little(terminal):
    """What came in it changes a bar or two, the counts and the clocks; the charts beside them stand still."""
    argv = [sys.executable, "-m", "tests.bench.big_screen", "3000"]
    shells = [terminal(argv=argv, columns=140, lines=40), terminal(argv=argv, columns=80, lines=24)]
    for shell in shells:
        shell.wait_for("3,000 loaded")
        shell.press("H")
        shell.wait_for("3,000 of 3,000 loaded, back to", "half took")
    watch_together(shells, 6)
    for rows in (3000 + A_MINUTE, 3000 + 2 * A_MINUTE):
        before = [len(shell.written) for shell in shells]
        for shell in shells:
            shell.signal(signal.SIGUSR1)
        for shell in shells:
            shell.wait_for(f"{rows:,} of {rows:,} loaded")
        watch_together(shells, 6)  # a finding comes after the count
        for shell, written in zip(shells, before):
            assert 0 < len(shell.written) - written <= A_NEW_MINUTE, shell.picture()


def test_a_panel_over_a_steady_screen_costs_as_little(terminal, still, tmp_path):
    """Beneath a prompt, a menu and the palette the clocks go on."""
    panels = {
        "a prompt": ("p", "pause "),
        "the palette": ("ctrl+p", "All actions"),
        "a menu": ("y", "Copy of"),
    }
    shells = {}
    for name, (key, words) in panels.items():
        shell = shells[name] = opened(terminal, still, XDG_STATE_HOME=str(tmp_path / name))
        shell.wait_for("idle time cut")
        shell.press(key)
        shell.wait_for(words, _age)
    then = {name: _age(shell.screen) for name, shell in shells.items()}
    written = cost(shells)
    pictures = "\n".join(shell.picture() for shell in shells.values())
    assert max(written.values()) <= 10 * PER_SECOND, f"{written}\n{pictures}"
    for name, shell in shells.items():
        shell.wait_for(lambda screen, name=name: _age(screen) not in ("", then[name]))


def _age(screen):
    """That of the newest instance; "" while its row is drawn in part."""
    found = re.search(r"order-8650 +(<?\d+\w)", screen.text)
    return found[1] if found else ""


def test_five_changed_rows_cost_little(terminal, still):
    """From the change until its mark is gone again, polls included, once what a first start draws is over."""
    shell = opened(terminal, still)
    shell.wait_for("off: [record] on = false")
    shell.wait_gone("off: [record] on = false")
    shell.watch(3)
    shown = re.findall(r"order-\d+", shell.screen.text)
    states = {row["id"]: row["status"] for row in still.listing("orders", per_page="100")}
    moving = [each for each in dict.fromkeys(shown) if states.get(each) in ("running", "waiting")][:5]
    assert len(moving) == 5, f"the scenario shows too few that can be paused\n{shell.picture()}"
    before, began = len(shell.written), time.monotonic()
    for each in moving:
        still.patch("orders", each, "pause")
    shell.wait_for(lambda screen: len(re.findall(r"\b(?:paused|waitingForPause)\b", screen.text)) >= 5)
    shell.watch(8)
    longer = max(0.0, time.monotonic() - began - USUAL)
    assert len(shell.written) - before <= FIVE_ROWS + longer * PER_SECOND


def test_pages_come_up_in_few_bytes(terminal, still):
    """A line of 20 kB a second draws a page within a second, and all that the first one reads in two."""
    shell = terminal(columns=140, lines=40, env=still.env)
    shell.wait_for("DEPLOYS", "OPEN LONGEST")
    started = shell.watch(3) + len(shell.written)
    pages = {
        "E": "OVER TIME",
        "B": "REQUEST ",
        "J": "actions sent from this machine",
        "H": "loaded, back to",
        "?": "more lines",
    }
    written = {}
    for key, words in pages.items():
        before = len(shell.written)
        shell.press(key)
        shell.wait_for(words)
        shell.watch(1)
        written[key] = len(shell.written) - before
        shell.press("escape")
        shell.wait_gone(words)
    assert started <= 26 * 1024, f"{started}: a slow machine draws each page that it reads"
    assert max(written.values()) <= 20 * 1024, f"{written}"


def test_a_prompt_writes_only_what_it_changes(terminal, still):
    """Coming and going; all of the page behind it would be four times as much each time."""
    shell = opened(terminal, still)
    shell.wait_for("idle time cut")
    assert shell.rests(1, PER_SECOND)
    written = []
    for key, words in (("p", "esc cancel"), ("escape", "p pause")):
        before = len(shell.written)
        shell.press(key)
        shell.wait_for(words)
        written.append(len(shell.written) - before)
    assert max(written) <= 3000, f"{written}"
