"""The config file read and checked; every complaint names the file, the line and the key."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import fields

from wfdash.config.plain_file import read_given
from wfdash.config.schema import THEMES, Actions, Config, Display, Poll, Profile, Record, SavedView
from wfdash.core.rows.columns import BY_NAME
from wfdash.core.text.durations import parse_duration

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["ConfigError", "line_of", "nearest", "parse", "read", "read_tables"]

_LITERAL_SECRETS = {"token", "api_token", "apitoken", "api_key", "key", "secret", "password", "email"}
_LARGEST = 4 * 1024 * 1024
"""Bytes of a config: what is larger is another file, and would be parsed for seconds."""
_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_LINE = re.compile(rf"^\s*(?:\[\[\s*({_DOTTED})\s*\]\]|\[\s*({_DOTTED})\s*\]|({_DOTTED})\s*=)")


class ConfigError(Exception):
    """The file cannot be used; `str()` is the whole sentence."""


def read(path: Path, *, required: bool) -> Config | None:
    """The config, or None when there is no file and none is `required`. Raises ConfigError."""
    try:
        # With the mark that editors on Windows put in front, which TOML takes for a fault in the first key.
        text = read_given(path, _LARGEST).decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        if not required:
            return None
        raise ConfigError(f"There is no config file {path}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise ConfigError(f"{path} could not be read: {error.strerror}.") from None
    return parse(text, str(path))


def read_tables(path: Path) -> dict[str, Any]:
    """The tables of the file as they stand, unchecked and so without loading pydantic, which takes 60 ms.

    Raises OSError, RecursionError and, for what is no TOML, ValueError.
    """
    return tomllib.loads(read_given(path, _LARGEST).decode("utf-8-sig"))


def parse(text: str, name: str) -> Config:
    """The config of a file's text; `name` is the file in complaints. Raises ConfigError."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is only a ValueError
        raise ConfigError(f"{name}: not valid TOML: {error}.") from None
    try:
        config = _validated(table)
        _check_values(config)
    except _Complaint as complaint:
        line = line_of(text, complaint.path)
        source = f"{name}, line {line}" if line else name
        raise ConfigError(f"{source}: {complaint}") from None
    return config


_TYPES = {
    "string_type": "must be a text in quotes",
    "list_type": "must be a list in brackets, each part of it in quotes",
    "bool_type": "must be true or false, without quotes",
    "float_type": "must be a number, without quotes",
    "int_type": "must be a number, without quotes",
}


class _Complaint(Exception):
    def __init__(self, path: Sequence[str | int], words: str) -> None:
        super().__init__(words)
        self.path = tuple(path)


@cache
def _checker() -> "TypeAdapter[Config]":
    """The reader of a Config, built once: to build it takes 5 ms."""
    from pydantic import TypeAdapter

    return TypeAdapter(Config)


def _validated(table: Mapping[str, Any]) -> Config:
    """The table as a Config, types checked by pydantic, which is loaded here and only here."""
    from pydantic import ValidationError

    try:
        # As JSON, whose words for what is wrong know nothing of Python.
        return _checker().validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        # One complaint of many: a wrong value is shown before an unknown key, which may only be misspelt for
        # what is missing.
        problem = min(
            error.errors(include_url=False, include_input=False),
            key=lambda error: error["type"] not in ("extra_forbidden", "missing"),
        )
    path = tuple(part for part in problem["loc"] if part not in ("bool", "int", "str"))
    where = _shown(path)
    if problem["type"] == "extra_forbidden":
        raise _Complaint(path, _unknown_key(path))
    if problem["type"] == "missing":
        raise _Complaint(path[:-1], f"{where} is missing.")
    words = problem["msg"].lower().replace("input should be", "must be").replace("an object", "a table")
    words = _TYPES.get(problem["type"], words)
    raise _Complaint(path, f"{where}: {words}.")


def _unknown_key(path: Sequence[str | int]) -> str:
    key = str(path[-1])
    table = _shown(path[:-1])
    names = [field.name for field in fields(_model_at(path[:-1]))]
    words = f'unknown key "{key}"' + (f" in [{table}]" if table else "")
    # Told where the token belongs, and never "the nearest known key": that may be one which takes it.
    if key.lower() in _LITERAL_SECRETS and path[0] == "profiles":
        return f"{words}. No credential is kept in the config: use token_env or token_command."
    return f'{words}; the nearest known one is "{nearest(key, names)}".'


def _model_at(path: Sequence[str | int]) -> Any:
    """The Struct that describes the table at a path."""
    if not path:
        return Config
    tables = {
        "profiles": Profile,
        "poll": Poll,
        "actions": Actions,
        "display": Display,
        "record": Record,
        "views": SavedView,
    }
    return tables.get(str(path[0]), Config)


def nearest(word: str, names: Iterable[str]) -> str:
    """The known word most like this one; "" when none is known."""
    # However unlike: with a name that is right beside theirs people see what kind of word is wanted.
    return next(iter(get_close_matches(word, list(names), n=1, cutoff=0.0)), "")


def _shown(path: Sequence[str | int]) -> str:
    parts = [str(part) if isinstance(part, str) else f"#{part + 1}" for part in path]
    return ".".join(parts)


def _check_values(config: Config) -> None:
    """Raises _Complaint for what types cannot say: ranges, durations, unknown names, keys that clash."""
    if not 1 <= config.poll.interval <= 300:
        raise _Complaint(("poll", "interval"), "poll.interval must be 1 to 300 seconds.")
    if not 0.05 <= config.poll.share <= 1:
        raise _Complaint(("poll", "share"), "poll.share must be 0.05 to 1 of Cloudflare's limit.")
    for name, number in (("pace", config.actions.pace), ("parallel", config.actions.parallel)):
        if number < 0:
            raise _Complaint(("actions", name), f"actions.{name} must be 0, which bounds nothing, or more.")
    if not 10 <= config.record.size <= 10_000:
        raise _Complaint(("record", "size"), "record.size must be 10 to 10000 megabytes.")
    if config.profile and config.profile not in config.profiles:
        suggestion = nearest(config.profile, config.profiles)
        hint = f'; the nearest one is "{suggestion}"' if suggestion else " (there are no profiles)"
        raise _Complaint(("profile",), f'profile: there is no profile "{config.profile}"{hint}.')
    for name, profile in config.profiles.items():
        if profile.token_env and profile.token_command:
            raise _Complaint(
                ("profiles", name, "token_command"),
                f"profiles.{name}: token_env and token_command exclude each other.",
            )
    for workflow, text in config.retention.items():
        if parse_duration(text) is None:
            raise _Complaint(
                ("retention", workflow), f'retention.{workflow}: "{text}" is not a duration such as "7d".'
            )
    if config.display.theme not in THEMES:
        theme, near = config.display.theme, nearest(config.display.theme, THEMES)
        words = f'display.theme: there is no theme "{theme}"; the nearest one is "{near}".'
        raise _Complaint(("display", "theme"), words)
    _check_columns(config.display.columns)
    _check_views(config.views)
    _check_keys(config.keys)
    _check_commands(config)
    _check_hooks(config)


def _check_columns(columns: Sequence[str]) -> None:
    for index, column in enumerate(columns):
        if column not in BY_NAME:
            words = f'there is no column "{column}"; the nearest one is "{nearest(column, BY_NAME)}"'
        elif column in columns[:index]:
            words = f'"{column}" is there twice'
        else:
            continue
        raise _Complaint(("display", "columns", index), f"display.columns: {words}.")


def _check_views(views: Sequence[SavedView]) -> None:
    keys: dict[str, str] = {}
    defaults: dict[str, str] = {}
    for index, view in enumerate(views):
        if view.key and view.key not in "123456789":
            raise _Complaint(("views", index, "key"), f'views: the key of "{view.name}" must be 1 to 9.')
        if view.key and view.key in keys:
            raise _Complaint(
                ("views", index, "key"),
                f'views: "{keys[view.key]}" and "{view.name}" both have the key {view.key}.',
            )
        if view.default and view.workflow in defaults:
            raise _Complaint(
                ("views", index, "default"),
                f'views: "{defaults[view.workflow]}" and "{view.name}" are both the default.',
            )
        # At the start: a view that cannot be read would else fail at the key that opens it, perhaps amid an
        # incident.
        _check_filter(index, view)
        keys[view.key] = view.name
        if view.default:
            defaults[view.workflow] = view.name


def _check_filter(index: int, view: SavedView) -> None:
    from wfdash.core.filter.grammar import QueryError
    from wfdash.core.filter.query import parse as parse_query

    try:
        parse_query(view.filter)
    except QueryError as error:
        end = "" if str(error).endswith("?") else "."
        words = f'views: the filter of "{view.name}": {error}{end}'
        raise _Complaint(("views", index, "filter"), words) from None


def _check_keys(keys: Mapping[str, str]) -> None:
    from wfdash.keymap.check import check_keymap

    for action, words in check_keymap(keys):
        raise _Complaint(("keys", action), f"keys: {words}")


def _check_commands(config: Config) -> None:
    if not config.commands:
        return
    from wfdash.config.own_commands import command_fault
    from wfdash.keymap.check import keys_in_force

    taken = {key: action for action, keys in keys_in_force(config.keys).items() for key in keys}
    for index, entry in enumerate(config.commands):
        field_name, words = command_fault(entry.key, entry.run, taken)
        if words:
            raise _Complaint(("commands", index, field_name), f'commands: "{entry.name}": {words}.')
        if entry.key:
            # Two commands on one key clash like a command and an action.
            taken[entry.key] = f'the command "{entry.name}"'


def _check_hooks(config: Config) -> None:
    if not config.hooks:
        return
    from wfdash.config.own_commands import hook_fault

    for index, entry in enumerate(config.hooks):
        field_name, words = hook_fault(entry.on, entry.run)
        if words:
            raise _Complaint(("hooks", index, field_name), f'hooks: "{entry.on}": {words}.')


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line of a key, or else of the innermost table around it; None when neither is written out."""
    found: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    entries: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.match(line)
        if not match:
            continue
        # tomllib tells no lines of what it has read, so they are looked for in the text. It is only for a
        # complaint: a key in a multi-line text may be met first.
        keys = tuple(part.strip("\"'") for part in re.findall(_KEY, match[1] or match[2] or match[3]))
        if match[1]:
            entries[keys] = entries.get(keys, -1) + 1
            table = (*keys, entries[keys])
        elif match[2]:
            table = keys
        keys_path = table if match[1] or match[2] else (*table, *keys)
        for length in range(1, len(keys_path) + 1):
            found.setdefault(keys_path[:length], number)
    return next((found[tuple(path[:n])] for n in range(len(path), 0, -1) if tuple(path[:n]) in found), None)
