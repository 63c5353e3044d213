"""The open instance: read in full, then only as much and as often as it can have changed."""

from collections import OrderedDict

from wfdash.api.errors import BadAnswer, Forbidden, InstanceNotFound, NotFound, Refused
from wfdash.core.model.detail import Detail, partial_reason, with_steps_of
from wfdash.core.model.status import is_final
from wfdash.core.rows.store import GONE
from wfdash.live.budget.ledger import OPENED, Priority
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.detail_pace import Pace, next_read, steps_wanted
from wfdash.live.polling.events import Update
from wfdash.live.polling.freshness import DetailState, Freshness, past_is_unknown
from wfdash.live.polling.job import Job
from wfdash.live.polling.read_instance import amend_row, read_answer_aside

__all__ = ["OpenDetail"]

_KEPT_STEPS = 20_000
"""Steps of all kept instances together: one of 25,000 is as large as thousands of small ones."""
_KEPT = 40
"""Instances that were opened last, to be shown at once when one goes back to them: 25 kB each as values."""
_BYTES_A_SECOND = 4e7
"""How fast an answer is parsed and read, measured on the slow side."""


class OpenDetail(Job):
    """Reads the open instance, and keeps earlier ones, so that going back to one shows it at once."""

    purpose = OPENED
    in_turn = Priority.ROWS
    """So that the list stays fresh where several processes have little to share."""
    out_of_turn = Priority.FOREGROUND
    patience = 2.0
    on_screen = True

    def __init__(self, context: FeedContext) -> None:
        super().__init__(2.0)
        self.context = context
        self.id: str | None = None
        self.beside = False
        """Whether it stands beside the list, whose rows are looked at too."""
        self._states: OrderedDict[str, DetailState] = OrderedDict()
        self._answered: dict[str, int] = {}
        self._moved = False
        """The short answer told of a change, so that the full one is due now."""
        self._pace = Pace(0.0, False)
        self._cost = 0.0
        """Seconds of computing that the last answer cost; waiting for it costs nothing."""

    def reset(self) -> None:
        """Begins anew: another workflow is watched from now on."""
        self._states.clear()
        self._answered.clear()
        self.open(None)

    def state(self, identity: str) -> DetailState | None:
        return self._states.get(identity)

    def states(self) -> list[DetailState]:
        """Every instance read and still remembered, the one opened last at the end."""
        return list(self._states.values())

    def open(self, identity: str | None) -> None:
        self.id = identity
        if identity is None:
            self.freshness = Freshness()
            self.next_at = None
            return
        state = self._state(identity)
        state.another_since = None
        self._failures = 0
        self._moved = False
        self._pace = Pace(0.0, False)
        self.freshness = state.freshness
        over = (state.freshness.settled or state.gone) and not self._asks_for_past(state)
        self.next_at = None if over else 0.0
        self.asked_for = True

    def due(self, now: float) -> float | None:
        return None if self.id is None else super().due(now)

    def soon(self) -> None:
        if self.id is not None and not self._state(self.id).gone:
            self.next_at = 0.0
            self.asked_for = True

    def row_changed(self, identity: str) -> None:
        """Has the instance read again when the list tells something new of it: it may have been restarted."""
        state, store = self._states.get(identity), self.context.store
        if state is None or (row := store.get(identity)) is None:
            return
        if store.note(identity) == GONE and (state.gone or self.context.local):
            # Asked once more, a dev session keeps a ghost of it (measured on wrangler 4.164).
            self._leave(state)
            return
        if row.seq <= self._answered.get(identity, 0):
            return
        state.found_again()
        state.freshness.settled = False
        # Not at once for all: of those that nobody looks at the next opening reads.
        if identity == self.id:
            self.next_at = 0.0

    def pace(self, took: float) -> float:
        state = self._states.get(self.id or "")
        context = self.context
        if self._moved:
            return 0.0
        self._pace = next_read(
            state.detail if state else None, now=context.clock(), cost=self._cost, local=context.local
        )
        self.interval = self._pace.delay or self.interval
        return self.interval

    def answered(self, now: float, took: float) -> None:
        """Notes an answer, and leaves its time to `take_in`: a 404 has none, a record's is old."""
        read_at = self.freshness.answered_at
        super().answered(now, took)
        self.freshness.answered_at = read_at
        if self.id is not None and self._asks_for_past(self._state(self.id)):
            self.next_at, self.asked_for = now, True

    async def ask(self) -> None:
        context, identity = self.context, self.id
        if identity is None:
            return
        state = self._state(identity)
        if self._asks_for_past(state):
            await self._ask_for_past(state)
            return
        number = context.next_number()
        try:
            # simple=true leaves the steps out (reference, Get instance): a few hundred bytes tell whether 6
            # MB are worth asking for.
            simple = self._pace.simple and state.detail is not None and not self._moved
            answer = await context.api.get_instance(context.workflow, identity, simple=simple)
        except InstanceNotFound:
            # A 404 after the retention is an instance's ordinary end, not a failure.
            self._leave(state)
            context.tell(context.store.deny(identity, context.clock()))
            context.notify(Update(details=(identity,)))
            return
        self._cost = answer.size / _BYTES_A_SECOND
        detail = await read_answer_aside(context.workflow, identity, answer, simple=simple)
        self._moved = simple and state.detail is not None and steps_wanted(state.detail, detail)
        if not self._moved:
            self.take_in(detail, number)

    def _asks_for_past(self, state: DetailState) -> bool:
        return not self.context.local and past_is_unknown(state)

    async def _ask_for_past(self, state: DetailState) -> None:
        """Asks once what became of one that is gone; analytics outlive it."""
        context = self.context
        try:
            found = await context.api.past_instance(context.workflow, state.id, now=context.clock())
        except (Forbidden, NotFound, Refused, BadAnswer) as error:
            state.past_refusal = error.sentence
        else:
            state.past = found
        state.past_asked = True
        context.notify(Update(details=(state.id,)))

    def take_in(self, detail: Detail, number: int) -> None:
        """Remembers an answer to the request of this number, unless a later one was answered already."""
        context, state = self.context, self._state(detail.id)
        # Two requests may be answered in the other order; the later question wins.
        if number < self._answered.get(detail.id, 0):
            return
        self._answered[detail.id] = number
        state.found_again()
        before = state.detail.queued if state.detail is not None else None
        if before is not None and detail.queued is not None and detail.queued > before:
            state.another_since = detail.queued
        if detail.simple and state.detail is not None:
            state.detail = with_steps_of(detail, state.detail)
        else:
            state.detail = detail
            state.partial = partial_reason(detail)
        # A final instance moves only by a restart, which the list tells: it is not read again until then.
        state.freshness.settled = is_final(detail.status)
        # Of one that a record has the row of alone nothing was answered by then: it has no date.
        state.freshness.answered_at = None if detail.unread else detail.read_at or context.clock()
        context.tell(amend_row(context.store, detail, number, context.clock()))
        context.notify(Update(details=(detail.id,)))
        self._forget()

    def _leave(self, state: DetailState) -> None:
        """Marks an instance as gone and asks for it no more."""
        state.gone, state.freshness.settled = "expired or deleted", True
        if state.id == self.id:
            self.next_at = 0.0 if self._asks_for_past(state) else None

    def _state(self, identity: str) -> DetailState:
        state = self._states.get(identity)
        if state is None:
            state = self._states[identity] = DetailState(self.context.workflow, identity)
        self._states.move_to_end(identity)
        return state

    def _forget(self) -> None:
        steps = sum(len(state.detail.steps) for state in self._states.values() if state.detail)
        while len(self._states) > 1 and (len(self._states) > _KEPT or steps > _KEPT_STEPS):
            identity, state = next(iter(self._states.items()))
            if identity == self.id:
                return
            steps -= len(state.detail.steps) if state.detail else 0
            del self._states[identity]
            self._answered.pop(identity, None)
