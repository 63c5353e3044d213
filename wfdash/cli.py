"""The command line: parse, then the dashboard or a one-shot, and the exit code.

Textual, httpx and pydantic are imported only by what needs them. The checks come in this order: usage,
terminal, credentials, the rest.
"""

import gc
import os
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wfdash.arguments import parse
from wfdash.oneshot.ending import Stop, UsageError

if TYPE_CHECKING:
    from wfdash.api.interface import Observer, Workflows
    from wfdash.core.handover import Handover
    from wfdash.settings import Options, Settings

    Connect = Callable[[Observer], Awaitable[Workflows]]

__all__ = ["run"]

_DASHBOARD = ("", "demo", "open", "setup")
_WITHOUT_INSTANCE = {
    "create": "create takes the new instance's id with --id, not with -i",
    "list": "list takes no -i; wfdash show -i ID shows one instance",
}


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line; the return value is the process's exit code. Reads `os.environ`."""
    _ready_streams()
    try:
        code = _run(arguments, os.environ)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        from wfdash.oneshot.print import deaden

        deaden(sys.stdout)
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _crashed(error)


def _crashed(error: Exception) -> int:
    """A fault of our own: told without the values of variables and without what a terminal would obey."""
    from wfdash.core.crash import crash_report

    _say(crash_report(error, hide=_hide_variables))
    return 1


def _hide_variables(text: str) -> str:
    from wfdash.credentials import SECRET_VARIABLES

    for secret in filter(None, map(os.environ.get, SECRET_VARIABLES)):
        text = text.replace(secret, "[hidden]")
    return text


def _run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    try:
        parsed = parse(arguments)
        _check_usage(parsed)
        if parsed.command == "demo" and parsed.serve is not None:
            return _serve(parsed)
        if parsed.command in _DASHBOARD:
            return _dashboard(parsed, environ)
        from wfdash.oneshot.start import start

        return start(parsed, _options(parsed), environ)
    except UsageError as wrong:
        return _refuse(str(wrong), wrong.exit_code)
    except Stop as stop:
        return _refuse(str(stop), stop.code)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0


def _check_usage(parsed: Namespace) -> None:
    """What argparse cannot tell: the filter, the address, options that exclude each other."""
    if getattr(parsed, "filter", ""):
        _check_filter(parsed.filter)
    if parsed.command == "show" and len(parsed.ids) == 1 and not parsed.instance:
        parsed.instance, parsed.ids = parsed.ids[0], []
    if parsed.instance:
        if parsed.command in _WITHOUT_INSTANCE:
            raise UsageError(_WITHOUT_INSTANCE[parsed.command])
        _check_address(parsed)
    if parsed.command == "setup" and parsed.local is not None:
        raise UsageError("setup is for an account; a dev session needs none of it: wfdash --local")
    if parsed.command == "demo" and parsed.serve is None and (parsed.fault or parsed.latency):
        raise UsageError("--fault and --latency belong to demo --serve")


def _check_address(parsed: Namespace) -> None:
    """Take a dashboard URL apart into what it names."""
    from wfdash.core.address import AddressError, parse_instance

    try:
        address = parse_instance(parsed.instance)
    except AddressError as wrong:
        raise UsageError(f"-i: {wrong}") from None
    for name, ours, theirs in (
        ("workflow", parsed.workflow, address.workflow),
        ("account", parsed.account_id, address.account),
    ):
        if ours and theirs and ours != theirs:
            raise UsageError(f"-i names the {name} {theirs}, the options name {ours}")
    parsed.instance = address.instance
    parsed.workflow = parsed.workflow or address.workflow
    parsed.account_id = parsed.account_id or address.account


def _check_filter(text: str) -> None:
    from wfdash.core.query import QueryError
    from wfdash.core.query import parse as parse_query

    try:
        parse_query(text)
    except QueryError as wrong:
        raise UsageError(f"--filter: {wrong.pointed()}") from None


def _dashboard(parsed: Namespace, environ: Mapping[str, str]) -> int:
    _check_terminal(environ)
    from wfdash.settings import NoCredentials, SettingsError, load

    handover = _take_handover(parsed) if parsed.command == "open" else None
    try:
        settings = load(_options(parsed), environ)
    except NoCredentials as wrong:
        _refuse(str(wrong), wrong.exit_code)
        return _lead(parsed, environ, wrong.exit_code)
    except SettingsError as wrong:
        return _refuse(str(wrong), wrong.exit_code)
    if not _shows_more_than_ascii(environ):
        settings = replace(settings, ascii=True)
    from wfdash.ui.app import run_app

    workflow = parsed.workflow or settings.workflow
    code = run_app(
        settings,
        _connector,
        workflow=workflow,
        instance=parsed.instance,
        filter=parsed.filter,
        handover=handover,
        setup=_setup(parsed, settings),
    )
    if code == 3 and settings.credential is None:
        return _refuse(settings.sources["credential"], code)
    return code


def _setup(parsed: Namespace, settings: "Settings") -> str | None:
    """The name of the profile to lead to, "" for any; None to go straight to the dashboard.

    Nobody is led who has a config, said what to look at, or left the first run before.
    """
    if parsed.command == "setup":
        return str(parsed.profile)
    said = parsed.workflow or parsed.instance or parsed.filter or settings.account_id
    if parsed.command or said or settings.local:
        return None
    from platformdirs import user_state_path

    from wfdash.first_run import was_led

    path = settings.config_path
    return None if path is None or path.exists() or was_led(user_state_path("wfdash")) else ""


def _lead(parsed: Namespace, environ: Mapping[str, str], code: int) -> int:
    """Who has no config yet is told how to get as far as having one."""
    from wfdash.first_run import guide
    from wfdash.resolution import config_path

    path, _ = config_path(_options(parsed), environ)
    if not path.exists():
        _say(guide(path))
    return code


def _take_handover(parsed: Namespace) -> "Handover":
    """Stand where the file says, except where an option says otherwise."""
    from wfdash.core.handover import HandoverError, read_handover

    try:
        with open(parsed.file, encoding="utf-8", errors="replace") as file:
            handover = read_handover(file.read().split("\n"))
    except OSError as wrong:
        raise UsageError(f"{parsed.file} could not be read: {wrong.strerror}") from None
    except HandoverError as wrong:
        raise UsageError(f"{parsed.file}: {wrong}") from None
    if handover.lost:
        _say(f"wfdash: {parsed.file} was cut or changed: {handover.lost} lines of it could not be read")
    parsed.account_id = parsed.account_id or handover.account_id
    parsed.workflow = parsed.workflow or handover.workflow
    parsed.instance = parsed.instance or handover.instance
    parsed.filter = parsed.filter or _readable(handover.filter, parsed.file)
    return handover


def _readable(filter: str, file: str) -> str:
    """The filter of a file; one that cannot be read here is no reason to open nothing."""
    from wfdash.core.query import QueryError
    from wfdash.core.query import parse as parse_query

    try:
        parse_query(filter)
    except QueryError as wrong:
        _say(f"wfdash: {file}: its filter was left out: {wrong}")
        return ""
    return filter


def _check_terminal(environ: Mapping[str, str]) -> None:
    """Textual itself would write escape codes into a pipe, and full colour to a dumb terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("the dashboard needs a terminal; away from one use wfdash tail, or list --json")
    if environ.get("TERM", "") in ("", "dumb"):
        raise UsageError("the dashboard cannot be drawn on this terminal (TERM is dumb); use wfdash tail")


def _shows_more_than_ascii(environ: Mapping[str, str]) -> bool:
    """Whether the terminal takes UTF-8, as far as the locale and the stream tell.

    Python itself takes a locale of C for UTF-8; LC_ALL says that it is meant.
    """
    insisted = environ.get("LC_ALL", "").partition(".")
    plain = insisted[0] in ("C", "POSIX") and not insisted[2]
    return not plain and sys.stderr.encoding.lower().replace("-", "") == "utf8"


def _options(parsed: Namespace) -> "Options":
    from wfdash.settings import Options

    demo: dict[str, str] = {}
    if parsed.command == "demo":
        from wfdash.demo.credentials import ACCOUNT_ID, TOKEN

        demo = {"demo": parsed.scenario, "demo_account": ACCOUNT_ID, "demo_token": TOKEN}
    return Options(
        workflow=parsed.workflow,
        account_id=parsed.account_id,
        profile=parsed.profile,
        config=parsed.config,
        base_url=parsed.base_url,
        local=parsed.local,
        debug=parsed.debug,
        read_only=getattr(parsed, "read_only", False),
        interval=getattr(parsed, "interval", None),
        ascii=getattr(parsed, "ascii", False),
        mouse=getattr(parsed, "mouse", None),
        setup=parsed.command == "setup",
        **demo,
    )


def _connector(settings: "Settings") -> "Connect":
    """How the dashboard reaches its server: the network, or the simulator in process."""

    async def reach(observer: "Observer") -> "Workflows":
        from wfdash.api.connect import connect

        if not settings.demo:
            return await connect(settings, observer=observer)
        import asyncio

        import httpx

        from wfdash.demo.api import create_app
        from wfdash.demo.world import build

        # In a thread: the screen answers to keys meanwhile.
        world = await asyncio.to_thread(build, settings.demo)
        transport = httpx.ASGITransport(app=create_app(world))
        return await connect(settings, observer=observer, transport=transport)

    return reach


def _serve(parsed: Namespace) -> int:
    from wfdash.demo.faults import Fault
    from wfdash.demo.serve import serve

    try:
        faults = [Fault.parse(text) for text in parsed.fault]
    except ValueError as wrong:
        raise UsageError(f"--fault: {wrong}") from None
    gc.enable()
    return serve(parsed.serve, scenario=parsed.scenario, faults=faults, latency=parsed.latency / 1000)


def _refuse(sentence: str, code: int) -> int:
    _say(f"wfdash: {sentence}")
    return code


def _say(sentence: str) -> None:
    from wfdash.oneshot.print import say

    say(sentence)


def _ready_streams() -> None:
    """A closed stream takes what is written to it; one that is not UTF-8 shows escapes for what it lacks."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            # Never closed, so that nothing is said of it at the exit.
            nothing = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(nothing, mode, closefd=False))  # noqa: SIM115
        elif isinstance(stream, TextIOWrapper) and mode == "w":
            stream.reconfigure(errors="backslashreplace")
