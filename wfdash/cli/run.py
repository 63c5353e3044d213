"""Runs one one-shot: settings, connection, signals, and failures into exit codes."""

import asyncio
import gc
import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib import import_module

from wfdash.cli.output import refuse, say
from wfdash.config.precedence import load
from wfdash.config.settings import Options, SettingsError
from wfdash.libraries import load_httpx

__all__ = ["start"]

_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Windows has no SIGHUP."""
_PATIENCE = 1.5
"""Seconds for leaving in good order; a program that was told to end is gone within 2."""

_MODULES = {
    "list": "list",
    "show": "show",
    "tail": "tail",
    "logs": "logs",
    "history": "history",
    "record": "record",
    "create": "create",
    "redrive": "redrive",
}
"""The commands that are no verb, or more than one; all verbs have one module."""
_VERBS = "change"


def start(parsed: Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Carries out a parsed one-shot; returns its exit code. Raises UsageError, BrokenPipeError."""
    load_httpx()  # before whoever imports it, for it is then loaded without what is of no use here
    if parsed.command == "doctor":
        doctor = import_module("wfdash.cli.doctor.report")
        return int(doctor.run(options, environ, parsed.bundle))
    # Only the command that runs is loaded: the client and the records behind the others take 200 ms.
    command = import_module(f"wfdash.cli.commands.{_MODULES.get(parsed.command, _VERBS)}")
    only_local: str = command.prepare(parsed) or ""
    try:
        settings = load(options, environ)
    except SettingsError as wrong:
        # Usage is told before credentials; whether this was usage, only the settings can say.
        return refuse(only_local or str(wrong), 2 if only_local else wrong.exit_code)
    if parsed.command == "record" and parsed.erase:
        return int(command.erase_record(parsed, settings))
    if only_local and not settings.local:
        return refuse(only_local, 2)
    # On stderr, so that what reads stdout sees objects alone.
    for warning in settings.warnings:
        say(f"wfdash: {warning}")

    async def carry_out() -> int:
        from wfdash.cli.session import failures, open_session

        code = 0
        with failures() as failed:
            async with open_session(settings, what=parsed.command) as session:
                gc.enable()
                code = int(await command.run(parsed, session))
        return failed.code or code

    return asyncio.run(_interruptible(carry_out))


async def _interruptible(work: Callable[[], Awaitable[int]]) -> int:
    """Cancels the work on a signal that ends it; the exit code is then 128 + its number.

    Whatever the loop is at, or a thread that the end waits for: the process is gone soon after, and at a
    second signal at once.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    caught: list[int] = []

    def stop(number: int, _: object) -> None:
        if caught:
            os._exit(128 + caught[0])
        caught.append(number)
        if task is not None:
            with suppress(RuntimeError):  # the loop is closed: it is ending already
                loop.call_soon_threadsafe(task.cancel)
        late = threading.Timer(_PATIENCE, os._exit, (128 + number,))
        late.daemon = True
        late.start()

    _catch(stop)
    try:
        code = await work()
    except asyncio.CancelledError:
        if not caught:
            raise
        code = 0
    if not caught:
        return code
    with suppress(OSError, ValueError):
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    # All is in order by now but for threads, which the interpreter would wait for as long as they compute.
    # The code is as shells have it: a script can tell an interrupt from a failure.
    os._exit(128 + caught[0])


def _catch(stop: Callable[[int, object], None]) -> None:
    for number in _ENDING:
        # Whoever started us chose that this signal shall not end it.
        if number != signal.SIGINT and signal.getsignal(number) == signal.SIG_IGN:
            continue  # nohup
        with suppress(ValueError):  # not on the main thread
            # Not asyncio's own handler, which waits for the loop.
            signal.signal(number, stop)
