"""Changes of status, causes that are new and failure rates that are unusual, out of what a watcher sees."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from msgspec import Struct

from wfdash.core.history.picture import age_of_failures
from wfdash.core.history.rate.change import changes_of
from wfdash.core.triage.fingerprint import fingerprint
from wfdash.live.hooks.earlier_causes import Cause, redacted_cause
from wfdash.live.polling.events import Update
from wfdash.live.records.record.redaction import redacted_kind
from wfdash.live.watcher import Watcher

__all__ = ["ChangeWatch", "SeenChange"]

_LOOK: Final = 60.0
"""Seconds between two looks at the failure rate."""
_SPAN: Final = 6 * 3600.0
"""Seconds before now in which a rate is compared with what it was before."""
_NEWS: Final = 1800.0
"""Seconds after which a rate that rose is no news any more."""


class SeenChange(Struct, frozen=True):
    """A change of an instance, or of the workflow where `id` is ""; `on` is `status`, `cause` or `rate`."""

    at: float
    on: str
    workflow: str
    id: str
    facts: dict[str, Any]

    @property
    def key(self) -> str:
        """Changes of one key are acted on one after the other."""
        return f"{self.workflow}/{self.id}"


class ChangeWatch:
    """Looks at each update of a watcher; what was there before it began to look is no change."""

    def __init__(self, watcher: Watcher, clock: Callable[[], float], *, holds: bool = False) -> None:
        """`holds` back causes of a workflow until `learn_earlier` says what failed before it began."""
        self._watcher, self._clock = watcher, clock
        self.began = clock()
        self._holds = holds
        self._asked: set[str] = set()
        """Workflows whose earlier causes are read, or being read."""
        self._learned: set[str] = set()
        self._earlier: dict[str, set[Cause]] = {}
        """What failed before it began, as far as that was read."""
        self._held: list[tuple[Cause, SeenChange]] = []
        self._workflow = watcher.workflow
        # The first rows may have come before anybody looked at what they change.
        self._statuses = {row.id: row.status for row in watcher.store}
        self._causes: dict[str, set[Cause]] = {}
        self._look_at = 0.0
        self._rose_at: dict[str, float] = {}

    def learn(self, causes: Iterable[tuple[str, str, str, str]]) -> None:
        """Takes in causes of earlier runs, each with its workflow before it: they are not new."""
        for workflow, error, message, step in causes:
            kind = (error, redacted_kind(error, message), step)
            self._causes.setdefault(workflow, set()).add(kind)
            # What is held back by now was compared without these.
            self._earlier.setdefault(workflow, set()).add(kind)

    def unlearned(self) -> str:
        """The workflow in force, the first time that its earlier causes are missing; else ""."""
        workflow = self._watcher.workflow
        if not self._holds or not workflow or workflow in self._asked:
            return ""
        self._asked.add(workflow)
        return workflow

    def let_go(self, identities: Iterable[str]) -> None:
        """Forgets instances that no list will tell of again."""
        for identity in identities:
            self._statuses.pop(identity, None)

    def learn_earlier(self, workflow: str, causes: Iterable[Cause]) -> None:
        """What failed before it began: what was held back of anything else goes out with the next update."""
        self._earlier.setdefault(workflow, set()).update(causes)
        self._learned.add(workflow)

    def of(self, update: Update) -> list[SeenChange]:
        """The changes that an update of the watcher brings, oldest first."""
        workflow = self._watcher.workflow
        if workflow != self._workflow:
            self._workflow, self._statuses, self._look_at = workflow, {}, 0.0
        self.let_go(update.delta.dropped)
        return [
            *self._of_rows((*update.delta.added, *update.delta.changed)),
            *self._of_details(update.details),
            *self._released(),
            *self._of_rate(),
        ]

    def _of_rows(self, identities: Iterable[str]) -> Iterator[SeenChange]:
        for identity in identities:
            row = self._watcher.store.get(identity)
            if row is None or identity in self._watcher.store.recorded:  # what was, whenever that was
                continue
            before, self._statuses[identity] = self._statuses.get(identity), row.status
            # One that came late, by paging back, happened before; only what was created since is news.
            since = max(self.began, self._watcher.kept_above)
            news = before is not None or (row.created or 0.0) > since
            if news and before != row.status:
                yield self._change("status", identity, {"from": before or "-", "to": row.status})

    def _of_details(self, identities: Iterable[str]) -> Iterator[SeenChange]:
        """Changes for causes of which no instance failed that was read before."""
        causes = self._causes.setdefault(self._workflow, set())
        for identity in identities:
            fact, row = self._watcher.row_details.fact(identity), self._watcher.store.get(identity)
            if fact is None or fact.detail is None or fact.detail.status != "errored":
                continue
            cause = redacted_cause(fact.detail)
            fresh = cause not in causes
            causes.add(cause)
            if row is not None and (row.ended or self.began) < self.began:
                self._earlier.setdefault(self._workflow, set()).add(cause)
            elif fresh and row is not None:
                found = fingerprint(fact.detail)
                facts = {"error": found.error, "message": found.message, "step": found.step}
                change = self._change("cause", identity, {**facts, "version": found.version})
                if self._holds and self._workflow not in self._learned:
                    self._held.append((cause, change))
                elif cause not in self._earlier.get(self._workflow, ()):
                    yield change

    def _released(self) -> Iterator[SeenChange]:
        """Yields held back changes that turned out to be new, once the earlier causes are known."""
        held, self._held = self._held, []
        for cause, change in held:
            if change.workflow not in self._learned:
                self._held.append((cause, change))
            elif cause not in self._earlier.get(change.workflow, ()):
                yield change

    def _of_rate(self) -> Iterator[SeenChange]:
        """Changes for a failure rate that rose a while ago and was not told of yet."""
        now = self._clock()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK
        rows = list(self._watcher.contiguous())
        if not rows:
            return
        start = now - _SPAN
        if not self._watcher.history.complete:
            # Other rows were looked for by their status; and right above the oldest one failures are met, and
            # none yet of what passes beside them.
            start = max(start, min(row.created or now for row in rows) + age_of_failures(rows))
        _, changes = changes_of(rows, start=start, now=now, deployed={})
        risen = [each for each in changes if each.rose and each.at >= now - _NEWS]
        # The moment of one rise is found a little earlier or later at each look.
        if risen and risen[-1].at > self._rose_at.get(self._workflow, 0.0) + _NEWS:
            self._rose_at[self._workflow] = risen[-1].at
            facts = {"since": risen[-1].at, "before": risen[-1].before, "after": risen[-1].after}
            yield self._change("rate", "", facts)

    def _change(self, on: str, identity: str, facts: dict[str, Any]) -> SeenChange:
        return SeenChange(self._clock(), on, self._workflow, identity, facts)
