"""What the person is told of one action from the request to its end: a line that grows until it settles."""

from collections import Counter
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from wfdash.core.text.words import brief, clock, counted
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import RESTARTS, phrase
from wfdash.core.verbs.tally import PENDING, Fate, tally
from wfdash.live.actions.plan import Plan, Progress, Result, Stage

__all__ = ["ORDER", "ActionProgress"]

ORDER = tuple(Outcome)
"""Outcomes as they are counted, the ones to look at last."""

_TELLING = 5
"""Targets sent after which the pace is worth telling."""


_Kind = tuple[Fate, bool]
"""What is counted of a result, and whether the prompt had it among those that are sent."""


class ActionProgress(Struct):
    """One plan as it goes. Ids and sentences in it are raw.

    All that is asked of it at every draw takes as long for 12,000 results as for ten.
    """

    plan: Plan
    asked_at: float
    path: list[str] = field(default_factory=list)
    """Statuses of a single target since it was sent, without repeats."""
    note: str = ""
    sent: int = 0
    """Of those that are eligible, how many no longer wait to be sent: what was skipped late is among them."""
    results: dict[str, Result] = field(default_factory=dict)
    _alike: dict[_Kind, dict[str, Result]] = field(default_factory=dict)
    """The results by all that they are counted by, then by id."""
    _eligible: frozenset[str] = frozenset()
    _first: set[str] = field(default_factory=set)
    """Ids that a request went to, as far as they tell whether the first ones are all there was."""
    _settled: int = 0
    """Of those that are eligible, how many have a result."""
    ended_at: float | None = None
    sent_at: float | None = None
    in_doubt: bool = False
    """Whether no answer came: what became of it is being read."""
    canary: int = 0
    """So many are sent first; 0 where all are sent at once."""
    held: str = ""
    """Why the rest waits for a person's word, after the first ones failed."""
    first_ran: str = ""
    """How the first ones differ, then on which version they completed, in a sentence."""
    stopping: bool = False
    """Whether a person asked that nothing more of it be sent."""

    def __post_init__(self) -> None:
        self._eligible = frozenset(target.id for target in self.plan.eligible)

    @property
    def total(self) -> int:
        """How many targets are to be sent."""
        return len(self._eligible)

    @property
    def alike(self) -> list[Mapping[str, Result]]:
        """The results by id, in groups of those that are counted as one; none is empty."""
        return list(self._alike.values())

    @property
    def single(self) -> bool:
        return len(self.plan.targets) == 1

    @property
    def over(self) -> bool:
        return self.answered and not self.runs_followed

    @property
    def answered(self) -> bool:
        """Whether all is sent and has settled; runs that it began may go on."""
        return len(self.results) == len(self.plan.targets)

    @property
    def sending(self) -> bool:
        """Whether a stop would still spare something."""
        return not self.answered and self.sent < self.total

    @property
    def followed(self) -> tuple[str, ...]:
        """Ids that were sent and have not settled; none as long as others wait to be sent."""
        if self.sending or self.answered:
            return ()
        return tuple(target.id for target in self.plan.eligible if target.id not in self.results)

    @property
    def waits_for_first(self) -> bool:
        """Whether the rest waits for the end of the first ones, and nothing is decided."""
        decided = self.held or self.stopping or self.answered
        return bool(self.canary) and not decided and len(self._first) <= self.canary

    @property
    def runs_followed(self) -> int:
        """Runs that this began and that are read until they end."""
        return self._number(lambda result: result.followed)

    @property
    def all_complete(self) -> bool:
        """Whether each that was to be sent was restarted and has run to its end."""
        done = self._number(lambda result: result.ended == "complete")
        return self.total > 0 and done == self.total

    @property
    def unsent(self) -> int:
        """How many were left unsent by a stop."""
        return self._number(lambda result: result.unsent)

    def _number(self, counts: Callable[[Result], bool]) -> int:
        """How many results are counted by a test that looks only at what they are grouped by."""
        return sum(len(group) for group in self._alike.values() if counts(next(iter(group.values()))))

    def words(self, *, brief: bool = False) -> list[tuple[str, str]]:
        """Counts of what became of the targets so far in words, each with its outcome, as the journal has it.

        What the prompt had named as skipped never belonged to them.
        """
        fates = Counter[Fate]()
        for (fate, eligible), group in self._alike.items():
            fates[fate] += len(group) if eligible or not self._eligible else 0
        if not (self.sending or self.answered):
            fates[Fate(instead=PENDING)] += self.total - self._settled
        return tally(self.plan.verb, fates, brief=brief)

    def remaining(self, now: float) -> float | None:
        """Seconds until all is sent at the pace so far; None while that is not known, or is past."""
        if not self.sending or self.stopping or self.waits_for_first:
            return None
        if self.sent_at is None or self.sent < _TELLING:
            return None
        seconds = (self.total - self.sent) * (now - self.sent_at) / self.sent
        return seconds if seconds >= 2 else None

    def take(self, event: Progress | Result) -> None:
        """Takes in what the operator told."""
        if isinstance(event, Result):
            self._put(event)
            self.note = ""
            # What became of the last one may be told before anything is said of the next.
            self.sent = max(self.sent, self._settled - self.unsent)
            if self.answered:
                self.sent = self.total - self.unsent
            if self.over:
                self.ended_at = event.at
        else:
            self.sent = max(self.sent, event.done)
            self.note = event.note
            if event.stage in (Stage.CHOSEN, Stage.CANARY):
                self.first_ran, self.note = event.note, ""
            if event.stage == Stage.HELD:
                self.held = event.note
            self.in_doubt = self.in_doubt or event.stage == Stage.UNKNOWN
            if event.stage == Stage.SENT and len(self._first) <= self.canary:
                self._first.add(event.id)
            if event.stage == Stage.SENT and self.sent_at is None:
                self.sent_at = event.at
            if event.status and (not self.path or self.path[-1] != event.status):
                self.path.append(event.status)

    def _put(self, result: Result) -> None:
        """Takes a result in the place of an earlier one of its id."""
        if (earlier := self.results.get(result.id)) is not None:
            group = self._alike[self._kind(earlier)]
            del group[result.id]
            if not group:
                del self._alike[self._kind(earlier)]
        elif result.id in self._eligible:
            self._settled += 1
        self.results[result.id] = result
        self._alike.setdefault(self._kind(result), {})[result.id] = result

    def _kind(self, result: Result) -> _Kind:
        return result.fate, self.is_eligible(result.id)

    def is_eligible(self, identity: str) -> bool:
        """Whether the prompt had it among those that are sent."""
        return identity in self._eligible

    def counts(self) -> list[tuple[str, int]]:
        """Results so far by outcome, in ORDER, without those that the prompt had named as skipped."""
        counted = Counter[Outcome]()
        for (fate, eligible), group in self._alike.items():
            assert fate.outcome is not None, "a result has an outcome"
            counted[fate.outcome] += len(group) if eligible or not self._eligible else 0
        return [(outcome, counted[outcome]) for outcome in ORDER if counted[outcome]]

    @property
    def troubled(self) -> bool:
        """Whether a person should look: something was not done, or is not known to be."""
        return self._number(lambda result: result.failed) > 0

    @property
    def ended_badly(self) -> bool:
        """Whether a run that this began failed again, or was ended."""
        return self._number(lambda result: result.ended_badly) > 0

    @property
    def failed(self) -> tuple[str, ...]:
        """The ids worth another try."""
        groups = [group for group in self._alike.values() if next(iter(group.values())).failed]
        return tuple(identity for group in groups for identity in group)

    @property
    def failed_eligible(self) -> tuple[str, ...]:
        """The ids worth another try, without those that the prompt had named as skipped."""
        return tuple(identity for identity in self.failed if identity in self._eligible)

    def line(self, now: float, *, utc: bool = True, brief: bool = False) -> str:
        """The action in one line, raw; of many, `brief` leaves out at which steps they failed."""
        return self._single_line(now, utc) if self.single else self._line_of_many(brief)

    def _single_line(self, now: float, utc: bool) -> str:
        target = self.plan.targets[0]
        asked = f"{phrase(self.plan.verb)} {target.id}"
        result = self.results.get(target.id)
        if result is not None and result.failed and not result.ended:
            word = "" if result.outcome == Outcome.NO_EFFECT else f"{result.outcome}: "
            return f"{asked}: {word}{result.sentence or result.error}"
        at = clock(self.sent_at if self.sent_at is not None else self.asked_at, utc=utc)
        steps = "".join(f" → {status}" for status in self.path if status not in ("accepted", "unknown"))
        line = f"{asked} {'sent' if self.sent_at is not None else 'asked'} {at}{steps}"
        if result is None or result.followed:
            note = self.note or ("outcome unknown, reading to find out" if self.in_doubt else "")
            return f"{line} · {note}" if note else f"{line} …"
        if result.outcome == Outcome.UNDER_WAY or result.ended:
            return f"{line} · {result.sentence}"
        if not steps:
            return f"{line} · {result.sentence}"
        took = result.at - (self.sent_at if self.sent_at is not None else self.asked_at)
        return f"{line} after {brief(max(0.0, took))}"

    def _line_of_many(self, brief: bool) -> str:
        total = self.total
        what = f"{phrase(self.plan.verb)} {total if brief else counted(total, 'instance')}"
        said = (words for _, words in self.words(brief=brief))
        sums = (" · " if self.plan.verb in RESTARTS else ", ").join(said)
        if self.answered:
            return f"{what}: {sums}"
        if self.held:
            return f"{what}: {self.held}"
        if self.waits_for_first and len(self._first) == self.canary:
            sums = f"{sums} · the rest waits for these {self.canary}"
        note = f" · {self.note}" if self.note else ""
        return f"{what}: {self.sent} of {total}{f' · {sums}' if sums else ''}{note}"
