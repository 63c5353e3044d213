"""The watched instances of every workflow, read at their own slow pace, and what changed of them."""

from collections.abc import Sequence

from wfdash.api.errors import InstanceNotFound, WorkflowNotFound, WorkflowsError
from wfdash.core.model.detail import read_detail
from wfdash.core.model.status import is_final
from wfdash.core.rows.store import GONE, Delta
from wfdash.live.budget.ledger import Priority
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.events import Update
from wfdash.live.polling.job import Job
from wfdash.live.polling.read_instance import amend_row
from wfdash.live.polling.session_watch import AnswerCost
from wfdash.live.records.pins import Pin, PinState

__all__ = ["Watched"]

PACE = 20.0
"""Seconds between two reads of one instance: ten of them cost 12 % of the quota."""
FINAL_PACE = 120.0
"""A final one can only be restarted, so it is read seldom."""


class Watched(Job):
    """Reads one instance a turn, without its steps; each change of status is news once."""

    purpose = "watched"
    in_turn = out_of_turn = Priority.BACKGROUND

    def __init__(self, context: FeedContext) -> None:
        super().__init__(1.0)
        self.context = context
        self._cost = AnswerCost()
        self._states: dict[Pin, PinState] = {}
        self._queued: dict[Pin, float] = {}
        """When the run that was read last was queued, as its own answer tells."""

    @property
    def states(self) -> Sequence[PinState]:
        return list(self._states.values())

    def follow(self, pins: Sequence[Pin]) -> None:
        """Reads these from now on."""
        self._states = {pin: self._states.get(pin, PinState(pin)) for pin in pins}
        self._queued = {pin: at for pin, at in self._queued.items() if pin in self._states}
        self.heed(Delta(added=tuple(pin.id for pin in pins)))
        self.next_at = 0.0

    def heed(self, delta: Delta) -> None:
        """Takes changes of watched instances from the rows of the workflow shown: they are no news later."""
        touched = {*delta.added, *delta.changed} if self._states else set()
        for pin, state in self._states.items():
            row = self.context.store.get(pin.id) if pin.id in touched else None
            if self.context.store.note(pin.id) == GONE:
                continue  # what its row says is what it was; that it is gone its own answer tells
            if row is None or pin.workflow != self.context.workflow:
                continue
            # Its age stands in the list that it was watched from: no reason to be without for 20 s.
            state.created = row.created if state.created is None else state.created
            if state.status != row.status:
                self._settle(state, row.status, state.read_at)

    def due(self, now: float) -> float | None:
        if self.next_at is not None and self.next_at > now:
            return self.next_at
        return min(
            (self._due(state) for state in self._states.values() if state.status != GONE), default=None
        )

    def pace(self, took: float) -> float:
        return self._cost.rest(took) if self.context.local else 0.0

    async def ask(self) -> None:
        now = self.context.clock()
        state = min(self._states.values(), key=self._due, default=None)
        if state is None or self._due(state) > now:
            return
        pin, last_status, number = state.pin, state.status, self.context.next_number()
        try:
            # The status is all that is watched, and it comes without the steps.
            answer = await self.context.api.get_instance(pin.workflow, pin.id, simple=True)
        except (InstanceNotFound, WorkflowNotFound):
            self._settle(state, GONE, self.context.clock())
            if pin.workflow == self.context.workflow:
                self.context.tell(self.context.store.deny(pin.id, self.context.clock()))
            return
        except WorkflowsError as error:
            # It would be the first to be asked for each time, and the others would not be watched any more.
            self.context.refusals.failed(pin.workflow, pin.id, error, self.context.clock())
            if self.context.refusals.passing:
                return
            raise
        self.context.refusals.answered(pin.workflow, pin.id)
        detail = read_detail(pin.workflow, pin.id, answer.result, simple=True)
        state.step_count = detail.step_count
        if detail.queued is not None:
            state.another = state.another or detail.queued > self._queued.get(pin, detail.queued)
            self._queued[pin] = detail.queued
        state.created = detail.queued if detail.queued is not None else detail.start
        # What the list told meanwhile was asked later.
        status = detail.status if state.status == last_status else state.status
        self._settle(state, status, self.context.clock())
        if pin.workflow == self.context.workflow and pin.id in self.context.store:
            # The list may lag behind this answer: the row has to know, or each of the two is news in turn.
            self.context.tell(amend_row(self.context.store, detail, number, self.context.clock()))

    def set_back(self, seconds: float) -> None:
        super().set_back(seconds)
        for state in self._states.values():
            state.read_at = None if state.read_at is None else state.read_at - seconds

    def _due(self, state: PinState) -> float:
        held = self.context.refusals.until(state.pin.workflow, state.pin.id)
        if state.read_at is None:
            return held
        if state.status == GONE:
            return float("inf")
        return max(held, state.read_at + (FINAL_PACE if is_final(state.status) else PACE))

    def _settle(self, state: PinState, status: str, read_at: float | None) -> None:
        before, state.read_at = state.status, read_at
        if status == before or not status:
            return
        state.status = status
        # The first answer is no change: it must not ring at every start.
        if before:
            state.before, state.changed_at = before, self.context.clock()
            self.context.notify(Update(watched=(state,)))
