"""The last action on this account, whichever session of this machine did it."""

from msgspec import Struct

from wfdash.config.plain_file import open_plain
from wfdash.core.verbs.outcome import Outcome
from wfdash.live.records.journal import Journal
from wfdash.live.records.journal_entries import JournalEntry, JournalEvent, parse_entry

__all__ = ["Done", "LastAction"]

_TAIL = 32_768
"""Bytes at the end of the journal in which the last action is looked for."""
_EVENTS = (JournalEvent.SENT, JournalEvent.ANSWERED, JournalEvent.SETTLED, JournalEvent.UNKNOWN)
_OVER = (JournalEvent.SETTLED, JournalEvent.UNKNOWN)
_IN_VAIN = (Outcome.REFUSED, Outcome.NO_EFFECT, Outcome.NOT_REACHED, Outcome.SKIPPED, Outcome.UNKNOWN)


class Done(Struct, frozen=True):
    """The last action; `id` is raw, "" where it was on many, `at` epoch seconds."""

    at: float
    verb: str
    id: str
    who: str
    workflow: str = ""
    without_effect: str = ""
    """`refused`, or `outcome unknown`, where that is what became of all of it: nothing was surely done."""
    seat: str = ""
    """What tells apart two people of one login."""
    session: str = ""
    plan: str = ""
    done: int = 0
    """How many it took effect on; of many not known where their lines were not all read."""
    asked: int = 0
    """How many it was sent to; 0 where that is not known."""
    over: bool = True
    """Whether nothing of it is under way."""


class LastAction:
    """Finds the last action in the journal, whose end is read again only when it grew."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._seen: tuple[int, int] | None = None
        self._done: Done | None = None

    def done(self) -> Done | None:
        """The last action; None where nothing was sent to this account, or the journal cannot be read."""
        path = self._journal.path
        try:
            status = path.stat()
            seen = (status.st_mtime_ns, status.st_size)
            if seen != self._seen:
                with open(open_plain(path), "rb") as file:
                    file.seek(max(0, status.st_size - _TAIL))
                    self._done = self._newest(file.read(_TAIL), is_cut=status.st_size > _TAIL)
                self._seen = seen
        except OSError:
            return self._done
        return self._done

    def _newest(self, data: bytes, *, is_cut: bool) -> Done | None:
        entries = [entry for line in data.split(b"\n") if (entry := parse_entry(line))]
        events = [entry for entry in entries if self._is_event(entry)]
        if not events:
            return None
        last = events[-1]
        plan = [event for event in events if (event.session, event.plan) == (last.session, last.plan)]
        lasts = {event.id: event for event in plan}
        became = {_without_effect(event) for event in lasts.values()}
        became_of_all = became.pop() if len(became) == 1 else ""
        # The first line may be of the same plan, and others of it stand before what was read.
        has_all = not is_cut or (entries[0].session, entries[0].plan) != (last.session, last.plan)
        done = sum(_has_effect(event) for event in lasts.values())
        return Done(
            plan[0].at,
            last.verb,
            last.id if len(lasts) == 1 and has_all else "",
            last.who,
            last.workflow,
            became_of_all,
            last.seat,
            last.session,
            last.plan,
            done if has_all else 0,
            len(lasts) if has_all else 0,
            all(_is_over(event) for event in lasts.values()),
        )

    def _is_event(self, entry: JournalEntry) -> bool:
        return self._journal.is_ours(entry.account) and entry.event in _EVENTS


def _is_over(event: JournalEntry) -> bool:
    return event.event in _OVER and event.outcome is not Outcome.UNDER_WAY


def _has_effect(event: JournalEntry) -> bool:
    return event.event == JournalEvent.SETTLED and event.outcome not in _IN_VAIN


def _without_effect(event: JournalEntry) -> str:
    if event.event == JournalEvent.UNKNOWN:
        return "outcome unknown"
    refused = event.event == JournalEvent.SETTLED and event.outcome is Outcome.REFUSED
    return "refused" if refused else ""
