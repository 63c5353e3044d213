"""Runs one one-shot: settings, connection, signals, and failures into exit codes."""

import asyncio
import gc
import signal
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
    """Cancels the work on a signal that ends it; the exit code is then 128 + its number."""
    task = asyncio.current_task()
    caught: list[int] = []

    def stop(number: int) -> None:
        caught.append(number)
        if task is not None:
            task.cancel()

    _catch(stop)
    try:
        return await work()
    except asyncio.CancelledError:
        if not caught:
            raise
        # As shells do: a script can tell an interrupt from a failure.
        return 128 + caught[0]


def _catch(stop: Callable[[int], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in _ENDING:
        # Whoever started us chose that this signal shall not end it.
        if number != signal.SIGINT and signal.getsignal(number) == signal.SIG_IGN:
            continue  # nohup
        with suppress(NotImplementedError):  # Windows, where ctrl+c cancels the task by itself
            loop.add_signal_handler(number, stop, number)
