"""The journal's lines: how one is written, and how those of all its files are read again."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from functools import lru_cache
from io import BytesIO
from itertools import chain
from pathlib import Path
from sys import intern
from typing import Any, Final

from msgspec import MsgspecError, Struct, convert
from msgspec.json import Decoder
from msgspec.structs import asdict

from wfdash.api.interface import RestartFrom
from wfdash.config.plain_file import open_plain, read_end, read_plain
from wfdash.core.model.times import iso, parse_time
from wfdash.core.verbs.outcome import Outcome
from wfdash.live.records.locked_file import KEPT

__all__ = [
    "FILE_NAME",
    "KEYS",
    "MOST_READ",
    "NOTHING",
    "PASSED",
    "RUN_FOLLOWED",
    "ActionResult",
    "EntryGlance",
    "JournalEntry",
    "JournalEvent",
    "glance",
    "journal_files",
    "journal_lines",
    "lines_with",
    "parse_entry",
    "read_entries",
    "read_plans",
    "result_as_sent",
]


class JournalEvent(StrEnum):
    """How far an id came; the words are those of the file."""

    PLANNED = "planned"
    SENT = "sent"
    ANSWERED = "answered"
    SETTLED = "settled"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    HELD = "held"
    TAKEN_OVER = "taken over"
    """Another session goes on with it."""
    ENDED = "ended"
    """The run that it began is over."""


_EVENTS: Final = {str(event): event for event in JournalEvent}
KEYS: Final = (
    "v",
    "at",
    "session",
    "plan",
    "event",
    "verb",
    "profile",
    "account",
    "workflow",
    "id",
    "before",
    "answered",
    "after",
    "http",
    "code",
    "ray",
    "reason",
    "who",
    "seat",
    "from",
    "end",
    "outcome",
)
RUN_FOLLOWED: Final = "; its run is followed"
"""Ends the reason of `settled` where another line comes at the end of the run that was begun.

A mark of the file and not a sentence: journals that stand already are read by it, as by `PASSED`.
"""
PASSED: Final = " succeeded this time, the run goes on"
"""Ends the sentence of a run that is past the step it was restarted from."""
FILE_NAME: Final = "actions.jsonl"
MOST_READ: Final = 4_000_000
"""Bytes at the journal's end that are read as entries: some 13,000."""
_BLOCK = 250_000
"""Bytes of it that are read at a time from its end back."""
_WORDS: Final = tuple(key for key in KEYS if key not in ("v", "at", "event", "from", "end", "outcome"))
"""The keys of a line that hold text."""
_OUTCOMES: Final = {str(outcome): outcome for outcome in Outcome}


_PLANNED: Final = (JournalEvent.PLANNED, JournalEvent.SKIPPED)
"""The events that the first lines of a plan are of: one for each of its ids."""


class EntryGlance(Struct, gc=False):
    """The parts of a line that say whose it is and how far its id came.

    A tenth of the cost of a whole entry.
    """

    session: str | None = None
    plan: str | None = None
    event: str | None = None
    id: str | None = None
    reason: str | None = None
    workflow: str | None = None


_GLANCE: Final = Decoder(EntryGlance)


class ActionResult(Struct, frozen=True, gc=False):
    """What became of an action on one id, raw; "" and None where nothing is known."""

    before: str = ""
    answered: str = ""
    after: str = ""
    http: int | None = None
    code: int | None = None
    ray: str = ""
    reason: str = ""
    start: RestartFrom | None = None
    """The step a restart begins at; `from` in the file."""
    end: float | None = None
    """When the instance ended last, as seen before sending."""
    outcome: Outcome | None = None
    """How it came out, where that is known; the reason begins with it too, for whoever reads the file."""

    @property
    def sentence(self) -> str:
        """The reason without the outcome that older versions put before it."""
        return self.reason if self.outcome is None else self.reason.removeprefix(f"{self.outcome}: ")


NOTHING: Final = ActionResult()


class JournalEntry(ActionResult, frozen=True, kw_only=True, gc=False):
    """One line of the journal; `at` is epoch seconds, what the line lacked is "" or None."""

    at: float
    session: str
    plan: str
    event: JournalEvent | str
    """Of what another dashboard tells of its own, which stands in no file, its words."""
    verb: str
    profile: str = ""
    account: str = ""
    workflow: str = ""
    id: str = ""
    who: str = ""
    seat: str = ""
    """What tells apart two people of one login: `pts/3 from 10.0.0.7`."""


def read_entries(folder: Path) -> list[JournalEntry]:
    """Lines of the journal and its older files, oldest first. What is no entry is passed over.

    From the end, and no more than MOST_READ bytes: six files of 10 MB took 7 s and more.
    """
    return _newest(folder)[0]


def read_plans(folder: Path) -> list[JournalEntry]:
    """The entries that `read_entries` gives, and of plans begun before them each id's first and last line.

    Some 2,600 ids fill MOST_READ: counted from there alone the others were left out.
    """
    newest, older = _newest(folder)
    return [*_begun_before(newest, older), *newest]


def _newest(folder: Path) -> tuple[list[JournalEntry], Iterator[bytes]]:
    """The entries at the journal's end, and the lines that were not read for them, newest first."""
    parts: list[list[JournalEntry]] = []
    older: list[Iterator[bytes]] = []
    room = MOST_READ
    for path in _files(folder)[::-1]:
        if room <= 0:
            older.append(_lines_from_end(path))
            continue
        with suppress(OSError):
            data = read_end(path, room)
            size = max(len(data), path.stat().st_size)
            # Cut within a line, or at its end, which is in the part that is left out.
            start = data.find(b"\n") + 1 or len(data) if size > room else 0
            parts.append([entry for line in BytesIO(data[start:]) if (entry := parse_entry(line))])
            room -= size
            if room <= 0:
                older.append(_lines_from_end(path, size - len(data) + start))
    return [entry for part in reversed(parts) for entry in part], chain.from_iterable(older)


def _begun_before(entries: list[JournalEntry], older: Iterator[bytes]) -> list[JournalEntry]:
    """What older lines tell of the plans that these entries do not have from their first line on."""
    begun = {(entry.session, entry.plan) for entry in entries[:1] if entry.plan}
    seen = set[tuple[str, str, str]]()
    for entry in entries:
        if (key := (entry.session, entry.plan, entry.id)) not in seen:
            seen.add(key)
            if entry.plan and entry.event not in _PLANNED:
                begun.add((entry.session, entry.plan))
    if not begun:
        return []
    # Most lines are of other plans, and are not even looked into.
    named = re.compile(b"|".join(sorted({re.escape(json.dumps(plan).encode()) for _, plan in begun})))
    first, last = dict[tuple[str, str, str], bytes](), dict[tuple[str, str, str], tuple[bool, bytes]]()
    for line in filter(named.search, older):
        found = glance(line)
        if not (found and found.session and found.plan and found.id and found.event in _EVENTS):
            continue
        key = intern(found.session), intern(found.plan), found.id
        if key[:2] in begun:
            first.pop(key, None)
            first[key] = line
            # A plan tells of an id again before it is sent, where a person is asked: no news of it.
            tells = found.event != JournalEvent.PLANNED
            if key not in last or (tells and not last[key][0]):
                last[key] = tells, line
    telling = dict.fromkeys((*reversed(first.values()), *(line for _, line in last.values())))
    return [each for line in telling if (each := parse_entry(line))]


def _files(folder: Path) -> list[Path]:
    """The journal's files that may be there, the oldest first."""
    return [folder / f"{FILE_NAME}.{number}" for number in range(KEPT, 0, -1)] + [folder / FILE_NAME]


def journal_files(folder: Path) -> Iterator[bytes]:
    """What each of its files holds, the newest first."""
    for path in reversed(_files(folder)):
        with suppress(OSError):
            yield read_plain(path)


def journal_lines(folder: Path) -> Iterator[bytes]:
    """Yields each line of all the journal's files, oldest first, without holding one of 10 MB as a whole."""
    for path in _files(folder):
        with suppress(OSError), open(open_plain(path), "rb") as file:
            for line in file:
                yield line.removesuffix(b"\n")


def lines_with(data: bytes, words: bytes) -> Iterator[bytes]:
    """Yields the lines in which these words stand: of a megabyte looked into before each write, a few."""
    at = data.find(words)
    while at >= 0:
        end = data.find(b"\n", at) % (len(data) + 1)  # -1, where the last line has none, is its end
        yield data[data.rfind(b"\n", 0, at) + 1 : end]
        at = data.find(words, end)


def _lines_from_end(path: Path, end: int | None = None) -> Iterator[bytes]:
    """The lines of a file before that place, the last one first."""
    with suppress(OSError), open(open_plain(path), "rb") as file:
        begin, rest = os.fstat(file.fileno()).st_size if end is None else end, b""
        while begin > 0:
            size = min(_BLOCK, begin)
            begin -= size
            file.seek(begin)
            lines = (file.read(size) + rest).split(b"\n")
            # The first one begins in the block before.
            rest = lines.pop(0) if begin else b""
            yield from reversed(lines)


def glance(line: bytes) -> EntryGlance | JournalEntry | None:
    """Reads whose line it is; None for a line that is none of the journal's."""
    try:
        return _GLANCE.decode(line) if line else None
    # A line that a person or another version changed may still be an entry: the tolerant reader decides.
    except (MsgspecError, RecursionError, ValueError):
        return parse_entry(line)


def parse_entry(line: bytes) -> JournalEntry | None:
    """Parses one line of the file; None for what is no entry."""
    try:
        value = json.loads(line) if line.strip() else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, Mapping):
        return None
    at, word = parse_time(value.get("at")), value.get("event")
    event = _EVENTS.get(word) if isinstance(word, str) else None
    if at is None or event is None:
        return None
    # Most words stand in thousands of lines: each is kept once.
    words: dict[str, Any] = {key: intern(value[key]) for key in _WORDS if type(value.get(key)) is str}
    for key in ("http", "code"):
        number = value.get(key)
        words[key] = number if isinstance(number, int) and not isinstance(number, bool) else None
    for key in ("session", "plan", "verb"):
        words.setdefault(key, "")
    words["outcome"] = _outcome_as_read(value)
    words["start"], words["end"] = _start_as_read(value.get("from")), parse_time(value.get("end"))
    return JournalEntry(at=at, event=event, **words)


def result_as_sent(result: ActionResult) -> dict[str, Any]:
    """The part of a line that tells what became of an action: words that are not there are null."""
    line = {key: value if value != "" else None for key, value in asdict(result).items()}
    start, end = line.pop("start"), line.pop("end")
    line["from"] = None if start is None else {"name": start.name, "count": start.count, "type": start.type}
    line["end"] = None if end is None else iso(end)
    return line


def _outcome_as_read(line: Mapping[str, Any]) -> Outcome | None:
    """What a line says that it came to; older versions wrote that at the beginning of the reason alone."""
    word = line.get("outcome")
    if "outcome" not in line and isinstance(reason := line.get("reason"), str):
        word = reason.partition(": ")[0] if ": " in reason else None
    return _OUTCOMES.get(word) if isinstance(word, str) else None


def _start_as_read(value: object) -> RestartFrom | None:
    try:
        start = None if value is None else convert(value, RestartFrom)
    except ValueError:  # another shape, or half a surrogate pair, which no UTF-8 holds
        return None
    return None if start is None else _same_start(start)


@lru_cache(maxsize=1000)
def _same_start(start: RestartFrom) -> RestartFrom:
    """Interns a start: all entries that begin there share one record."""
    return start
