"""The command line: parse, then the dashboard or a one-shot, and the exit code.

Textual, httpx and pydantic are imported only by what needs them. The checks come in this order: usage,
terminal, credentials, the rest.
"""

import gc
import os
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from io import TextIOWrapper

from wfdash.cli.checks import check_clock, check_usage
from wfdash.cli.exits import Stop, UsageError
from wfdash.cli.parser import parse

__all__ = ["run"]

_PRINTED = ("completion", "man")
# What needs a terminal on both sides; every other command may stand in a pipe.
_DASHBOARD = ("", "demo", "open", "replay", "setup")


def run(arguments: Sequence[str]) -> int:
    """Carries out one command line; the return value is the process's exit code. Reads `os.environ`."""
    _ready_streams()
    try:
        code = _run(arguments, os.environ)
        sys.stdout.flush()
        return code
    # `| head` has read enough: that is no failure, and nobody reads a word of it.
    except BrokenPipeError:
        from wfdash.cli.output import deaden

        deaden(sys.stdout)
        return 0
    except KeyboardInterrupt:
        # 128 + SIGINT, as a shell has it: a script tells an interruption from a failure by that.
        return 130
    except Exception as error:
        return _crashed(error)
    finally:
        _let_go_of_streams()


def _let_go_of_streams() -> None:
    """Flushes the streams; what a closed terminal did not take would make the exit code 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            from wfdash.cli.output import deaden

            deaden(stream)


def _crashed(error: Exception) -> int:
    """Says a fault of our own, without values of variables and what a terminal would obey; exit code 1."""
    from wfdash.cli.output import say
    from wfdash.core.text.crash_report import crash_report

    say(*crash_report(error, hide=_hide_variables).split("\n"))
    return 1


def _hide_variables(text: str) -> str:
    from wfdash.config.credential import SECRET_VARIABLES

    # A crash may come before the credential is settled, so each variable that can hold one is hidden.
    for secret in filter(None, map(os.environ.get, SECRET_VARIABLES)):
        text = text.replace(secret, "[hidden]")
    return text


def _run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    try:
        # Set by a shell at tab and by nothing else; what it asks is in the environment, not in the arguments.
        if "_ARGCOMPLETE" in environ:
            from wfdash.cli.completion import answer

            answer()
        parsed = parse(arguments)
        check_usage(parsed)
        check_clock(time.time())
        # A server needs neither terminal nor settings nor credential.
        if parsed.command == "demo" and parsed.serve is not None:
            return _serve(parsed)
        if parsed.command in _PRINTED:
            return _print(parsed)
        if parsed.command in _DASHBOARD:
            from wfdash.cli.dashboard import dashboard

            return dashboard(parsed, environ)
        from wfdash.cli.options import options_of
        from wfdash.cli.run import start

        return start(parsed, options_of(parsed), environ)
    except UsageError as wrong:
        return _refuse(str(wrong), wrong.exit_code, *wrong.more)
    except Stop as stop:
        return _refuse(str(stop), stop.code)
    except SystemExit as leaving:
        # argparse leaves this way for --help and --version.
        return leaving.code if isinstance(leaving.code, int) else 0


def _print(parsed: Namespace) -> int:
    from wfdash.cli.output import write

    if parsed.command == "completion":
        from wfdash.cli.completion import shell_code

        write(shell_code(parsed.shell))
    else:
        from wfdash.cli.manual import manual_page

        write(manual_page())
    return 0


def _serve(parsed: Namespace) -> int:
    from wfdash.demo.http.faults import InjectedFault
    from wfdash.demo.http.serve import serve

    try:
        faults = [InjectedFault.parse(text) for text in parsed.fault]
    except ValueError as wrong:
        raise UsageError(f"--fault: {wrong}") from None
    # Off since the start: collecting while modules load finds nothing and takes a tenth of the time.
    gc.enable()
    return serve(parsed.serve, scenario=parsed.scenario, faults=faults, latency=parsed.latency / 1000)


def _refuse(sentence: str, code: int, *more: str) -> int:
    from wfdash.cli.output import refuse

    return refuse(sentence, code, *more)


def _ready_streams() -> None:
    """Opens closed streams on nothing, and lets those that are not UTF-8 escape what they lack."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            # Never closed, so that nothing is said of it at the exit.
            nothing = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(nothing, mode, closefd=False))  # noqa: SIM115
        elif isinstance(stream, TextIOWrapper) and mode == "w":
            # UTF-16 and EBCDIC, which a variable can ask for, write an escape as no terminal understands it.
            odd = name == "stderr" and "\x1b[".encode(stream.encoding) != b"\x1b["
            stream.reconfigure(encoding="utf-8" if odd else None, errors="backslashreplace")
