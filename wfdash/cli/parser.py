"""Reads what was typed after `wfdash`. Light to import."""

import argparse
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from wfdash.cli.exits import UsageError
from wfdash.cli.options import COMMANDS, add_arguments

__all__ = ["parse", "parser_of_all"]

_ABOUT = """A terminal dashboard for Cloudflare Workflows: watch live runs, find out why one is
stuck, act on it.

Without a command it opens the dashboard."""
_VALUELESS = ("store_true", "version", argparse.BooleanOptionalAction)
# `wfdash --local show -i x`: an optional value must not swallow the command behind it.
_LOCAL_VALUE = re.compile(r"http://.*|\d{1,5}", re.DOTALL)


class _Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: Any = None) -> None:
        """Prints --help and --version, and fails where nobody takes them: argparse itself would go on."""
        from wfdash.cli.output import write

        write(message.rstrip("\n"))

    @property
    def takes_ids(self) -> bool:
        """Whether ids may follow the command."""
        return any(action.dest == "ids" for action in self._actions)

    def error(self, message: str) -> NoReturn:
        # An id may begin with a minus; argparse takes it for an option and says no more than that.
        if self.takes_ids and re.match("unrecognized arguments: -[^-]", message):
            message += " (an id that begins with - stands behind --)"
        elif lacking := re.fullmatch("argument (?:-[a-z]/)?(--[a-z-]+): expected one argument", message):
            message += f" (one that begins with - is written {lacking[1]}=-...)"
        elif strange := re.match("unrecognized arguments: (--[a-z][a-z-]*)", message):
            near = get_close_matches(strange[1], self._option_string_actions, n=1)
            message += f"; did you mean {near[0]}?" if near else ""
        raise UsageError(message)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line as a namespace; its `command` is "" for the dashboard.

    Options stand before or after the command. Raises UsageError, and SystemExit for --help and --version.
    """
    given, operands = _split_operands(arguments)
    command, rest = _split_command(_settle_filter(_settle_local(given)))
    if operands and not command:
        command, operands = _command_word(operands[0]), operands[1:]
    parser = _parser(command)
    # Intermixed: ids may stand on both sides of an option, as in `pause a --yes b`.
    parsed = parser.parse_intermixed_args(rest if parser.takes_ids else rest + operands)
    parsed.command = command
    if parser.takes_ids:
        parsed.ids += operands
    return parsed


def _split_operands(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Splits the words at the first `--`, behind which nothing is an option, whatever it begins with."""
    words = list(arguments)
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def _settle_local(arguments: Sequence[str]) -> list[str]:
    """Gives `--local` its value now: the next word only when it starts with http:// or is a port number."""
    words: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word != "--local":
            words.append(word)
        # `--local 8787` and `--local` before a command look alike to argparse.
        elif rest and _LOCAL_VALUE.fullmatch(rest[0]):
            words.append(f"--local={rest.pop(0)}")
        else:
            words.append("--local=")
    return words


def _settle_filter(words: Sequence[str]) -> list[str]:
    """Gives `--filter` a value that begins with a minus, which is how a filter says no."""
    settled: list[str] = []
    for word in words:
        if settled and settled[-1] == "--filter" and re.match("-[^-]", word):
            settled[-1] += f"={word}"
        else:
            settled.append(word)
    return settled


def _split_command(words: list[str]) -> tuple[str, list[str]]:
    """The first word that is neither an option nor an option's value, and all the others."""
    index = 0
    # Nearly always the dashboard's own are all there are, and those of every command take 2 ms.
    options = _options([""]) if words and words[0].startswith("-") else _Options()
    if any(word.startswith("-") and word.split("=")[0] not in options.every for word in words):
        options = _options(COMMANDS)
    strange = ""
    while index < len(words):
        word = words[index]
        if not word.startswith("-") or word == "-":
            if strange and word not in COMMANDS:
                break  # it may be that option's value: the option is what is wrong
            return _command_word(word), words[:index] + words[index + 1 :]
        if word.startswith("--") and word.split("=")[0] not in options.every:
            strange = word
        index += 2 if word in options.valued else 1
    return "", words


def _command_word(word: str) -> str:
    """The word when it is a command."""
    if word in COMMANDS and word:
        return word
    # Escaped in the sentence: the word is shown on a terminal before anything has cleaned it.
    near = get_close_matches(word, filter(None, COMMANDS), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UsageError(f"there is no command {word!a}{hint}")


def _options(commands: Iterable[str]) -> "_Options":
    """All the options of these commands."""
    options = _Options()
    for command in commands:
        options.prog = f"wfdash {command}"
        add_arguments(command, options)
    return options


class _Options:
    """Stands in for a parser, to learn what takes a value: twelve real ones would take 17 ms to make."""

    prog = ""

    def __init__(self) -> None:
        self.valued: set[str] = set()
        """Those that take the next word as their value."""
        self.every: set[str] = {"--help"}

    def add_argument_group(self, _title: str) -> "_Options":
        return self

    def add_argument(self, *names: str, **how: Any) -> None:
        valueless = "nargs" in how or how.get("action") in _VALUELESS
        if not names[0].startswith("-"):
            return
        self.every.update(names)
        if how.get("action") is argparse.BooleanOptionalAction:
            self.every.update(f"--no-{name[2:]}" for name in names)
        if not valueless:
            self.valued.update(names)


def _parser(command: str) -> _Parser:
    about = COMMANDS[command]
    parser = _Parser(
        prog=f"wfdash {command}".strip(),
        usage=None if command else "wfdash [OPTIONS] [COMMAND]",
        description=_ABOUT if not command else _sentence(about),
        epilog=_commands_help() if not command else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # An abbreviation that works today means two options tomorrow.
        allow_abbrev=False,
    )
    add_arguments(command, parser)
    return parser


def parser_of_all() -> argparse.ArgumentParser:
    """One parser with each command under it, 17 ms to make: for what has to see all of the command line."""
    parser = _parser("")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for command, about in COMMANDS.items():
        if command:
            add_arguments(
                command,
                commands.add_parser(
                    command, prog=f"wfdash {command}", help=about, description=_sentence(about)
                ),
            )
    return parser


def _sentence(about: str) -> str:
    return f"{about[0].upper()}{about[1:]}."


def _commands_help() -> str:
    lines = [f"  {name:<10} {about}" for name, about in COMMANDS.items() if name]
    return "commands:\n" + "\n".join(lines) + "\n\nwfdash COMMAND --help says more."
