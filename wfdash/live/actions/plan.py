"""An action before it is carried out: which ids, frozen; what is skipped and why; and what came of each."""

from collections.abc import Container, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from itertools import islice, zip_longest
from secrets import token_hex
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from wfdash.api.interface import NewInstance, RestartFrom
from wfdash.core.model.instance import Instance
from wfdash.core.model.status import STATUSES
from wfdash.core.model.times import SAME_END
from wfdash.core.verbs.outcome import STOPPED, Outcome
from wfdash.core.verbs.rules import refusal, same_meaning
from wfdash.core.verbs.tally import HELD_BACK, NOT_SENT, Fate
from wfdash.core.verbs.verb import VERBS

__all__ = [
    "GONE",
    "UNDATED",
    "Guard",
    "Plan",
    "Progress",
    "Result",
    "Stage",
    "Target",
    "make_creation",
    "make_plan",
]


GONE = "deleted or expired"
"""In place of the status of what is not there any more."""
UNDATED: Final = "the plan does not say when it ended, so not whether it ran again since"


class Guard(Struct, frozen=True):
    """Why nothing may be written at all; both "" when writing is on."""

    read_only: str = ""
    watch_only: str = ""
    local: bool = False

    @property
    def is_shut(self) -> bool:
        """Whether nothing at all may be written now."""
        return bool(self.read_only or self.watch_only)


class Target(Struct, frozen=True, gc=False):
    """An id of a plan. `status` is what was on screen when the key was pressed, "" when nothing was.

    Thousands are made at one key, and in none of what follows is a cycle: the collector has no part in them.
    """

    id: str
    status: str = ""
    created: float | None = None
    started: float | None = None
    ended: float | None = None
    reason: str = ""
    """Why it is skipped; "" when the verb will be sent to it."""
    restart_from: RestartFrom | None = None
    """Of a redrive: the step it is restarted from; None where it is looked for just before it is sent."""
    version: str = ""
    """The version it ran, "" where no answer named it."""
    cause: tuple[str, str, str] | None = None
    """What it failed with (error, message, step), where that was read: to set beside how it fails again."""
    given: bool = False
    """Whether `ended` and `restart_from` come from a file or a journal: what is read now decides on both."""
    checked: bool = True
    """Whether a read bore out `restart_from`; False: it is read before it is sent, whatever its end."""
    undone: bool = False
    """Of a redrive: whether it is skipped since its steps were rolled back: a restart begins it anew."""

    @property
    def read_status(self) -> str:
        """The status as it was read here; "" where a file or a journal says it, which may be old."""
        return self.status if self.checked else ""

    @property
    def unknown(self) -> bool:
        """Whether its status says nothing about what the verb would do."""
        return self.status not in STATUSES

    def moved_on(self, verb: str, status: str, ended: float | None) -> str:
        """Why what was confirmed of it does not hold of what is read now; "" where it does."""
        was = self.status
        # The person confirmed a sentence about the old status; for another one they may decide otherwise.
        if was and not same_meaning(verb, was, status):
            return f"was {was}, now {status}"
        if VERBS[verb].starts_from == "failed step":
            return ""  # the step it ended at decides, not when
        if was and self.ended is not None and ended is not None and ended - self.ended > SAME_END:
            return f"was {was}, ran again since and is {status}"
        if self.given and self.ended is None and ended is not None:
            return UNDATED
        return ""


class Plan(Struct, frozen=True, dict=True):
    """A verb on ids that are frozen. `payload` and the params of `new` are never written to disk.

    What is found out of its targets is kept: a prompt asks for it ten times at each draw, of 12,000 targets.
    """

    key: str
    at: float
    verb: str
    workflow: str
    targets: tuple[Target, ...]
    restart_from: RestartFrom | None = None
    event_type: str = ""
    payload: Any = None
    payloads: Mapping[str, Any] | None = None
    """By id, where each gets its own."""
    only_waiting: bool = False
    """An event is sent only to those that still wait for its type when their turn comes."""
    new: tuple[NewInstance, ...] = ()
    insisted: bool = False
    """Sent also where it would do nothing, because the person asked twice."""
    unrecorded: bool = False
    """Sent also where the journal cannot be written, because the person said so."""

    @cached_property
    def eligible(self) -> tuple[Target, ...]:
        return tuple(target for target in self.targets if not target.reason)

    @cached_property
    def skipped(self) -> tuple[Target, ...]:
        return tuple(target for target in self.targets if target.reason)

    @cached_property
    def by_id(self) -> Mapping[str, Target]:
        return {target.id: target for target in self.targets}

    @cached_property
    def eligible_ids(self) -> tuple[str, ...]:
        return tuple(target.id for target in self.eligible)

    @cached_property
    def unknown(self) -> tuple[Target, ...]:
        """Eligible targets whose status does not say what the verb would do."""
        return tuple(target for target in self.eligible if target.unknown)

    def result(
        self,
        identity: str,
        at: float,
        outcome: Outcome,
        *,
        before: str = "",
        answered: str = "",
        after: str = "",
        error: str = "",
        sentence: str = "",
        sent_at: float | None = None,
        exit_code: int = 0,
        held: bool = False,
    ) -> "Result":
        """What became of one target. An error is its own sentence; what was not reached exits with 5."""
        return Result(
            self.key,
            at,
            self.workflow,
            identity,
            self.verb,
            before,
            answered,
            after,
            outcome,
            error,
            sentence or error,
            sent_at,
            5 if outcome == Outcome.NOT_REACHED else exit_code,
            held=held,
        )

    def spread(self, first: int, chosen_from: Mapping[str, str] | None = None) -> "Plan":
        """The same plan with targets in front that differ in their step, cause, version and status.

        So many of them that a canary of `first` meets as many causes as it can. `chosen_from` has the ids
        that may be among the first, each with what else was read of it.
        """
        alike: dict[object, list[Target]] = {}
        for target in self.eligible:
            more = "" if chosen_from is None else chosen_from.get(target.id)
            if more is not None:
                kind = (target.restart_from, target.cause, target.version, target.status, more)
                alike.setdefault(kind, []).append(target)
        turns = (target for turn in zip_longest(*alike.values()) for target in turn if target is not None)
        chosen = {target.id: target for target in islice(turns, first)}
        others = (target for target in self.targets if target.id not in chosen)
        return replace(self, targets=(*chosen.values(), *others))

    def without_journal(self) -> "Plan":
        """The same plan, to be carried out whether or not it can be written down."""
        return replace(self, key=token_hex(4), unrecorded=True)

    def insist(self) -> "Plan":
        """The same plan with the instances for which the verb would do nothing; guards stay in force."""
        return replace(
            self, insisted=True, targets=tuple(replace(target, reason="") for target in self.targets)
        )


class Stage(StrEnum):
    """Where a plan stands with one of its targets, or with the first ones of a batch."""

    CHOOSING = "choosing"
    """Some are read to find out which go first."""
    CHOSEN = "chosen"
    TURN = "turn"
    """Waits for its turn: so many go in a minute, or at a time."""
    READING = "reading"
    """Read again, just before it is sent."""
    SENT = "sent"
    ANSWERED = "answered"
    FOLLOWING = "following"
    UNKNOWN = "unknown"
    """Sent, and no answer came."""
    WAITING = "waiting"
    """The server is asked again in a while."""
    CANARY = "canary"
    """The first ones ended well: the rest goes on."""
    HELD = "held"
    """They did not: a person is asked."""


class Progress(Struct, frozen=True, gc=False):
    """How far a plan is: `done` counts targets that no longer wait to be sent, of `total`."""

    plan: str
    at: float
    workflow: str
    id: str
    verb: str
    stage: Stage
    done: int
    total: int
    note: str = ""
    """A sentence for a person: what it waits for, or what was answered."""
    status: str = ""
    """The status read or answered, where the stage has one."""
    before: str = ""
    """Of sent: the status it had just before."""


class Result(Struct, frozen=True, gc=False):
    """What truly became of one target; the last word on it."""

    plan: str
    at: float
    workflow: str
    id: str
    verb: str
    before: str
    answered: str
    after: str
    outcome: Outcome
    """done, under way, no effect, refused, unknown, skipped, not reached."""
    error: str = ""
    """Why, where the outcome is a failure; raw."""
    sentence: str = ""
    """The outcome in words; raw."""
    sent_at: float | None = None
    exit_code: int = 0
    """What a one-shot that did only this would exit with."""
    restart_from: RestartFrom | None = None
    ended: str = ""
    """How the run ended that this began: complete, errored, terminated; "" while it is not known."""
    failed_at: str = ""
    """The step that run failed at, quoted and cleaned."""
    followed: bool = False
    """Whether it is followed to its end: then another result of this id comes."""
    passed: bool = False
    """Whether the step that it was restarted from has run and succeeded this time."""
    version: str = ""
    """The version of the run that this began, where that was read."""
    held: bool = False
    """Whether the first ones of a batch held it back."""

    @property
    def unsent(self) -> bool:
        """Whether it was left out by a person who stopped the batch, not for what it is."""
        return self.outcome == Outcome.SKIPPED and self.error == STOPPED

    @property
    def fate(self) -> Fate:
        """The part of the result that is counted."""
        instead = NOT_SENT if self.unsent else HELD_BACK if self.held else ""
        return Fate(self.outcome, self.ended, self.failed_at, self.followed, self.passed, instead)

    @property
    def ended_badly(self) -> bool:
        """Whether the run that this began came to another end than complete."""
        return self.ended not in ("", "complete")

    @property
    def failed(self) -> bool:
        """Whether a person may want to try it again: then it stays marked."""
        return self.outcome.failed or self.ended_badly


def make_plan(
    verb: str,
    workflow: str,
    rows: Sequence[Instance | str],
    *,
    now: float,
    guard: Guard,
    restart_from: RestartFrom | None = None,
    event_type: str = "",
    payload: Any = None,
    gone: Container[str] = (),
) -> Plan:
    """Freezes the targets of a verb on instances. A bare id is a target of which nothing is known yet.

    Those that are `gone` are skipped. An id given twice is one target. No rows: a plan without targets, never
    one for all.
    """
    targets: dict[str, Target] = {}
    for row in rows:
        instance = Instance(row) if isinstance(row, str) else row
        target = _target(verb, instance, guard)
        if instance.id in gone:
            target = replace(target, reason=f"it is {GONE}")
        targets.setdefault(instance.id, target)
    return Plan(
        token_hex(4),
        now,
        verb,
        workflow,
        tuple(targets.values()),
        restart_from=restart_from,
        event_type=event_type,
        payload=payload,
    )


def make_creation(workflow: str, new: Sequence[NewInstance], *, now: float, guard: Guard) -> Plan:
    """A plan that makes instances; its targets are the ids that were proposed or typed."""
    reason = refusal("create", "", read_only=guard.read_only, watch_only=guard.watch_only) or ""
    targets = tuple(Target(instance.id, reason=reason) for instance in new)
    return Plan(token_hex(4), now, "create", workflow, targets, new=tuple(new))


def _target(verb: str, row: Instance, guard: Guard) -> Target:
    reason = refusal(
        verb, row.status, local=guard.local, watch_only=guard.watch_only, read_only=guard.read_only
    )
    return Target(row.id, row.status, row.created, row.started, row.ended, reason or "", version=row.version)
