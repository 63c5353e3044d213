"""The verbs: each with all that tells it from the others. Prompts, keys and commands take it from here."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.status import PAUSED, STATUSES, is_final
from wfdash.core.verbs.consequences import (
    StepTarget,
    of_event,
    of_pause,
    of_restart,
    of_restart_from,
    of_resume,
    of_rollback,
    of_terminate,
)
from wfdash.core.verbs.settle import (
    RESUMED,
    Judgement,
    StatusChange,
    settle_create,
    settle_event,
    settle_pause,
    settle_restart,
    settle_resume,
    settle_terminate,
)

__all__ = ["VERBS", "ApiVerb", "Verb"]

ApiVerb = Literal["pause", "resume", "terminate", "restart"]
"""The `status` of a PATCH (reference page of that endpoint)."""

_ANY: Final = frozenset(STATUSES)
# A quick workflow may be complete again before it is read; only what a pause leaves is surely no restart.
_RESTARTED: Final = _ANY - PAUSED
_LONG: Final = 300.0
"""Seconds that a pause may take, and a termination with rollback: code that runs, or the handlers, have to
end first."""


# What has no effect is refused before it is sent, for the API answers 200 to it: what each status takes is
# from the workers-api page and the engine (workflows-shared, engine.ts).
def _refuse_pause(status: str, local: bool) -> str | None:
    if status in ("running", "waiting"):
        return None
    if status == "queued":
        return "it is queued: pause has no effect before it runs"
    if status == "paused":
        return "it is paused already"
    # A pause waits for the step that runs; a second one changes nothing (engine.ts).
    if status == "waitingForPause":
        return "it is pausing already, when its running step is done"
    return f"it is {status}: nothing is left to pause"


def _refuse_resume(status: str, local: bool) -> str | None:
    # Resume of what is still pausing takes the pause back (engine.ts).
    if status in PAUSED:
        return None
    if is_final(status):
        return f"it is {status}: resume has no effect, restart would run it again"
    return f"it is {status}, not paused: resume has no effect"


def _refuse_terminate(status: str, local: bool) -> str | None:
    # The one refusal that the API makes itself: 10401, instance.cannot_terminate.
    return f"it is {status} already: there is nothing to terminate" if is_final(status) else None


def _refuse_restart_from(status: str, local: bool) -> str | None:
    return "it is queued: it has no step to restart from" if status == "queued" else None


def _refuse_redrive(status: str, local: bool) -> str | None:
    if status in ("errored", "terminated"):
        return None
    if is_final(status):
        return "it is complete: no step failed"
    return f"it is {status}: only what errored or was terminated is redriven"


def _refuse_event(status: str, local: bool) -> str | None:
    if not is_final(status):
        return None
    if local:
        # A dev session takes events for what has ended, and keeps them (measured on the engine).
        return f"it is {status}: the event would be stored and never read"
    return f"it is {status}: nothing waits for an event"


def _refuse_nothing(status: str, local: bool) -> str | None:
    return None


def _without_consequence(detail: Detail | None, step: StepTarget | None) -> list[str]:
    return []


class Verb(Struct, frozen=True, kw_only=True):
    """What may be done to an instance."""

    id: str
    label: str
    """As people say it: `terminate with rollback`."""
    past: str
    """What is true of those it was done to: `paused`."""
    deed: tuple[str, str, str]
    """What somebody does and did, and what stands behind those it is done to: `terminate`, `terminated`,
    ` with rollback`."""
    api_word: ApiVerb | Literal[""] = ""
    """The `status` of its PATCH; "" where it has a request of its own."""
    destroys: bool = False
    """Whether it loses work or history: confirmed by name on a production account."""
    inverse: str = ""
    """The verb that takes it back; "" where there is none."""
    restarts: bool = False
    starts_from: Literal["", "chosen step", "failed step"] = ""
    """The step before which a restart keeps everything: a person's, or each instance's own."""
    rollback: bool = False
    takes_payload: bool = False
    """Whether a person gives it data: what the journal does not keep, so that it is never resumed."""
    # An event that is sent twice is stored twice, and a later wait of its type takes the second (engine.ts,
    # receiveEvent).
    changes_status: bool = True
    """False for an event: no read shows whether it arrived, so that it is never sent again."""
    runs_on: bool = False
    """Whether the instance runs on by itself after it, so that its end is what was wanted."""
    leads_to: frozenset[str] = _ANY
    """The statuses that may follow when it took effect; for pause and rollback the way there too."""
    on_the_way: str = ""
    """The status that shows, even without an answer, that it arrived."""
    deadline: float = 60.0
    """Seconds for which it is followed: a pause waits for the running step, a rollback for its handlers."""
    refuse: Callable[[str, bool], str | None] = _refuse_nothing
    """Why it is off, or would do nothing, in a status; whether a dev session is asked changes some."""
    settle: Callable[[StatusChange], Judgement]
    consequence: Callable[[Detail | None, StepTarget | None], list[str]] = _without_consequence


_VERBS: Final = (
    Verb(
        id="pause",
        label="pause",
        past="paused",
        deed=("pause", "paused", ""),
        api_word="pause",
        inverse="resume",
        leads_to=PAUSED,
        on_the_way="waitingForPause",
        deadline=_LONG,
        refuse=_refuse_pause,
        settle=settle_pause,
        consequence=of_pause,
    ),
    Verb(
        id="resume",
        label="resume",
        past="resumed",
        deed=("resume", "resumed", ""),
        api_word="resume",
        inverse="pause",
        runs_on=True,
        leads_to=RESUMED,
        # A resumed instance queues for a place among those that may run, its timers shifted by the pause
        # (workers-api).
        on_the_way="queued",
        refuse=_refuse_resume,
        settle=settle_resume,
        consequence=of_resume,
    ),
    Verb(
        id="terminate",
        label="terminate",
        past="terminated",
        deed=("terminate", "terminated", ""),
        api_word="terminate",
        destroys=True,
        leads_to=frozenset({"terminated"}),
        refuse=_refuse_terminate,
        settle=settle_terminate,
        consequence=of_terminate,
    ),
    Verb(
        # The same word with `rollback`: true; it shows as rollingBack while its handlers run (reference,
        # Change status).
        id="terminate_rollback",
        label="terminate with rollback",
        past="terminated",
        deed=("terminate", "terminated", " with rollback"),
        api_word="terminate",
        destroys=True,
        rollback=True,
        leads_to=frozenset({"rollingBack", "terminated"}),
        on_the_way="rollingBack",
        deadline=_LONG,
        refuse=_refuse_terminate,
        settle=settle_terminate,
        consequence=of_rollback,
    ),
    Verb(
        id="restart",
        label="restart",
        past="restarted",
        deed=("restart", "restarted", ""),
        api_word="restart",
        destroys=True,
        restarts=True,
        runs_on=True,
        leads_to=_RESTARTED,
        settle=settle_restart,
        consequence=of_restart,
    ),
    Verb(
        id="restart_from",
        label="restart from a step",
        past="restarted",
        deed=("restart", "restarted", " from a step"),
        api_word="restart",
        destroys=True,
        restarts=True,
        starts_from="chosen step",
        runs_on=True,
        leads_to=_RESTARTED,
        refuse=_refuse_restart_from,
        settle=settle_restart,
        consequence=of_restart_from,
    ),
    Verb(
        id="redrive",
        label="redrive",
        past="restarted",
        deed=("restart", "restarted", " from the failed step"),
        api_word="restart",
        destroys=True,
        restarts=True,
        starts_from="failed step",
        runs_on=True,
        leads_to=_RESTARTED,
        refuse=_refuse_redrive,
        settle=settle_restart,
    ),
    Verb(
        id="send_event",
        label="send event",
        past="accepted",
        deed=("send an event to", "sent an event to", ""),
        takes_payload=True,
        changes_status=False,
        runs_on=True,
        refuse=_refuse_event,
        settle=settle_event,
        consequence=of_event,
    ),
    Verb(
        id="create",
        label="create",
        past="created",
        deed=("create", "created", ""),
        takes_payload=True,
        settle=settle_create,
    ),
)
VERBS: Final[Mapping[str, Verb]] = {verb.id: verb for verb in _VERBS}
