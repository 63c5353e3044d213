"""A person's own commands: asked like an action, run without a shell and without credentials."""

import asyncio
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from textual import events
from textual.app import App

from wfdash.config.own_commands import OwnCommand, filled_in
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.wrap import wrapped
from wfdash.ui.base.dialog import LowerHalf
from wfdash.ui.base.lone_key import LoneKey
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.prompt_gate import bare
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import ACCENT, PLAIN, QUIET, STRONG, WARN

__all__ = ["OwnCommands"]

_LONGEST: Final = 60.0
"""Seconds after which a command is ended."""
_MOST: Final = 65_536
"""Bytes of what it prints that are read."""
_SLOW: Final = 1.0
"""Seconds after which it is said that one still runs."""
_PATIENCE: Final = 0.2
"""Seconds between two looks whether it has ended though it closed nothing."""


class OwnCommands:
    """Asks about a person's own command and runs it, one at a time."""

    def __init__(self, app: App[int], context: Context) -> None:
        self._app = app
        self._context = context
        self.running: asyncio.Task[None] | None = None

    def press(self, index: int) -> None:
        """Asks for the command of this index in the settings, about what the screen on top has chosen."""
        context, screen = self._context, self._app.screen
        command = context.settings.commands[index]
        if not isinstance(screen, BaseScreen):
            context.gate.open()
            return
        workflow, identity = screen.subject()
        # A dev session has no account, but commands may still have to tell it from others.
        account = context.settings.kept_for
        words, why_not = filled_in(command, {"id": identity, "workflow": workflow, "account": account})
        if refusal := self._refusal(command) or why_not:
            context.gate.open()
            context.notify(f"{command.name}: {refusal}", severity="warning")
        elif command.confirm:
            self._app.push_screen(OwnCommandScreen(context, command, words, self._begin))
        else:
            context.gate.open()
            self._begin(command, words)

    def _refusal(self, command: OwnCommand) -> str:
        guard = self._context.desk.guard
        if self._context.settings.demo and self._context.past is not None:
            return "off in a record without its account"
        if self._context.settings.demo:
            return "off in the demo, whose instances are nobody's"
        if command.dangerous and (guard.is_shut or self._context.settings.read_only):
            return "off while nothing may be written; dangerous = false is for what changes nothing"
        if self.running is not None and not self.running.done():
            return "the last one still runs"
        return ""

    def _begin(self, command: OwnCommand, words: list[str]) -> None:
        # Asked again: while its question stood the token may have lost its right to write.
        if refusal := self._refusal(command):
            self._context.notify(f"{command.name}: {refusal}", severity="warning")
            return
        self.running = asyncio.create_task(self._run(command, words), name=f"command {command.name}")

    async def _run(self, command: OwnCommand, words: list[str]) -> None:
        # A command of a config file that somebody sent must not get the token by being run.
        environ = self._context.settings.without_secrets(os.environ)
        ending = in_a_thread(lambda: run_without_shell(words, environ))
        # At once, a prompt is still on its way out; and one that is over by then says so itself.
        if not (await asyncio.wait([ending], timeout=_SLOW))[0]:
            self._say(f"{command.name} runs")
        try:
            code, printed = await ending
        except OSError as error:
            self._say(f"{command.name}: {words[0]}: {error.strerror}", severity="error")
            return
        except ValueError:  # a NUL, or half a character, which no program can be given
            self._say(f"{command.name}: its words hold what no program can be given", severity="error")
            return
        last = next((line for line in reversed(printed.splitlines()) if line.strip()), "")
        ended = (
            "done" if code == 0 else f"ended after {_LONGEST:.0f} s" if code is None else f"exit code {code}"
        )
        sentence = f"{command.name}: {ended}{f': {last.strip()[:300]}' if last else ''}"
        self._say(sentence, severity="information" if code == 0 else "warning")
        if self._context.session is not None:
            self._context.session.poller.poll_now()

    def _say(self, sentence: str, severity: str = "information") -> None:
        # Notices go to the screen on top, and there may be none left.
        if self._app.screen_stack:  # it may end after the dashboard did
            self._context.notify(sentence, severity=severity)


def in_a_thread(work: Callable[[], Any]) -> "asyncio.Future[Any]":
    """Runs work in a thread that does not hold up leaving the dashboard; its result is awaited here."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def hand_over(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)

    def run() -> None:
        result: Any = None
        error: BaseException | None = None
        try:
            result = work()
        except Exception as wrong:  # whatever it is: whoever waits for it would wait for ever
            error = wrong
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(hand_over, result, error)

    threading.Thread(target=run, name="own command", daemon=True).start()
    return future


def run_without_shell(words: list[str], environ: Mapping[str, str]) -> tuple[int | None, str]:
    """Runs the words; the exit code, None after a time-out, and the end of what was printed.

    Blocks until then, so it runs in a thread. Raises OSError.
    """
    until = time.monotonic() + _LONGEST
    printed = bytearray()
    with (
        subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environ),
            start_new_session=True,  # ctrl+c is for the dashboard, and when time is up all of it is ended
        ) as process,
        selectors.DefaultSelector() as selector,
    ):
        assert process.stdout is not None
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < until:
            if selector.select(_PATIENCE):
                if not (part := os.read(process.stdout.fileno(), _MOST)):
                    break
                printed = (printed + part)[-_MOST:]
            elif process.poll() is not None:
                break  # what it left running may hold the pipe for ever
        code = _end(process, until)
    return code, printed.decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes], until: float) -> int | None:
    try:
        return process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            # The whole group: what a script started would else outlive it.
            os.killpg(process.pid, signal.SIGKILL)
        return None


class OwnCommandScreen(LowerHalf):
    """Shows the words that will be run, each apart, and takes a bare y that came alone."""

    def __init__(self, context: Context, command: OwnCommand, words: list[str], begin: Any) -> None:
        super().__init__(context)
        self._command, self._words, self._begin = command, words, begin
        self._lone = LoneKey(self, self._say)
        self._hint = ""

    def on_mount(self) -> None:
        self.draw()
        self.hold()

    def on_unmount(self) -> None:
        self.context.gate.leave()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        if not self.is_ready:
            return
        width, height = self.room
        lines: list[Pieces] = [[(f" {fit(clean(self._command.name), width - 2).rstrip()} ", STRONG)], []]
        for number, word in enumerate(self._words):
            mark = "   run  " if number == 0 else "        "
            for part in wrapped(clean(word) or "(empty)", max(8, width - 10), 3):
                lines.append([(mark, QUIET), (part, PLAIN)])
                mark = "        "
        lines = lines[: height - 3]
        lines.append([])
        lines.append(
            [
                (" y", ACCENT),
                (" runs it", PLAIN),
                ("    esc", STRONG),
                (" cancel    ", PLAIN),
                (self._hint, WARN),
            ]
        )
        self.panel.show(lines)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._lone.cancel()
        self._say("a paste confirms nothing")

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self._lone.cancel()
            self.close()
        elif self._lone.crowded():
            return
        elif bare(event) == "y":
            self._lone.take(event, self._confirmed)
        else:
            self._say("y runs it, nothing else does")

    def _confirmed(self) -> None:
        self.close()
        self._begin(self._command, self._words)

    def _say(self, hint: str) -> None:
        self._hint = hint
        self.draw()
