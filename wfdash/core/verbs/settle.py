"""What became of a verb on one instance, from the status before it and those that came after."""

from typing import Final

from msgspec import Struct

from wfdash.core.model.status import ACTIVE, FINAL, PAUSED
from wfdash.core.verbs.outcome import Outcome

__all__ = [
    "RESUMED",
    "Judgement",
    "StatusChange",
    "settle_create",
    "settle_event",
    "settle_pause",
    "settle_restart",
    "settle_resume",
    "settle_terminate",
]

RESUMED: Final = frozenset({"queued", "running", "waiting"})

# HTTP 200 is no success: pause of what is queued and resume of what is not paused answer 200 and do nothing
# (measured on the engine).


class Judgement(Struct, frozen=True):
    """What became of one verb on one instance; `over` when following it further tells nothing more."""

    word: Outcome
    """done, under way or no effect; unknown where a restart's end may be the old one."""
    sentence: str
    over: bool


class StatusChange(Struct, frozen=True):
    """The statuses of one instance around a verb, which people call `label`."""

    label: str
    before: str
    answered: str
    """What the request answered; "" when no answer came."""
    now: str
    """The one read last; at first, what the request answered."""
    rerun: bool | None = None
    """Whether the instance's own times show a run begun since (None: not seen). It tells a restart that
    errored again from one that did nothing."""


def settle_event(change: StatusChange) -> Judgement:
    return Judgement(Outcome.DONE, "accepted", True)


def settle_create(change: StatusChange) -> Judgement:
    return Judgement(Outcome.DONE, f"created, {change.now or 'accepted'}", True)


def settle_pause(change: StatusChange) -> Judgement:
    before, answered, now = change.before, change.answered, change.now
    if now == "paused" and before == "paused":
        return Judgement(Outcome.NO_EFFECT, "pause had no effect: it was paused before", True)
    if now == "paused":
        return Judgement(Outcome.DONE, "paused", True)
    if now == "waitingForPause":
        return Judgement(Outcome.UNDER_WAY, "waitingForPause: it pauses when its running step is done", False)
    if now in FINAL:
        return Judgement(Outcome.NO_EFFECT, f"pause had no effect: the instance is {now}", True)
    # List and detail were seen to lag behind the answer by seconds: what it said is believed until the
    # deadline.
    if answered in PAUSED:
        return Judgement(Outcome.UNDER_WAY, f"asked, {now} for now", False)
    return Judgement(Outcome.NO_EFFECT, f"pause had no effect: the instance is {now}", bool(answered))


def settle_resume(change: StatusChange) -> Judgement:
    before, answered, now = change.before, change.answered, change.now
    if now in ("running", "waiting"):
        if before in PAUSED:
            return Judgement(Outcome.DONE, f"resumed, {now}", True)
        return Judgement(
            Outcome.NO_EFFECT, f"resume had no effect: the instance was {before} and is {now}", True
        )
    if now == "queued" and before != "queued":
        return Judgement(Outcome.UNDER_WAY, "resumed, queued to run", False)
    # Quick ones end before they are read again: that it moved at all shows that it was resumed.
    if now in ("complete", "errored") and before in PAUSED:
        return Judgement(Outcome.DONE, f"resumed, {now} by now", True)
    if now == before in PAUSED and answered in RESUMED:
        return Judgement(Outcome.UNDER_WAY, f"asked, {now} for now", False)
    return Judgement(Outcome.NO_EFFECT, f"resume had no effect: the instance is {now}", bool(answered))


def settle_terminate(change: StatusChange) -> Judgement:
    what, before, now = change.label, change.before, change.now
    if now == "terminated":
        if before == "terminated":
            return Judgement(Outcome.NO_EFFECT, f"{what} had no effect: it was terminated before", True)
        return Judgement(Outcome.DONE, "terminated", True)
    # A dev session answers only once the handlers are done: until then this is all that shows (measured).
    if now == "rollingBack":
        return Judgement(Outcome.UNDER_WAY, "rolling back", False)
    if now in FINAL:
        return Judgement(Outcome.NO_EFFECT, f"{what} had no effect: the instance is {now}", True)
    return Judgement(Outcome.UNDER_WAY, f"asked, {now} for now", False)


def settle_restart(change: StatusChange) -> Judgement:
    before, answered, now, rerun = change.before, change.answered, change.now, change.rerun
    running = now not in FINAL
    # A status that nobody knows may be any word for what it was before.
    began = now in ACTIVE and (before in FINAL or answered == "queued" != before)
    # Only another run can end otherwise, also where no answer gave times to tell one by.
    began = began or (not running and before in FINAL and now != before)
    if rerun or began or (rerun is None and answered and running):
        return Judgement(Outcome.DONE, f"restarted, {now}" if running else f"ran again, {now} by now", True)
    if not running and rerun is None and answered:
        doubt = f"{now} as before: its times do not show whether it ran again"
        return Judgement(Outcome.UNKNOWN, doubt, False)
    if not running:
        said = "200, but still" if answered else "still"
        return Judgement(Outcome.NO_EFFECT, f"{said} {now}: nothing happened", False)
    return Judgement(Outcome.UNDER_WAY, f"asked, {now} for now", False)
