"""Plans that a session left open, and what became of each of their ids as the journal has it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from wfdash.live.records.journal_entries import (
    RUN_FOLLOWED,
    EntryGlance,
    JournalEntry,
    JournalEvent,
    glance,
    journal_lines,
    parse_entry,
)

__all__ = ["Unfinished", "find_held", "find_unfinished"]

_EVENTS = frozenset(map(str, JournalEvent))
_FOLLOWED = "followed"
_FEW_RUNS = 200
"""Runs up to which their ends are read before the rest is sent; of more, reading would hold it up for
minutes."""
_OPEN = (JournalEvent.PLANNED, JournalEvent.SENT, JournalEvent.ANSWERED, _FOLLOWED)


class Unfinished(Struct, frozen=True):
    """A plan whose session ended before every id was told of; its ids by what is known of them."""

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
    skipped: tuple[str, ...] = ()
    """Those that nothing was sent to when their turn came."""
    left_out: frozenset[str] = frozenset()
    """Those that the prompt had named as skipped."""
    followed: tuple[str, ...] = ()
    """Carried out, and followed to an end of which nothing was written."""
    answered: frozenset[str] = frozenset()
    """Of those that were sent, the ones that the server said yes to."""
    held: str = ""
    """Why the rest waited for a person's word when it was cut off, or was given up, raw."""
    seat: str = ""
    """What tells apart two people of the login `who`."""
    given_up: bool = False
    """Whether it ended in order, without those that its first ones held back: `unsent` has these."""

    @property
    def key(self) -> tuple[str, str]:
        return self.session, self.plan

    @property
    def open(self) -> tuple[str, ...]:
        """Ids of which nothing final is known, or of which the run that they began has no known end."""
        return (*self.unsent, *self.sent, *self.unknown, *self.followed)

    @property
    def to_read(self) -> tuple[str, ...]:
        """Ids to read before the rest goes: those that were sent, and their runs where these are few."""
        few = not self.unsent or len(self.followed) <= _FEW_RUNS
        return (*self.sent, *self.unknown, *(self.followed if few else ()))

    @property
    def remaining(self) -> int:
        """How many ids there are to go on with."""
        return len(self.open)


def find_unfinished(folder: Path, *, apart_from: str) -> list[Unfinished]:
    """Plans with ids of which nothing final was written, newest last, those of one session left out."""
    plans: dict[_PlanKey, list[JournalEntry]] = {}
    for entry in _entries_of(folder, _open_plans(folder)):
        if entry.session != apart_from:
            plans.setdefault((entry.session, entry.plan), []).append(entry)
    return [plan for plan in map(_unfinished, plans.values()) if plan]


def find_held(folder: Path, *, apart_from: str) -> list[Unfinished]:
    """Plans that ended without what their first ones held back, newest last, those of one session left out.

    An id that another plan was about since is none of these: whoever planned that knew what became of it.
    """
    last: dict[_PlanKey, dict[str, str]] = {}
    newest: dict[tuple[str, str], _PlanKey] = {}
    for _, plan, (workflow, identity), event in _lines(folder):
        last.setdefault(plan, {})[identity] = event
        newest[workflow, identity] = plan
    held = {plan for plan, ids in last.items() if plan[0] != apart_from and JournalEvent.HELD in ids.values()}
    plans: dict[_PlanKey, list[JournalEntry]] = {}
    for entry in _entries_of(folder, held):
        plans.setdefault((entry.session, entry.plan), []).append(entry)
    found = []
    for plan, entries in plans.items():
        ids = [identity for identity, event in last[plan].items() if event == JournalEvent.HELD]
        ids = [identity for identity in ids if newest[entries[0].workflow, identity] == plan]
        if ids:
            reason = next(entry.reason for entry in reversed(entries) if entry.event == JournalEvent.HELD)
            batch = _as_unfinished(entries, {**last[plan], **dict.fromkeys(ids, JournalEvent.PLANNED)})
            found.append(replace(batch, held=reason, given_up=True))
    return found


_PlanKey = tuple[str, str]


def _stage(line: EntryGlance | JournalEntry) -> str:
    """How far an id came: its event, or that the run which was begun is followed to its end."""
    followed = line.event == JournalEvent.SETTLED and (line.reason or "").endswith(RUN_FOLLOWED)
    return _FOLLOWED if followed else str(line.event)


def _lines(folder: Path) -> Iterator[tuple[bytes, _PlanKey, tuple[str, str], str]]:
    """Yields each line of the journal with its plan, its workflow and id, and its event, oldest first."""
    for line in journal_lines(folder):
        parsed = glance(line)
        if parsed and parsed.session and parsed.plan and parsed.id and parsed.event in _EVENTS:
            which = parsed.workflow or "", parsed.id
            yield line, (parsed.session, parsed.plan), which, _stage(parsed)


def _open_plans(folder: Path) -> set[_PlanKey]:
    """Plans with ids of which nothing final was written."""
    still: dict[_PlanKey, set[str]] = {}
    for _, plan, (_, identity), event in _lines(folder):
        ids = still.setdefault(plan, set())
        if event not in _OPEN:
            ids.discard(identity)
        elif event != JournalEvent.PLANNED or identity not in ids:
            ids.add(identity)
    return {plan for plan, ids in still.items() if ids}


def _entries_of(folder: Path, plans: set[_PlanKey]) -> Iterator[JournalEntry]:
    if not plans:
        return
    for line, plan, _, _ in _lines(folder):
        if plan in plans and (entry := parse_entry(line)):
            yield entry


def _unfinished(entries: list[JournalEntry]) -> Unfinished | None:
    last: dict[str, str] = {}
    for entry in entries:
        if not (entry.event == JournalEvent.PLANNED and entry.id in last):
            last[entry.id] = _stage(entry)
    # One alone is seen where it stands; of many nobody remembers which they were.
    if set(last.values()) == {_FOLLOWED} and len(last) == 1:
        return None
    if not any(event in _OPEN for event in last.values()):
        return None
    return _as_unfinished(entries, last)


def _as_unfinished(entries: list[JournalEntry], last: Mapping[str, str]) -> Unfinished:
    """Makes an Unfinished of a plan's entries; `last` says how far each id came."""

    def ids(*events: str) -> tuple[str, ...]:
        return tuple(identity for identity, event in last.items() if event in events)

    telling: dict[str, JournalEntry] = {}
    for entry in entries:
        if entry.event == JournalEvent.SENT or entry.id not in telling:
            telling[entry.id] = entry
    first, earliest = entries[0], dict[str, str]()
    for entry in entries:
        earliest.setdefault(entry.id, entry.event)
    left_out = frozenset(identity for identity, event in earliest.items() if event == JournalEvent.SKIPPED)
    return Unfinished(
        first.session,
        first.plan,
        first.at,
        first.verb,
        first.account,
        first.workflow,
        first.who,
        settled=ids(JournalEvent.SETTLED, JournalEvent.HELD, JournalEvent.TAKEN_OVER, JournalEvent.ENDED),
        skipped=tuple(identity for identity in ids(JournalEvent.SKIPPED) if identity not in left_out),
        left_out=left_out,
        sent=ids(JournalEvent.SENT, JournalEvent.ANSWERED),
        unknown=ids(JournalEvent.UNKNOWN),
        unsent=ids(JournalEvent.PLANNED),
        followed=ids(_FOLLOWED),
        last=telling,
        answered=frozenset(entry.id for entry in entries if entry.event == JournalEvent.ANSWERED),
        held=_held(entries),
        seat=first.seat,
    )


def _held(entries: list[JournalEntry]) -> str:
    """Why a person was asked before the next id; "" where something was sent after that."""
    for entry in reversed(entries):
        if entry.event == JournalEvent.SENT or (entry.event == JournalEvent.PLANNED and entry.reason):
            return entry.reason if entry.event == JournalEvent.PLANNED else ""
    return ""
