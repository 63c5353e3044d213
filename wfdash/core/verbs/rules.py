"""What each verb may do to an instance in each status, and what became of it, in words.

The key bar, the palette, the prompt, the help and the one-shots all ask here, so that they cannot disagree.
"""

from typing import Final

from msgspec import Struct

from wfdash.core.model.status import ACTIVE, FINAL, STATUSES, is_final
from wfdash.core.verbs.outcome import Outcome

__all__ = [
    "DESTROYS",
    "RESTARTS",
    "VERBS",
    "Judgement",
    "destroys",
    "inverse",
    "leads_to",
    "phrase",
    "refusal",
    "same_meaning",
    "settled",
    "stake",
]

VERBS: Final = (
    "pause",
    "resume",
    "terminate",
    "terminate_rollback",
    "restart",
    "restart_from",
    "redrive",
    "send_event",
    "create",
)
DESTROYS: Final = frozenset({"terminate", "terminate_rollback", "restart", "restart_from", "redrive"})
RESTARTS: Final = frozenset({"restart", "restart_from", "redrive"})

_PHRASES = {
    "terminate_rollback": "terminate with rollback",
    "restart_from": "restart from a step",
    "send_event": "send event",
}
_INVERSES = {"pause": "resume", "resume": "pause"}
_STATUSES = frozenset(STATUSES)
# HTTP 200 is no success: pause of what is queued and resume of what is not paused answer 200 and do nothing
# (measured on the engine).
_LEADS_TO = {
    "pause": frozenset({"waitingForPause", "paused"}),
    "resume": frozenset({"queued", "running", "waiting"}),
    "terminate": frozenset({"terminated"}),
    "terminate_rollback": frozenset({"rollingBack", "terminated"}),
    # A quick workflow may be complete again before it is read; only what a pause leaves is surely not a
    # restart.
    "restart": frozenset(STATUSES) - {"paused", "waitingForPause"},
    "restart_from": frozenset(STATUSES) - {"paused", "waitingForPause"},
    "redrive": frozenset(STATUSES) - {"paused", "waitingForPause"},
    "send_event": frozenset(STATUSES),
    "create": frozenset(STATUSES),
}
# A dev session calls running what sleeps or waits, and the cloud's words for one instance change between two
# polls: no change of meaning.
_GROUPS = (
    frozenset({"running", "waiting"}),
    frozenset({"paused", "waitingForPause"}),
)
_ROLLING_BACK = "it is rolling back, and what {} does then is not documented"


class Judgement(Struct, frozen=True):
    """What became of one verb on one instance; `over` when following it further tells nothing more."""

    word: Outcome
    """done, under way or no effect."""
    sentence: str
    over: bool


def phrase(verb: str) -> str:
    """The verb as people say it: `terminate with rollback`."""
    return _PHRASES.get(verb, verb)


def destroys(verb: str) -> bool:
    """Whether the verb loses work or history: confirmed by name on a production account."""
    return verb in DESTROYS


def stake(verb: str) -> str:
    """Whether the verb can be taken back, and how; "" where the question does not arise."""
    if destroys(verb):
        return "destroys: it cannot be taken back"
    return f"{_INVERSES[verb]} takes it back" if verb in _INVERSES else ""


def inverse(verb: str) -> str:
    """The verb that takes this one back; "" where there is none."""
    return _INVERSES.get(verb, "")


def leads_to(verb: str) -> frozenset[str]:
    """The statuses that may follow when the verb took effect; for pause and rollback the way there too."""
    return _LEADS_TO.get(verb, frozenset())


def refusal(
    verb: str, status: str, *, local: bool = False, watch_only: str = "", read_only: str = ""
) -> str | None:
    """Why the verb is off, or would do nothing, on an instance in this status; None when it may run.

    `watch_only` and `read_only` are reasons why nothing at all is written, "" when there is none. An unknown
    status refuses nothing: only the server can tell.
    """
    if read_only:
        return f"read-only: {read_only}"
    if watch_only:
        return f"this server can be watched, not written to: {watch_only}"
    if verb == "create" or status not in _STATUSES:
        return None
    if status == "rollingBack":
        return None if verb == "send_event" else _ROLLING_BACK.format(phrase(verb))
    return _REFUSALS[verb](status, local)


def _refuse_pause(status: str, local: bool) -> str | None:
    if status in ("running", "waiting"):
        return None
    if status == "queued":
        return "it is queued: pause has no effect before it runs"
    if status == "paused":
        return "it is paused already"
    if status == "waitingForPause":
        return "it is pausing already, when its running step is done"
    return f"it is {status}: nothing is left to pause"


def _refuse_resume(status: str, local: bool) -> str | None:
    if status in ("paused", "waitingForPause"):
        return None
    if is_final(status):
        return f"it is {status}: resume has no effect, restart would run it again"
    return f"it is {status}, not paused: resume has no effect"


def _refuse_terminate(status: str, local: bool) -> str | None:
    return f"it is {status} already: there is nothing to terminate" if is_final(status) else None


def _refuse_restart(status: str, local: bool) -> str | None:
    return None


def _refuse_restart_from(status: str, local: bool) -> str | None:
    return "it is queued: it has no step to restart from" if status == "queued" else None


def _refuse_redrive(status: str, local: bool) -> str | None:
    if status in ("errored", "terminated"):
        return None
    return (
        "it is complete: no step ended it" if is_final(status) else f"running again already: it is {status}"
    )


def _refuse_event(status: str, local: bool) -> str | None:
    if not is_final(status):
        return None
    if local:
        return f"it is {status}: the event would be stored and never read"
    return f"it is {status}: nothing waits for an event"


_REFUSALS = {
    "pause": _refuse_pause,
    "resume": _refuse_resume,
    "terminate": _refuse_terminate,
    "terminate_rollback": _refuse_terminate,
    "restart": _refuse_restart,
    "restart_from": _refuse_restart_from,
    "redrive": _refuse_redrive,
    "send_event": _refuse_event,
}


def same_meaning(verb: str, before: str, now: str) -> bool:
    """Whether a person who confirmed the verb for `before` would confirm it for `now` unread."""
    if before == now:
        return True
    if verb == "send_event":
        return before in ACTIVE and now in ACTIVE
    return any(before in group and now in group for group in _GROUPS)


def settled(verb: str, *, before: str, answered: str, now: str, rerun: bool | None = None) -> Judgement:
    """Compares the intent with the status read last (`now`; at first, what the request `answered`).

    `answered` is "" when no answer came. `rerun` says whether the instance's own times
    show a run begun since (None: not known); it is what tells a restart that errored again from one that did
    nothing.
    """
    if verb in RESTARTS:
        return _settled_restart(verb, before, answered, now, rerun)
    if verb in ("send_event", "create"):
        return Judgement(
            Outcome.DONE, "accepted" if verb == "send_event" else f"created, {now or 'accepted'}", True
        )
    if verb == "pause":
        return _settled_pause(before, answered, now)
    if verb == "resume":
        return _settled_resume(before, answered, now)
    return _settled_terminate(verb, before, now)


def _settled_pause(before: str, answered: str, now: str) -> Judgement:
    if now == "paused" and before == "paused":
        return Judgement(Outcome.NO_EFFECT, "pause had no effect: it was paused before", True)
    if now == "paused":
        return Judgement(Outcome.DONE, "paused", True)
    if now == "waitingForPause":
        return Judgement(Outcome.UNDER_WAY, "waitingForPause: it pauses when its running step is done", False)
    if now in FINAL:
        return Judgement(Outcome.NO_EFFECT, f"pause had no effect: the instance is {now}", True)
    if answered in ("paused", "waitingForPause"):
        return Judgement(Outcome.UNDER_WAY, f"asked, {now} for now", False)
    return Judgement(Outcome.NO_EFFECT, f"pause had no effect: the instance is {now}", bool(answered))


def _settled_resume(before: str, answered: str, now: str) -> Judgement:
    if now in ("running", "waiting"):
        if before in ("paused", "waitingForPause"):
            return Judgement(Outcome.DONE, f"resumed, {now}", True)
        return Judgement(
            Outcome.NO_EFFECT, f"resume had no effect: the instance was {before} and is {now}", True
        )
    if now == "queued" and before != "queued":
        return Judgement(Outcome.UNDER_WAY, "resumed, queued to run", False)
    if now in ("complete", "errored") and before in ("paused", "waitingForPause"):
        return Judgement(Outcome.DONE, f"resumed, {now} by now", True)
    if now == before in ("paused", "waitingForPause") and answered in _LEADS_TO["resume"]:
        return Judgement(Outcome.UNDER_WAY, f"asked, {now} for now", False)
    return Judgement(Outcome.NO_EFFECT, f"resume had no effect: the instance is {now}", bool(answered))


def _settled_terminate(verb: str, before: str, now: str) -> Judgement:
    what = phrase(verb)
    if now == "terminated":
        if before == "terminated":
            return Judgement(Outcome.NO_EFFECT, f"{what} had no effect: it was terminated before", True)
        return Judgement(Outcome.DONE, "terminated", True)
    if now == "rollingBack":
        return Judgement(Outcome.UNDER_WAY, "rolling back", False)
    if now in FINAL:
        return Judgement(Outcome.NO_EFFECT, f"{what} had no effect: the instance is {now}", True)
    return Judgement(Outcome.UNDER_WAY, f"asked, {now} for now", False)


def _settled_restart(verb: str, before: str, answered: str, now: str, rerun: bool | None) -> Judgement:
    running = now not in FINAL
    began = running and (before in FINAL or answered == "queued" != before)
    if rerun or began or (rerun is None and answered and running):
        return Judgement(Outcome.DONE, f"restarted, {now}" if running else f"ran again, {now} by now", True)
    if not running:
        said = "200, but still" if answered else "still"
        return Judgement(Outcome.NO_EFFECT, f"{said} {now}: nothing happened", False)
    return Judgement(Outcome.UNDER_WAY, f"asked, {now} for now", False)
