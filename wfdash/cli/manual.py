"""The manual page, in the roff that `man` reads, from the same table as --help."""

import argparse
from collections.abc import Iterable, Iterator

from wfdash import __version__
from wfdash.cli.options import COMMANDS
from wfdash.cli.parser import parser_of_all

__all__ = ["manual_page"]

_EXIT_STATUS = (
    ("0", "done"),
    ("1", "refused, not there, or without effect"),
    ("2", "usage, config, account, no terminal, or read-only"),
    ("3", "no credentials, or the API does not take them"),
    ("4", "sent, and its outcome is unknown or not settled in time"),
    ("5", "the API was not reached: network, a fault of the server, or too many requests"),
    ("128+n", "ended by signal n"),
)
_ENVIRONMENT = (
    ("CLOUDFLARE_API_TOKEN", "the API token; or CLOUDFLARE_API_KEY with CLOUDFLARE_EMAIL"),
    ("CLOUDFLARE_ACCOUNT_ID", "the account, 32 hex digits"),
    (
        "CLOUDFLARE_API_BASE_URL, CLOUDFLARE_BASE_URL",
        "another server of the API; the first goes before the second",
    ),
    ("WFDASH_CONFIG", "another config file"),
    ("WFDASH_PROFILE", "a profile of the config file"),
    ("NO_COLOR", "draw without colours"),
)
_FILES = (
    ("config.toml", "in wfdash's folder of the platform's config folder; $XDG_CONFIG_HOME/wfdash on Linux"),
    ("actions.jsonl", "in the platform's state folder: the journal of everything that was sent"),
)
_EXAMPLES = (
    ("wfdash demo --scenario incident", "the dashboard over the embedded simulator"),
    ("wfdash list -w orders --filter 'status:errored since:2h' --json", "what failed of late, one a line"),
    ("wfdash redrive -w orders --filter status:errored --dry-run", "where each would restart; sends nothing"),
    ("wfdash man | man -l -", "this page"),
)
_SHARED = ("where",)
"""Groups of options that every command takes: they stand once."""


def manual_page() -> str:
    """The page as roff text without a line break at its end."""
    return "\n".join(_page(parser_of_all()))


def _page(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f'.TH WFDASH 1 "" "wfdash {__version__}" "User Commands"'
    yield from _section("NAME")
    yield _text("wfdash - a terminal dashboard for Cloudflare Workflows")
    yield from _section("SYNOPSIS")
    yield rf"\fBwfdash\fR [{_italic('OPTIONS')}] [{_italic('COMMAND')}] [{_italic('ARGUMENTS')}]"
    yield from _section("DESCRIPTION")
    yield _text((parser.description or "").replace("\n\n", "\n").replace("\n", " "))
    yield _text("Options stand before or after the command.")
    yield from _section("OPTIONS")
    for group in parser._action_groups:
        yield from _options(group._group_actions)
    yield from _section("COMMANDS")
    for command, each in _commands(parser):
        yield ".SS " + _escape(f"wfdash {command}")
        yield _text(f"{COMMANDS[command][0].upper()}{COMMANDS[command][1:]}.")
        for group in each._action_groups:
            if group.title not in _SHARED:
                yield from _options(group._group_actions)
    for title, entries in (
        ("EXIT STATUS", _EXIT_STATUS),
        ("ENVIRONMENT", _ENVIRONMENT),
        ("FILES", _FILES),
        ("EXAMPLES", _EXAMPLES),
    ):
        yield from _section(title)
        for name, meaning in entries:
            yield from _entry(rf"\fB{_escape(name)}\fR", meaning)


def _commands(parser: argparse.ArgumentParser) -> Iterable[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _options(actions: Iterable[argparse.Action]) -> Iterator[str]:
    for action in actions:
        if action.help == argparse.SUPPRESS or isinstance(
            action, argparse._SubParsersAction | argparse._HelpAction
        ):
            continue
        yield from _entry(_invocation(action), action.help or "")


def _invocation(action: argparse.Action) -> str:
    value = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if not action.option_strings:
        return _italic(value)
    names = ", ".join(rf"\fB{_escape(name)}\fR" for name in action.option_strings)
    if action.nargs == 0:
        return names
    return f"{names} [{_italic(value)}]" if action.nargs == "?" else f"{names} {_italic(value)}"


def _section(title: str) -> Iterator[str]:
    yield f".SH {title}"


def _entry(name: str, meaning: str) -> Iterator[str]:
    yield ".TP"
    yield name
    yield _text(meaning)


def _italic(text: str) -> str:
    return rf"\fI{_escape(text)}\fR"


def _text(text: str) -> str:
    """A line of running text; one that begins with a point or a quote would be taken for a request."""
    escaped = _escape(text)
    return rf"\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _escape(text: str) -> str:
    r"""Backslashes and minus signs as roff wants them: a bare - is drawn as a hyphen that no shell takes."""
    return text.replace("\\", r"\e").replace("-", r"\-")
