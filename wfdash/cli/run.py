"""Runs one one-shot: settings, connection, and failures into exit codes."""

import asyncio
import gc
from argparse import Namespace
from collections.abc import Mapping
from importlib import import_module

from wfdash.cli.output import refuse, say
from wfdash.cli.signals import ending_code, interruptible
from wfdash.config.precedence import load
from wfdash.config.settings import Options, SettingsError
from wfdash.libraries import load_httpx

__all__ = ["start"]

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

    code = asyncio.run(interruptible(carry_out))
    # Also where one came as all was over: it was asked to end.
    return ending_code() or code
