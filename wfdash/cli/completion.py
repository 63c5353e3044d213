"""Completion in a shell: commands and options from the parsers, names and ids from what this machine keeps.

Nothing here asks the network: whoever presses tab waits for it, and a token may not be at hand.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["answer", "shell_code"]

_MOST_IDS = 200
"""Ids that are offered, the newest: a shell that lists more asks first whether it may."""


def shell_code(shell: str) -> str:
    """What a shell evaluates so that tab completes `wfdash`."""
    from argcomplete.shell_integration import shellcode  # 1 ms, only here

    return str(shellcode(["wfdash"], shell=shell)).strip("\n")


def answer() -> None:
    """Writes the words that complete the line a shell has put into the environment, and ends the process."""
    from argcomplete.finders import CompletionFinder, safe_actions  # 13 ms, only when a shell asks

    class Escaping(CompletionFinder):
        def quote_completions(self, completions: list[str], *place: Any) -> list[str]:
            return [_as_word(word, *place) for word in super().quote_completions(completions, *place)]

    from wfdash.cli.parser import parser_of_all
    from wfdash.cli.values import Filled, Once
    from wfdash.config.plain_file import open_log

    safe_actions.update((Filled, Once))  # else the workflow on the line is not seen where ids are completed

    parser = parser_of_all()
    _add_completers(parser)
    try:
        if file := os.environ.get("_ARGCOMPLETE_STDOUT_FILENAME"):
            os.close(open_log(Path(file)))  # it would be waited for where it is a pipe
        # An option stands before or after the command, so those of the dashboard come up only when one is
        # begun.
        Escaping()(parser, always_complete_options=False)
    except (OSError, ValueError, KeyError, IndexError):
        sys.exit(1)  # in silence: a sentence would stand in the middle of the line that is being typed


def _as_word(completion: str, quote: str, after_break: int | None) -> str:
    """The word with an escape that argcomplete leaves out.

    Bash reads a first `~` as a home, `#` as a comment.
    """
    at_begin = not quote and after_break is None
    in_bash = os.environ.get("_ARGCOMPLETE_SHELL", "bash") in ("bash", "zsh")
    return f"\\{completion}" if at_begin and in_bash and completion.startswith(("~", "#")) else completion


def _add_completers(parser: argparse.ArgumentParser) -> None:
    """Gives each argument whose values are known here the function that finds them."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                _add_completers(each)
        elif action.dest in _COMPLETERS:
            setattr(action, "completer", _COMPLETERS[action.dest])  # noqa: B010, the name argcomplete looks for


def _profiles(**context: Any) -> Iterable[str]:
    return list(_tables(context["parsed_args"]).get("profiles", {}))


def _workflows(**context: Any) -> Iterable[str]:
    """Workflows that the config names, and those that something was done in, the newest of these first."""
    tables = _tables(context["parsed_args"])
    sections = [*tables.get("profiles", {}).values(), *tables.get("views", [])]
    named = [section.get("workflow", "") for section in sections]
    return _distinct([*named, *(workflow for workflow, _ in _recent())])


def _ids(**context: Any) -> Iterable[str]:
    wanted = getattr(context["parsed_args"], "workflow", "") or ""
    found = (identity for workflow, identity in _recent() if not wanted or workflow == wanted)
    return _distinct(found)[:_MOST_IDS]


def _recent() -> list[tuple[str, str]]:
    """Workflow and id of what was watched and acted on, the newest first."""
    from platformdirs import user_state_path

    from wfdash.live.records.journal_entries import read_entries
    from wfdash.live.records.pins import FILE_NAME, Pins

    folder = user_state_path("wfdash")
    watched = [(pin.workflow, pin.id) for pin in Pins(folder / FILE_NAME)]
    acted = [(entry.workflow, entry.id) for entry in reversed(read_entries(folder))]
    return [*reversed(watched), *acted]


def _tables(parsed: argparse.Namespace) -> dict[str, Any]:
    """The config file's tables, unread ones empty.

    The command tells what is wrong, not the key for completion.
    Unchecked, for the check loads pydantic, and a person waits 60 ms more at each tab.
    """
    from wfdash.config.file import read_tables
    from wfdash.config.precedence import config_path
    from wfdash.config.settings import Options

    with suppress(OSError, ValueError, RecursionError):
        path = config_path(Options(config=getattr(parsed, "config", None) or ""), os.environ)[0]
        return {
            name: value
            for name, value in read_tables(path).items()
            if _SHAPES.get(name, lambda _: False)(value)
        }
    return {}


def _distinct(words: Iterable[str]) -> list[str]:
    """The words, each once and in order, without those that a shell or a terminal would take for more."""
    return list(
        dict.fromkeys(word for word in words if isinstance(word, str) and word and word.isprintable())
    )


def _all_tables(values: Iterable[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    "profiles": lambda value: isinstance(value, dict) and _all_tables(value.values()),
    "views": lambda value: isinstance(value, list) and _all_tables(value),
}
_COMPLETERS: Mapping[str, Any] = {
    "profile": _profiles,
    "workflow": _workflows,
    "instance": _ids,
    "ids": _ids,
}
