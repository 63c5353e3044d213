"""What the person is told of one action from the request to its end: a line that grows until it settles."""

from collections import Counter

from msgspec import Struct, field

from wfdash.core.text.words import brief, clock
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import RESTARTS, VERBS, phrase
from wfdash.live.actions.plan import Plan, Progress, Result

__all__ = ["ORDER", "ActionProgress"]

ORDER = tuple(Outcome)
"""Outcomes as they are counted, the ones to look at last."""

_TELLING = 5
"""Targets sent after which the pace is worth telling."""


class ActionProgress(Struct):
    """One plan as it goes. Ids and sentences in it are raw."""

    plan: Plan
    asked_at: float
    path: list[str] = field(default_factory=list)
    """Statuses of a single target since it was sent, without repeats."""
    note: str = ""
    sent: int = 0
    """Of those that are eligible, how many no longer wait to be sent: what was skipped late is among them."""
    results: dict[str, Result] = field(default_factory=dict)
    ended_at: float | None = None
    sent_at: float | None = None
    in_doubt: bool = False
    """Whether no answer came: what became of it is being read."""
    canary: int = 0
    """So many are sent first; 0 where all are sent at once."""
    held: str = ""
    """Why the rest waits for a person's word, after the first ones failed."""
    first_ran: str = ""
    """On which version the first ones completed, in a sentence."""
    stopping: bool = False
    """Whether a person asked that nothing more of it be sent."""

    @property
    def single(self) -> bool:
        return len(self.plan.targets) == 1

    @property
    def over(self) -> bool:
        return self.answered and not any(result.followed for result in self.results.values())

    @property
    def answered(self) -> bool:
        """Whether all is sent and has settled; runs that it began may go on."""
        return len(self.results) == len(self.plan.targets)

    @property
    def sending(self) -> bool:
        """Whether a stop would still spare something."""
        return self.sent < len(self.plan.eligible)

    @property
    def followed(self) -> tuple[str, ...]:
        """Ids that were sent and have not settled; told once nothing waits to be sent any more."""
        if self.sending:
            return ()
        return tuple(target.id for target in self.plan.eligible if target.id not in self.results)

    @property
    def runs_followed(self) -> int:
        """Runs that this began and that are read until they end."""
        return sum(result.followed for result in self.results.values())

    @property
    def runs_on(self) -> int:
        """Runs that this began, of which the end is not known."""
        return sum(result.followed or self._not_ended(result) for result in self.results.values())

    def _not_ended(self, result: Result) -> bool:
        began = result.outcome in (Outcome.DONE, Outcome.UNDER_WAY)
        return self.plan.verb in RESTARTS and began and not result.ended and not result.followed

    def words(self) -> list[tuple[str, str]]:
        """What became of them so far, each with its outcome: of restarts where the runs came to, too."""
        if self.plan.verb not in RESTARTS:
            past = VERBS[self.plan.verb].past
            return [
                (outcome, f"{number:,} {past if outcome == Outcome.DONE else outcome}")
                for outcome, number in self.counts()
            ]
        began = [
            result for result in self.results.values() if result.outcome in (Outcome.DONE, Outcome.UNDER_WAY)
        ]
        said: list[tuple[str, str]] = [(Outcome.DONE, f"{len(began):,} restarted")] if began else []
        if complete := sum(result.ended == "complete" for result in began):
            said.append((Outcome.DONE, f"{complete:,} complete"))
        for ended in sorted({result.ended for result in began if result.ended_badly}):
            steps = Counter(result.failed_at for result in began if result.ended == ended)
            what = "failed again" if ended == "errored" else ended
            where = next(iter(steps)) if len(steps) == 1 else f"{len(steps)} steps"
            said.append((Outcome.REFUSED, f"{steps.total():,} {what}{f' at {where}' if where else ''}"))
        if self.runs_on:
            passed = sum(result.passed and not result.ended for result in began)
            past = f", {passed:,} of them past its step" if passed else ""
            said.append((Outcome.UNDER_WAY, f"{self.runs_on:,} run{past}"))
        said += [(word, f"{number:,} {word}") for word, number in self.counts() if Outcome(word).failed]
        return said

    def left(self, now: float) -> float | None:
        """Seconds until all is sent at the pace so far; None while that is not known, or is past."""
        if not self.sending or self.stopping or self.sent_at is None or self.sent < _TELLING:
            return None
        left = (len(self.plan.eligible) - self.sent) * (now - self.sent_at) / self.sent
        return left if left >= 2 else None

    def take(self, event: Progress | Result) -> None:
        """Takes in what the operator told."""
        if isinstance(event, Result):
            self.results[event.id] = event
            self.note = ""
            if self.answered:
                self.sent = len(self.plan.eligible)
            if self.over:
                self.sent, self.ended_at = len(self.plan.eligible), event.at
        else:
            self.sent = max(self.sent, event.done)
            self.note = event.note
            if event.stage == "canary":
                self.first_ran, self.note = event.note, ""
            if event.stage == "held":
                self.held = event.note
            self.in_doubt = self.in_doubt or event.stage == "unknown"
            if event.stage == "sent" and self.sent_at is None:
                self.sent_at = event.at
            if event.status and (not self.path or self.path[-1] != event.status):
                self.path.append(event.status)

    def counts(self) -> list[tuple[str, int]]:
        """Results so far by outcome, in ORDER."""
        counted = Counter(result.outcome for result in self.results.values())
        return [(outcome, counted[outcome]) for outcome in ORDER if counted[outcome]]

    @property
    def troubled(self) -> bool:
        """Whether a person should look: something was not done, or is not known to be."""
        return any(result.failed for result in self.results.values())

    @property
    def failed(self) -> tuple[str, ...]:
        """The ids worth another try."""
        return tuple(result.id for result in self.results.values() if result.failed)

    def line(self, now: float, *, utc: bool = True) -> str:
        """The whole in one line, raw."""
        return self._single_line(now, utc) if self.single else self._line_of_many()

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

    def _line_of_many(self) -> str:
        total = len(self.plan.eligible)
        what = f"{phrase(self.plan.verb)} {total} instances"
        counted = (" · " if self.plan.verb in RESTARTS else ", ").join(words for _, words in self.words())
        if self.answered:
            return f"{what}: {counted}"
        if self.held:
            return f"{what}: {self.held}"
        if self.canary and self.sent == self.canary:
            counted = f"{counted} · the rest waits for these {self.canary}"
        note = f" · {self.note}" if self.note else ""
        return f"{what}: {self.sent} of {total}{f' · {counted}' if counted else ''}{note}"
