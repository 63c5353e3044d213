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

from wfdash.cli.doctor.own_words import is_ours, own_texts, own_words
from wfdash.config.file import read_tables
from wfdash.config.settings import Options
from wfdash.core.text.clean import clean
from wfdash.core.text.words import count
from wfdash.live.records.journal_entries import JournalEntry, read_entries

__all__ = ["Names", "bundle_lines"]

_SHOWN_SECTIONS = ("poll", "display", "keys", "actions", "record")
"""Sections of the config whose numbers, and whose texts where wfdash has a word for them, are shown."""
_STRICT_SECTIONS = ("server", "to fix")
"""Parts of what doctor prints whose sentences quote what was typed, or what a server answered."""
_QUOTED = re.compile(r"\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)")
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
    r"(CLOUDFLARE|CF)_(API_TOKEN|API_KEY|ACCOUNT_ID|EMAIL|API_BASE_URL|BASE_URL)"
    r"|WFDASH_(CONFIG|PROFILE)|XDG_(CACHE|CONFIG|DATA|RUNTIME|STATE)_(HOME|DIR)|TEXTUAL_(COLOR_SYSTEM|FPS)"
    r"|SSL_CERT_(FILE|DIR)|SSLKEYLOGFILE|LC_(ALL|CTYPE|TIME|NUMERIC|MESSAGES|TERMINAL)"
    r"|(HTTPS?|ALL|NO)_PROXY|NO_COLOR|COLORTERM|ESCDELAY|TERM|TERM_PROGRAM|LANG|TZ",
    re.I,
)
_OTHERS = re.compile(r"(CLOUDFLARE|CF|WFDASH|XDG|TEXTUAL|SSL|LC)_\w+|\w+_PROXY", re.I)
_FILES = re.compile(
    r"actions\.jsonl(\.\d+)?|notes\.jsonl|watched\.json|(actions|notes|watched)\.lock|spent\.key"
    r"|requests-[0-9a-f]+(-[a-z]+-[0-9a-f]+)?\.jsonl?|records|here|outputs|sessions|copied\.txt"
)
"""What wfdash itself puts into the state folder."""
_HEXADECIMAL = re.compile(r"\b[0-9a-fA-F]{32}\b")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*")
_HOST = re.compile(r"(?<=://)(?!api\.cloudflare\.com\b|127\.0\.0\.1\b|localhost\b)[^/\s:)\"']+")
_JOURNAL_LINES = 40
"""Last lines of the journal in a report: what was done before it went wrong."""


class Names:
    """Replaces names by `workflow 1`; one name keeps its number, so that the report can be followed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._stand_ins: dict[str, str] = {}
        self._kinds: Counter[str] = Counter()
        self._words: set[str] = set()
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

    def hide_words(self, words: Iterable[str]) -> None:
        """Takes these out of what is quoted, where a part of a text may stand alone."""
        self._words.update(word for word in words if len(word) > 2)

    def taken_out(self, text: str, *, strict: bool = False) -> str:
        """The line without them, and without what looks like an account, an e-mail address or a host.

        `strict` for a sentence that quotes what was typed: of that no word is left that wfdash does not know.
        """
        for name in sorted(self._stand_ins, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", self._stand_ins[name].replace("\\", ""), text)
        self.hide("id", _HEXADECIMAL.findall(text))
        text = _HEXADECIMAL.sub(lambda found: self._stand_ins[found[0]], text)
        text = _HOST.sub("[host]", _ADDRESS.sub("[address]", text))
        if strict:
            text = _QUOTED.sub(self._unquoted, text)
            text = re.sub(r"\[[a-z ]+\d*\]|[\w.@+-]*\w", self._unsaid, text)
        return text

    def _unquoted(self, found: re.Match[str]) -> str:
        quoted = found[1] or found[2]
        return found[0] if is_ours(quoted) or re.fullmatch(r"\[[a-z]+ ?\d*\]", quoted) else '"..."'

    def _unsaid(self, found: re.Match[str]) -> str:
        """The word, or `...` for one that is a person's; what stands for a name stays."""
        text = found[0]
        if text.startswith("["):
            return text
        parts = re.findall(r"[^\W_]+", text)
        return "..." if text in self._words or any(part in self._words for part in parts) else text


def bundle_lines(
    report: Iterable[str],
    names: Names,
    environ: Mapping[str, str],
    config: Path | None,
    options: Options | None = None,
) -> Iterator[str]:
    """The lines of the file, each with its line break: what doctor printed, then what it does not show."""
    entries = read_entries(user_state_path("wfdash"))
    names.hide("workflow", (entry.workflow for entry in entries))
    names.hide("profile", (entry.profile for entry in entries))
    settings = list(_config(config, names))
    given = options if options is not None else Options()
    for kind, text in own_texts(config, environ, given):
        names.hide(kind, [text])
    names.hide_words(own_words(config, environ, given))
    sections: tuple[tuple[str, Iterable[str]], ...] = (
        ("packages", _packages()),
        ("variables that are set", _variables(environ)),
        ("config", settings),
        ("state", _state()),
        ("journal", _journal(entries)),
    )
    yield "A report on wfdash. Names are numbered and secrets left out; read it before you attach it.\n\n"
    section = ""
    for line in report:
        section = line if line and not line.startswith(" ") else section
        yield f"{names.taken_out(clean(line), strict=section in _STRICT_SECTIONS).rstrip()}\n"
    for title, lines in sections:
        yield f"\n{title}\n"
        for line in lines:
            yield f"  {names.taken_out(clean(line))}\n"


def _packages() -> Iterator[str]:
    for name, version in sorted((found.name, found.version) for found in distributions()):
        if name.lower() in _PACKAGES:
            yield f"{name} {version}"


def _variables(environ: Mapping[str, str]) -> Iterator[str]:
    """The names of variables that concern wfdash.

    Never a value, which may be a secret whatever its name says.
    """
    yield from sorted(name for name in environ if _VARIABLES.fullmatch(name))
    # Of what wfdash does not read the name may be a customer's.
    if others := [name for name in environ if _OTHERS.fullmatch(name) and not _VARIABLES.fullmatch(name)]:
        yield f"and {count(len(others))} like them"


def _config(path: Path | None, names: Names) -> Iterator[str]:
    """Each key of the config, with its value where that names nothing, else with what kind of value it is."""
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


def _values(prefix: str, value: Any, shown: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            # A profile's name has its number.
            own = key if is_ours(key) or prefix == "profiles" else "[name]"
            path = f"{prefix}.{own}" if prefix else own
            yield from _values(path, inner, shown or path in _SHOWN_SECTIONS)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for number, inner in enumerate(value, 1):
            yield from _values(f"{prefix}[{number}]", inner, shown)
    elif isinstance(value, bool) or (shown and (isinstance(value, int | float) or _has_words_for(value))):
        yield f"{prefix} = {value!r}"
    elif isinstance(value, list | str):
        yield f"{prefix} = a {'list' if isinstance(value, list) else 'text'} of {count(len(value))}"
    else:
        yield f"{prefix} = a {type(value).__name__}"


def _has_words_for(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(inner, str) and is_ours(inner) for inner in value)
    return isinstance(value, str) and is_ours(value)


def _state() -> Iterator[str]:
    """Each file of the state folder: its size and who may read it. The names are wfdash's own."""
    folder = user_state_path("wfdash")
    try:
        found = sorted(folder.iterdir())
    except OSError as wrong:
        yield f"the folder cannot be read: {wrong.strerror}"
        return
    for path in found[:100]:
        with suppress(OSError):
            file = os.lstat(path)
            name = path.name if _FILES.fullmatch(path.name) else "[another file]"
            yield f"{name}  {count(file.st_size)} bytes  {stat.filemode(file.st_mode)}"


def _journal(entries: list[JournalEntry]) -> Iterator[str]:
    """What was done to how many, and the last lines without what they were done to."""
    for (verb, event), number in sorted(Counter((entry.verb, entry.event) for entry in entries).items()):
        yield f"{verb} {event}: {count(number)}"
    for entry in entries[-_JOURNAL_LINES:]:
        cells = (entry.verb, entry.event, entry.before, entry.answered, entry.after, entry.http, entry.code)
        yield " ".join(str(cell) for cell in cells if cell not in ("", None))
