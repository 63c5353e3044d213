"""Starts the dashboard from a parsed command line: terminal, handover, settings, first run, server."""

import os
from argparse import Namespace
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wfdash.cli.exits import UsageError
from wfdash.cli.options import options_of
from wfdash.cli.output import refuse, say
from wfdash.cli.question import answer_to
from wfdash.cli.terminal import check_terminal, shows_more_than_ascii, take_variables
from wfdash.config.plain_file import read_given
from wfdash.config.precedence import load
from wfdash.config.settings import (
    ForeignAccount,
    Link,
    NoCredentials,
    Options,
    Settings,
    SettingsError,
)

if TYPE_CHECKING:
    from wfdash.api.interface import Observer, Workflows
    from wfdash.core.handoff.handover import Handover
    from wfdash.live.records.record.reading import RecordReader
    from wfdash.ui.app import WfdashApp
    from wfdash.ui.session import Connect

__all__ = ["dashboard"]


def dashboard(parsed: Namespace, environ: Mapping[str, str]) -> int:
    check_terminal(environ)
    # Textual reads its variables when it is imported, and some of them run code.
    take_variables(os.environ)
    # Read before the settings: its account decides which of them apply.
    handover = _take_handover(parsed) if parsed.command == "open" else None
    replayed = _take_record(parsed) if parsed.command == "replay" else None
    try:
        settings = _load(parsed, environ, handover)
    # The one failure that a newcomer meets: it leads on instead of only refusing.
    except NoCredentials as wrong:
        refuse(str(wrong), wrong.exit_code)
        return _lead(parsed, environ, wrong.exit_code)
    except SettingsError as wrong:
        return refuse(str(wrong), wrong.exit_code)
    if not shows_more_than_ascii(environ):
        settings = replace(settings, ascii=True)
    # As late as this: 10 ms, and the screens 200, that a refusal need not wait for.
    import asyncio

    code = asyncio.run(_run(parsed, settings, handover, replayed))
    if replayed is not None:
        replayed.close()
    # The screen with the reason is gone by now: what is left in the shell has to say it again.
    if code == 3 and settings.credential is None:
        return refuse(settings.sources["credential"], code)
    return code


async def _run(
    parsed: Namespace, settings: Settings, handover: "Handover | None", replayed: "RecordReader | None"
) -> int:
    """Shows the dashboard; its first request is on its way while the modules of the screens are loaded."""
    import asyncio

    from wfdash.libraries import load_httpx

    load_httpx()
    from wfdash.core.filter.query import parse as parse_query
    from wfdash.ui.session import BegunSession

    if not settings.demo:
        from wfdash.api.connect import load_transport

        await load_transport()
    setup, workflow = _setup(parsed, settings), parsed.workflow or settings.workflow
    begun = None
    if setup is None and replayed is None:
        first = (workflow, parse_query(parsed.filter) or None) if workflow else None
        begun = BegunSession(settings, _connector(settings), first=first)
    # In a thread, and after what the request needs: a connection takes turns of the loop to be made.
    screens = asyncio.get_running_loop().run_in_executor(None, _load_screens)
    try:
        app_class, run_app = await screens
        app = app_class(
            settings,
            _connector,
            workflow=workflow,
            instance=parsed.instance,
            filter=parsed.filter,
            handover=handover,
            setup=setup,
            replayed=replayed,
            begun=begun,
        )
        return await run_app(app)
    finally:
        if begun is not None:
            await begun.close()


def _load_screens() -> "tuple[type[WfdashApp], Callable[[WfdashApp], Awaitable[int]]]":
    from wfdash.ui.app import WfdashApp, run_app

    return WfdashApp, run_app


def _load(parsed: Namespace, environ: Mapping[str, str], handover: "Handover | None") -> Settings:
    """Loads the settings; for another account than the configured one, once the person has agreed to it."""
    options = options_of(parsed)
    theirs = handover.account_id if handover is not None and not parsed.account_id else ""
    if theirs and not options.demo:
        options = replace(options, link=Link(theirs, parsed.file))
    try:
        settings = load(options, environ)
    except ForeignAccount as foreign:
        return load(_agreed(options, foreign), environ)
    if handover is not None and settings.sources["account"] == parsed.file:
        # A file chooses no account where none is configured: GET /accounts and the person do.
        return replace(settings, account_id="")
    return settings


def _agreed(options: Options, foreign: ForeignAccount) -> Options:
    """Asks whether to open another account, naming both. Raises the refusal unless the answer is a bare y."""
    if foreign.profile:
        offer = f"Open it with profile {foreign.profile}, which is for that account?"
    else:
        offer = "No profile is for that account. Open it read-only, with the credentials in use?"
    say(f"wfdash: {foreign.meeting}.")
    # Anything else is no, end of input too: another account is nothing to enter by accident.
    if answer_to(f"{offer} [y/N] ") != "y":
        raise foreign
    if foreign.profile:
        return replace(options, profile=foreign.profile, link=None, local=None)
    return replace(options, account_id=foreign.link.account_id, link=None, local=None, read_only=True)


def _setup(parsed: Namespace, settings: Settings) -> str | None:
    """The name of the profile to lead to, "" for any; None to go straight to the dashboard.

    Nobody is led who has a config, said what to look at, or left the first run before.
    """
    if parsed.command == "setup":
        return str(parsed.profile)
    given = parsed.workflow or parsed.instance or parsed.filter or settings.account_id
    if parsed.command or given or settings.local:
        return None
    from platformdirs import user_state_path

    from wfdash.config.first_run import was_led

    path = settings.config_path
    return None if path is None or path.exists() or was_led(user_state_path("wfdash")) else ""


def _lead(parsed: Namespace, environ: Mapping[str, str], code: int) -> int:
    """Says how to get as far as a config where there is none; the exit code as it was given."""
    from wfdash.config.first_run import guide
    from wfdash.config.precedence import config_path

    path, _ = config_path(options_of(parsed), environ)
    if not path.exists():
        say(*guide(path))
    return code


def _take_handover(parsed: Namespace) -> "Handover":
    """Reads the handover file, and takes its place and filter where no option says otherwise."""
    from wfdash.core.handoff.handover import HandoverError, read_handover

    try:
        text = read_given(Path(parsed.file)).decode("utf-8", "replace")
        handover = read_handover(text.replace("\r\n", "\n").split("\n"))
    except OSError as wrong:
        raise UsageError(f"{parsed.file} could not be read: {wrong.strerror}") from None
    except HandoverError as wrong:
        raise UsageError(f"{parsed.file}: {wrong}") from None
    if handover.loss:
        say(f"wfdash: {parsed.file} was cut or changed: {handover.loss}")
    parsed.workflow = parsed.workflow or handover.workflow
    parsed.instance = parsed.instance or handover.instance
    parsed.filter = parsed.filter or _readable(handover.filter, parsed.file)
    return handover


def _take_record(parsed: Namespace) -> "RecordReader":
    from wfdash.live.records.record.opening import open_record
    from wfdash.live.records.record.schema import Unusable

    try:
        return open_record(Path(parsed.file))
    except OSError as wrong:
        raise UsageError(f"{parsed.file} could not be read: {wrong.strerror}") from None
    except Unusable as wrong:
        raise UsageError(f"{parsed.file}: {wrong}") from None


def _readable(filter: str, file: str) -> str:
    """The filter of a file; one that cannot be read is said and left out, so that the file still opens."""
    from wfdash.core.filter.grammar import QueryError
    from wfdash.core.filter.query import parse as parse_query

    try:
        parse_query(filter)
    except QueryError as wrong:
        say(f"wfdash: {file}: its filter was left out: {wrong}")
        return ""
    return filter


def _connector(settings: Settings) -> "Connect":
    """How the dashboard reaches its server: the network, or the simulator in process."""

    async def reach(observer: "Observer") -> "Workflows":
        from wfdash.api.connect import connect

        if not settings.demo:
            return await connect(settings, observer=observer)
        import asyncio

        import httpx

        from wfdash.demo.engine.world import build
        from wfdash.demo.http.api import create_app

        # In a thread: the screen answers to keys meanwhile.
        world = await asyncio.to_thread(build, settings.demo)
        transport = httpx.ASGITransport(app=create_app(world))
        return await connect(settings, observer=observer, transport=transport)

    return reach
