"""The append-only record of every action, in the user's state folder: ids and verbs, never payloads."""

import errno
import json
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from wfdash.config.plain_file import read_end
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import SAME_END, iso
from wfdash.core.text.clean import masked
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import RESTARTS
from wfdash.live.records.journal_entries import (
    FILE_NAME,
    KEYS,
    NOTHING,
    ActionResult,
    JournalEntry,
    JournalEvent,
    lines_with,
    parse_entry,
    read_plans,
    result_as_sent,
)
from wfdash.live.records.locked_file import MAX_BYTES, LockedFile, SessionLock, exclusively, session_is_over
from wfdash.live.records.person import person, seat
from wfdash.live.records.restarted_ends import restarted_ends
from wfdash.live.records.unfinished import Unfinished, find_held, find_unfinished

__all__ = ["UNDER_WAY", "Journal"]

_LATELY: Final = 1_000_000
"""Bytes at the end of the file that hold what several processes sent within a minute."""
UNDER_WAY: Final = 60.0
"""Seconds after which what was sent has arrived, so that a read tells of it."""
_REMEMBERED: Final = 600.0
"""Seconds for which an end that was restarted from is not restarted from again."""
_ROUNDED: Final = 0.002
"""Seconds by which a time differs once it was written."""
_VOID: Final = (Outcome.REFUSED, Outcome.NO_EFFECT)
"""What the server said no to, or what came to nothing."""


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
        self.who, self.seat = person(), seat()
        self.trouble = ""
        """Why the last line could not be written, in a sentence; "" while all is well."""
        self._lock_lost = False
        """Whether a `sent` could not be for want of the lock, which lines without it do not mend."""
        self._clock = clock
        self._file = LockedFile(folder / FILE_NAME, max_bytes=max_bytes)
        self._alive = SessionLock(folder, self.session)

    def learn_account(self, account: str) -> None:
        """Takes in the only account there is: it owns what was written before it was known, too."""
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
        event: JournalEvent,
        *,
        plan: str,
        verb: str,
        workflow: str,
        id: str,
        result: ActionResult = NOTHING,
        session: str = "",
    ) -> bool:
        """Appends one event; False when the disk refused it. A `sent` line is on disk when this returns.

        `session` closes an entry of another session, which is then the one it is written for.
        """
        entry = (event, id, result)
        return self.write_together([entry], plan=plan, verb=verb, workflow=workflow, session=session)

    def write_together(
        self,
        entries: Sequence[tuple[JournalEvent, str, ActionResult]],
        *,
        plan: str,
        verb: str,
        workflow: str,
        session: str = "",
    ) -> bool:
        """Appends events, each with its id, all or none; False when the disk refused them."""
        if not entries:
            return True
        head = {"v": 1, "at": iso(self._clock()), "session": session or self.session, "plan": plan}
        head |= {"verb": verb, "profile": self.profile, "account": self.account, "workflow": workflow}
        head |= {"who": self.who, "seat": self.seat}
        lines = [
            head | {"event": event, "id": identity} | result_as_sent(result)
            for event, identity, result in entries
        ]
        sent = any(event == JournalEvent.SENT for event, _, _ in entries)
        text = masked("\n".join(json.dumps({key: line[key] for key in KEYS}) for line in lines))
        try:
            # A lock that ends with the process, however it ends, tells the next start whether a plan was
            # left open.
            self._alive.hold()
            # Only `sent` waits for the disk: after a crash it is what tells that a write may have happened.
            self._file.append(text.encode("ascii"), sync=sent)
        except OSError as error:
            self._report(error)
            self._lock_lost = self._lock_lost or error.errno == errno.EWOULDBLOCK
            return False
        # Other lines can be appended without the lock, so that they say nothing of whether
        # the next `sent` can.
        if sent or not self._lock_lost:
            self.trouble, self._lock_lost = "", False
        return True

    def restarted_by_another(self, *, plan: str, workflow: str, id: str, end: float | None) -> bool:
        """Whether another plan's restart of the same end stands before this one's, not yet known to be void.

        Two that read an instance at the same moment both find it failed, and the API takes both restarts:
        the order of their lines decides, which is the same for all who read them.
        """
        try:
            data = read_end(self.path, _LATELY)
        except OSError:
            return False
        name = json.dumps(id).encode("ascii")
        found = [parse_entry(line) for line in lines_with(data, name)]
        entries = [each for each in found if each is not None and (each.id, each.workflow) == (id, workflow)]
        own = [each.plan == plan and each.event == JournalEvent.SENT for each in entries]
        before = entries[: len(own) - own[::-1].index(True)] if any(own) else entries
        others: dict[str, list[JournalEntry]] = {}
        for each in before:
            if each.plan != plan and each.verb in RESTARTS and self.is_ours(each.account):
                others.setdefault(each.plan, []).append(each)
        return any(self._is_claim(entries, end) for entries in others.values())

    def _is_claim(self, entries: Sequence[JournalEntry], end: float | None) -> bool:
        """Whether another plan's restart, of the end that is read now, may have been carried out."""
        sent = next((each for each in reversed(entries) if each.event == JournalEvent.SENT), None)
        last = entries[-1]
        was_not_sent = last.event in (JournalEvent.SKIPPED, JournalEvent.TAKEN_OVER)
        if sent is None or was_not_sent or last.outcome in _VOID:
            return False
        age = self._clock() - sent.at
        # What waited for its turn is old by now: the end that was restarted from is no new failure.
        same = sent.end is not None and end is not None and abs(sent.end - end) < _ROUNDED
        if same and last.event in (JournalEvent.ANSWERED, JournalEvent.SETTLED, JournalEvent.ENDED):
            return age <= _REMEMBERED
        return last.event != JournalEvent.ENDED and age <= UNDER_WAY and _same(sent.end, end)

    @property
    def path(self) -> Path:
        """The file that is written now."""
        return self.folder / FILE_NAME

    def read(self) -> list[JournalEntry]:
        """The newest lines that can be read, oldest first, with the plans they are of; see MOST_READ."""
        return read_plans(self.folder)

    def restarted_ends(self, workflow: str, since: float) -> list[Instance]:
        """How runs of a workflow ended that were restarted from this machine; never on the event loop."""
        return restarted_ends(self.folder, workflow, since, self.is_ours)

    def size(self) -> int:
        """Bytes of all its files."""
        return sum(path.stat().st_size for path in self.folder.glob(f"{FILE_NAME}*") if path.is_file())

    def unfinished(self) -> list[Unfinished]:
        """Plans of sessions that are over, with ids of which nothing final was written. Newest last."""
        return [
            plan
            for plan in find_unfinished(self.folder, apart_from=self.session)
            if self.is_ours(plan.account) and session_is_over(self.folder, plan.session)
        ]

    def held_back(self) -> list[Unfinished]:
        """Plans of sessions that are over, ended without what the first ones held back. Newest last."""
        return [
            plan
            for plan in find_held(self.folder, apart_from=self.session)
            if self.is_ours(plan.account) and session_is_over(self.folder, plan.session)
        ]

    def over(self, sessions: Iterable[str]) -> set[str]:
        """The sessions among these whose process is gone."""
        return {each for each in sessions if each != self.session and session_is_over(self.folder, each)}

    def take_over(
        self, plan: Unfinished, found: Mapping[str, tuple[JournalEvent, ActionResult]] | None = None
    ) -> bool:
        """Closes a plan, so that only one process goes on with it; False where another was first.

        `found` is what became of ids that had been sent, as a read told, each with its event. Runs of which
        nothing was found stay open: how they end is still to be read.
        """
        with exclusively(self.folder, f"{plan.session}-{plan.plan}") as alone:
            # Read again under the lock: another dashboard may have taken it over since the person was asked.
            there = self.held_back if plan.given_up else self.unfinished
            if not alone or not any(_is_as_it_was(plan, now) for now in there()):
                return False
            said = f"session {self.session} goes on with it"
            goes_on = JournalEvent.TAKEN_OVER, ActionResult(reason=said)
            found = found or {}
            for identity in dict.fromkeys((*plan.unsent, *plan.sent, *plan.unknown, *found)):
                event, result = found.get(identity, goes_on)
                self._close(plan, identity, event, result)
            return not self.trouble

    def close_unfinished(self, plan: Unfinished) -> None:
        """Writes down that a person was told, so that the next start does not tell it again."""
        for identity in plan.unsent:
            self._close_because(plan, identity, JournalEvent.SKIPPED, "the session ended before it was sent")
        for identity in plan.sent:
            said = "the session ended before it settled"
            self._close_because(plan, identity, JournalEvent.UNKNOWN, said, Outcome.UNKNOWN)
        for identity in plan.followed:
            said = f"{Outcome.DONE}: nobody followed it to its end"
            self._close_because(plan, identity, JournalEvent.SETTLED, said, Outcome.DONE)

    def _close_because(
        self,
        plan: Unfinished,
        identity: str,
        event: JournalEvent,
        reason: str,
        outcome: Outcome = Outcome.SKIPPED,
    ) -> None:
        self._close(plan, identity, event, ActionResult(reason=reason, outcome=outcome))

    def _close(self, plan: Unfinished, identity: str, event: JournalEvent, result: ActionResult) -> None:
        self.write(
            event,
            plan=plan.plan,
            verb=plan.verb,
            workflow=plan.workflow,
            id=identity,
            result=result,
            session=plan.session,
        )

    def close(self) -> None:
        self._alive.release()


def _same(end: float | None, other: float | None) -> bool:
    """Whether two ends may be of one run: they differ by little, or one is not known."""
    return end is None or other is None or abs(end - other) <= SAME_END


def _is_as_it_was(plan: Unfinished, now: Unfinished) -> bool:
    """Whether nobody has gone on with the plan since; runs that are followed stay open if somebody does."""
    same = (plan.session, plan.plan) == (now.session, now.plan)
    return same and (plan.unsent, plan.sent, plan.unknown) == (now.unsent, now.sent, now.unknown)
