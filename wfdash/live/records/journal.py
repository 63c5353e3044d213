"""The append-only record of every action, in the user's state folder: ids and verbs, never payloads."""

import errno
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import MsgspecError, Struct, ValidationError, convert
from msgspec.json import Decoder
from msgspec.structs import asdict

from wfdash.api.interface import RestartFrom
from wfdash.config.plain_file import read_plain
from wfdash.core.model.times import iso, parse_time
from wfdash.live.records.locked_file import LockedFile, SessionLock, exclusively, session_is_over
from wfdash.live.records.person import person

__all__ = [
    "EVENTS",
    "KEYS",
    "MOST_READ",
    "ActionResult",
    "Journal",
    "JournalEntry",
    "Unfinished",
    "parse_entry",
    "read_entries",
]

EVENTS: Final = (
    "planned",
    "sent",
    "answered",
    "settled",
    "unknown",
    "skipped",
    "held",
    "taken over",
    "ended",
)
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
    "from",
    "end",
)
FILE_NAME: Final = "actions.jsonl"
MAX_BYTES: Final = 10_000_000
KEPT: Final = 5
MOST_READ: Final = 4_000_000
"""Bytes at the journal's end that are read as entries: some 13,000."""
_NO_WORDS = ("v", "at", "from", "end")
_OPEN = ("planned", "sent", "answered")


class ActionResult(Struct, frozen=True):
    """What became of it so far, raw; "" and None where there is nothing to tell."""

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


_NOTHING: Final = ActionResult()


class JournalEntry(ActionResult, frozen=True, kw_only=True):
    """One line. `at` is epoch seconds; what the line lacked is "" or None."""

    at: float
    session: str
    plan: str
    event: str
    verb: str
    profile: str = ""
    account: str = ""
    workflow: str = ""
    id: str = ""
    who: str = ""


class Unfinished(Struct, frozen=True):
    """A plan whose session ended before every id was told of. Ids by what is known of them."""

    session: str
    plan: str
    at: float
    verb: str
    account: str
    workflow: str
    who: str
    settled: tuple[str, ...]
    sent: tuple[str, ...]
    """Sent, and perhaps answered; what became of them was not written down."""
    unknown: tuple[str, ...]
    unsent: tuple[str, ...]
    last: dict[str, JournalEntry]
    """The line that tells most of each: `sent` where there is one, else `planned`."""
    answered: frozenset[str] = frozenset()
    """Of those that were sent, the ones that the server said yes to."""


class Journal:
    """Writes this session's actions. It never raises for the disk: `trouble` says what is wrong instead."""

    def __init__(
        self,
        folder: Path,
        *,
        profile: str,
        account: str,
        clock: Callable[[], float],
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.folder = folder
        self.profile = profile
        self.account = account
        self._accounts = {account}
        self.session = f"{int(clock())}-{os.getpid()}-{secrets.token_hex(3)}"
        self.who = person()
        self.trouble = ""
        """Why the last line could not be written, in a sentence; "" while all is well."""
        self._lock_lost = False
        """Whether a `sent` could not be for want of the lock, which lines without it do not mend."""
        self._clock = clock
        self._file = LockedFile(folder / FILE_NAME, max_bytes=max_bytes, kept=KEPT)
        self._alive = SessionLock(folder, self.session)

    def learn_account(self, account: str) -> None:
        """The only account there is, found out meanwhile: it has what was written before it was known too."""
        self.account = account
        self._accounts.add(account)

    def is_ours(self, account: str) -> bool:
        """Whether what was written for this account concerns who looks now."""
        return account in self._accounts

    def check(self) -> str:
        """Tries whether the journal can be written, before the first action; `trouble`."""
        try:
            self._file.check()
        except OSError as error:
            self._report(error)
        else:
            self.trouble, self._lock_lost = "", False
        return self.trouble

    def _report(self, error: OSError) -> None:
        self.trouble = f"the journal could not be written: {error.strerror or error} ({self.folder})"

    def write(
        self,
        event: str,
        *,
        plan: str,
        verb: str,
        workflow: str,
        id: str,
        result: ActionResult = _NOTHING,
        session: str = "",
    ) -> bool:
        """Appends one event; False when the disk refused it. A `sent` line is on disk when this returns.

        `session` closes an entry of another session, which is then the one it is written for.
        """
        line: dict[str, Any] = {
            "v": 1,
            "at": iso(self._clock()),
            "session": session or self.session,
            "plan": plan,
            "event": event,
            "verb": verb,
            "profile": self.profile,
            "account": self.account,
            "workflow": workflow,
            "id": id,
        }
        line |= {key: value if value != "" else None for key, value in asdict(result).items()}
        del line["start"], line["end"]
        line["who"] = self.who
        line["from"] = _start_as_sent(result.start)
        line["end"] = None if result.end is None else iso(result.end)
        try:
            # A lock that ends with the process, however it ends, tells the next start
            # whether a plan was left open.
            self._alive.hold()
            # Only `sent` waits for the disk: after a crash it is what tells that a write may have happened.
            self._file.append(json.dumps(line).encode("ascii"), sync=event == "sent")
        except OSError as error:
            self._report(error)
            self._lock_lost = self._lock_lost or error.errno == errno.EWOULDBLOCK
            return False
        # Other lines can be appended without the lock, so that they say nothing of whether
        # the next `sent` can.
        if event == "sent" or not self._lock_lost:
            self.trouble, self._lock_lost = "", False
        return True

    @property
    def path(self) -> Path:
        """The file that is written now."""
        return self.folder / FILE_NAME

    def read(self) -> list[JournalEntry]:
        """The newest lines that can be read, oldest first, the rotated files included; see MOST_READ."""
        return read_entries(self.folder)

    def size(self) -> int:
        """Bytes of all its files."""
        return sum(path.stat().st_size for path in self.folder.glob(f"{FILE_NAME}*") if path.is_file())

    def unfinished(self) -> list[Unfinished]:
        """Plans of sessions that are over, with ids of which nothing final was written. Newest last."""
        plans: dict[_PlanKey, list[JournalEntry]] = {}
        for entry in _entries_of(self.folder, _open_plans(self.folder)):
            if entry.session != self.session:
                plans.setdefault((entry.session, entry.plan), []).append(entry)
        open_plans = [plan for plan in map(_unfinished, plans.values()) if plan]
        return [
            plan
            for plan in open_plans
            if self.is_ours(plan.account) and session_is_over(self.folder, plan.session)
        ]

    def take_over(self, plan: Unfinished, found: Mapping[str, str] | None = None) -> bool:
        """Close it for whoever else looks, so that only one goes on with it; False where another did.

        `found` is what became of ids that had been sent, as a read told.
        """
        with exclusively(self.folder, f"{plan.session}-{plan.plan}") as alone:
            # Read again under the lock: another dashboard may have taken it over since the person was asked.
            open_plans = {(left.session, left.plan) for left in self.unfinished()}
            if not alone or (plan.session, plan.plan) not in open_plans:
                return False
            for identity in (*plan.unsent, *plan.sent, *plan.unknown):
                goes_on = f"session {self.session} goes on with it"
                self._close(plan, identity, "taken over", (found or {}).get(identity, goes_on))
            return not self.trouble

    def close_unfinished(self, plan: Unfinished) -> None:
        """Writes down that a person was told, so that the next start does not tell it again."""
        for identity in plan.unsent:
            self._close(plan, identity, "skipped", "the session ended before it was sent")
        for identity in plan.sent:
            self._close(plan, identity, "unknown", "the session ended before it settled")

    def _close(self, plan: Unfinished, identity: str, event: str, reason: str) -> None:
        self.write(
            event,
            plan=plan.plan,
            verb=plan.verb,
            workflow=plan.workflow,
            id=identity,
            result=ActionResult(reason=reason),
            session=plan.session,
        )

    def close(self) -> None:
        self._alive.release()


def read_entries(folder: Path) -> list[JournalEntry]:
    """Lines of the journal and its older files, oldest first. What is no entry is passed over.

    From the end, and no more than MOST_READ bytes: six files of 10 MB took 7 s and more.
    """
    parts: list[list[JournalEntry]] = []
    room = MOST_READ
    for data in _files(folder, newest_first=True):
        if len(data) > room:
            data = data[-room:].partition(b"\n")[2]
            room = 0
        parts.append([entry for line in data.split(b"\n") if (entry := parse_entry(line))])
        room -= len(data)
        if room <= 0:
            break
    return [entry for part in reversed(parts) for entry in part]


def _files(folder: Path, *, newest_first: bool = False) -> Iterator[bytes]:
    names = [f"{FILE_NAME}.{number}" for number in range(KEPT, 0, -1)] + [FILE_NAME]
    for name in reversed(names) if newest_first else names:
        try:
            yield read_plain(folder / name)
        except OSError:
            continue


class _Line(Struct, gc=False):
    """What tells whether a plan was left open; a tenth of the time that a whole entry takes."""

    session: str | None = None
    plan: str | None = None
    event: str | None = None
    id: str | None = None


_LINE = Decoder(_Line)
_PlanKey = tuple[str, str]


def _lines(folder: Path) -> Iterator[tuple[bytes, _PlanKey, str, str]]:
    """Each line with its plan, its id and its event, oldest first."""
    for data in _files(folder):
        for line in data.split(b"\n"):
            try:
                parsed: _Line | JournalEntry | None = _LINE.decode(line) if line else None
            # A line that a person or another version changed may still be an entry: the
            # tolerant reader decides.
            except (MsgspecError, RecursionError, ValueError):
                parsed = parse_entry(line)
            if parsed and parsed.session and parsed.plan and parsed.id and parsed.event in EVENTS:
                yield line, (parsed.session, parsed.plan), parsed.id, str(parsed.event)


def _open_plans(folder: Path) -> set[_PlanKey]:
    """Plans with ids of which nothing final was written."""
    still: dict[_PlanKey, set[str]] = {}
    for _, plan, identity, event in _lines(folder):
        ids = still.setdefault(plan, set())
        if event not in _OPEN:
            ids.discard(identity)
        elif event != "planned" or identity not in ids:
            ids.add(identity)
    return {plan for plan, ids in still.items() if ids}


def _entries_of(folder: Path, plans: set[_PlanKey]) -> Iterator[JournalEntry]:
    if not plans:
        return
    for line, plan, _, _ in _lines(folder):
        if plan in plans and (entry := parse_entry(line)):
            yield entry


def parse_entry(line: bytes) -> JournalEntry | None:
    """One line of the file; None for what is no entry."""
    try:
        value = json.loads(line) if line.strip() else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, Mapping):
        return None
    at = parse_time(value.get("at"))
    if at is None or value.get("event") not in EVENTS:
        return None
    words: dict[str, Any] = {
        key: value[key] for key in KEYS if isinstance(value.get(key), str) and key not in _NO_WORDS
    }
    for key in ("http", "code"):
        number = value.get(key)
        words[key] = number if isinstance(number, int) and not isinstance(number, bool) else None
    for key in ("session", "plan", "verb"):
        words.setdefault(key, "")
    words["start"], words["end"] = _start_as_read(value.get("from")), parse_time(value.get("end"))
    return JournalEntry(at=at, **words)


def _start_as_sent(start: RestartFrom | None) -> dict[str, Any] | None:
    return None if start is None else {"name": start.name, "count": start.count, "type": start.type}


def _start_as_read(value: object) -> RestartFrom | None:
    try:
        return None if value is None else convert(value, RestartFrom)
    except ValidationError:
        return None


def _unfinished(entries: list[JournalEntry]) -> Unfinished | None:
    last: dict[str, str] = {}
    for entry in entries:
        if not (entry.event == "planned" and entry.id in last):
            last[entry.id] = entry.event
    if not any(event in _OPEN for event in last.values()):
        return None

    def ids(*events: str) -> tuple[str, ...]:
        return tuple(identity for identity, event in last.items() if event in events)

    telling: dict[str, JournalEntry] = {}
    for entry in entries:
        if entry.event == "sent" or entry.id not in telling:
            telling[entry.id] = entry
    first = entries[0]
    return Unfinished(
        first.session,
        first.plan,
        first.at,
        first.verb,
        first.account,
        first.workflow,
        first.who,
        settled=ids("settled", "skipped", "held", "taken over", "ended"),
        sent=ids("sent", "answered"),
        unknown=ids("unknown"),
        unsent=ids("planned"),
        last=telling,
        answered=frozenset(entry.id for entry in entries if entry.event == "answered"),
    )
