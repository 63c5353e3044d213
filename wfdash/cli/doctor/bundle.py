"""The report for others: what doctor found, the settings, the shape of what is kept; no names, no secrets.

One text file and no archive, so that whoever attaches it can read all of what is given away.
"""

import getpass
import os
import platform
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from wfdash.config.file import read_tables
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count
from wfdash.live.records.journal_entries import JournalEntry, read_entries

__all__ = ["Names", "bundle_lines"]

_SHOWN_SECTIONS = ("poll", "display", "keys")
"""Sections of the config whose texts name nothing of anybody's."""
_PACKAGES = (
    "textual",
    "rich",
    "httpx",
    "httpcore",
    "h11",
    "pydantic",
    "msgspec",
    "humanize",
    "psutil",
    "certifi",
)
_VARIABLES = re.compile(
    r"(CLOUDFLARE|CF|WFDASH|XDG|TEXTUAL|SSL|LC)_\w+|\w+_PROXY|NO_COLOR|TERM\w*|LANG|TZ", re.I
)
_HEXADECIMAL = re.compile(r"\b[0-9a-fA-F]{32}\b")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*")
_HOST = re.compile(r"(?<=://)(?!api\.cloudflare\.com\b|127\.0\.0\.1\b|localhost\b)[^/\s:)\"']+")
_JOURNAL_LINES = 40


class Names:
    """Puts `workflow 1` for a name; one name keeps its number, so that the report can be followed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._stand_ins: dict[str, str] = {}
        self._kinds: Counter[str] = Counter()
        self.hide("home", [environ.get("HOME", "")], stand_in="~")
        with suppress(OSError, KeyError, ImportError):  # a user id without a name
            self.hide("user", [getpass.getuser()])
        self.hide("host", [platform.node()])

    def hide(self, kind: str, names: Iterable[str], stand_in: str = "") -> None:
        """Takes these out of every line from now on; one or two letters tell nothing."""
        for name in names:
            if len(name) > 2 and name not in self._stand_ins:
                self._kinds[kind] += 1
                self._stand_ins[name] = stand_in or f"[{kind} {self._kinds[kind]}]"

    def taken_out(self, text: str) -> str:
        """The line without them, and without what looks like an account, an e-mail address or a host."""
        for name in sorted(self._stand_ins, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", self._stand_ins[name].replace("\\", ""), text)
        self.hide("id", _HEXADECIMAL.findall(text))
        text = _HEXADECIMAL.sub(lambda found: self._stand_ins[found[0]], text)
        return _HOST.sub("[host]", _ADDRESS.sub("[address]", text))


def bundle_lines(
    report: Iterable[str], names: Names, environ: Mapping[str, str], config: Path | None
) -> Iterator[str]:
    """The lines of the file, each with its line break: what doctor printed, then what it does not show."""
    entries = read_entries(user_state_path("wfdash"))
    names.hide("workflow", (entry.workflow for entry in entries))
    names.hide("profile", (entry.profile for entry in entries))
    settings = list(_config(config, names))
    sections: tuple[tuple[str, Iterable[str]], ...] = (
        ("packages", _packages()),
        ("variables that are set", _variables(environ)),
        ("config", settings),
        ("state", _state()),
        ("journal", _journal(entries)),
    )
    yield "A report on wfdash. Names are numbered and secrets left out; read it before you attach it.\n\n"
    for line in report:
        yield f"{names.taken_out(clean(line)).rstrip()}\n"
    for title, lines in sections:
        yield f"\n{title}\n"
        for line in lines:
            yield f"  {names.taken_out(clean(line))}\n"


def _packages() -> Iterator[str]:
    for name, version in sorted((found.name, found.version) for found in distributions()):
        if name.lower() in _PACKAGES:
            yield f"{name} {version}"


def _variables(environ: Mapping[str, str]) -> Iterator[str]:
    """Names alone: a value may be a secret whatever its name says."""
    yield from sorted(name for name in environ if _VARIABLES.fullmatch(name))


def _config(path: Path | None, names: Names) -> Iterator[str]:
    """Every key with its value where that names nothing, else with what kind of value it is."""
    if path is None or not path.exists():
        yield "there is none"
        return
    try:
        table = read_tables(path)
    except (OSError, ValueError, RecursionError) as wrong:
        yield f"it cannot be read: {type(wrong).__name__}"
        return
    profiles = table.get("profiles")
    if isinstance(profiles, dict):
        names.hide("profile", profiles)
    yield from _values("", table, shown=False)


def _values(place: str, value: Any, shown: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{place}.{key}" if place else key
            yield from _values(path, inner, shown or path in _SHOWN_SECTIONS)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for number, inner in enumerate(value, 1):
            yield from _values(f"{place}[{number}]", inner, shown)
    elif shown or isinstance(value, bool | int | float):
        yield f"{place} = {value!r}"
    else:
        yield f"{place} = a {'list' if isinstance(value, list) else 'text'} of {count(len(value))}"


def _state() -> Iterator[str]:
    """The files of the state folder: size and who may read them. Their names are wfdash's own."""
    folder = user_state_path("wfdash")
    try:
        found = sorted(folder.iterdir())
    except OSError as wrong:
        yield f"the folder cannot be read: {wrong.strerror}"
        return
    for path in found[:100]:
        with suppress(OSError):
            file = os.lstat(path)
            yield f"{path.name}  {count(file.st_size)} bytes  {stat.filemode(file.st_mode)}"


def _journal(entries: list[JournalEntry]) -> Iterator[str]:
    """What was done to how many, and the last lines without what they were done to."""
    for (verb, event), number in sorted(Counter((entry.verb, entry.event) for entry in entries).items()):
        yield f"{verb} {event}: {count(number)}"
    for entry in entries[-_JOURNAL_LINES:]:
        cells = (entry.verb, entry.event, entry.before, entry.answered, entry.after, entry.http, entry.code)
        yield " ".join(str(cell) for cell in cells if cell not in ("", None))
