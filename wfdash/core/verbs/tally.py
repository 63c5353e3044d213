"""What became of the instances of one action, counted: the words of its panel, chip and journal entry."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.verb import VERBS

__all__ = [
    "HELD_BACK",
    "NOT_SENT",
    "PENDING",
    "SENT",
    "TAKEN_OVER",
    "TO_BE_SENT",
    "Fate",
    "tally",
]

TO_BE_SENT = "to be sent"
PENDING = "pending"
SENT = "sent, not settled"
"""In place of pending where the process is gone that waited for the outcome."""
NOT_SENT = "not sent"
HELD_BACK = "held"
TAKEN_OVER = "taken over"
"""Another session goes on with it, and tells of it."""
_LAST = (PENDING, TO_BE_SENT, NOT_SENT)
"""Words of those without an outcome that are counted after the others."""


class Fate(Struct, frozen=True, gc=False):
    """What is counted of one instance's outcome: two with equal fates are one number."""

    outcome: Outcome | None = None
    """None while nothing is known of it: then `word` says where it stands."""
    ended: str = ""
    """How the run ended that this began; "" where that is not known."""
    failed_at: str = ""
    """The step that run failed at, quoted."""
    followed: bool = False
    """Whether that run is read until it ends."""
    passed: bool = False
    """Whether the step it began at has succeeded this time."""
    instead: str = ""
    """A word of its own in place of the outcome's: held, not sent."""

    @property
    def began(self) -> bool:
        return self.outcome in (Outcome.DONE, Outcome.UNDER_WAY)

    @property
    def word(self) -> str:
        """This fate in a word or two, for the line of one instance."""
        if self.ended:
            return _end(self.ended)
        return self.instead or ("runs" if self.followed else str(self.outcome or ""))


def _end(ended: str) -> str:
    return "failed again" if ended == "errored" else ended


def tally(verb: str, fates: Mapping[Fate, int], *, brief: bool = False) -> list[tuple[str, str]]:
    """`27 restarted`, `3 complete`, `7 failed again at "charge card"`, `17 run`: each with its outcome.

    Those to look at last. `brief` leaves out where they failed, and how many were restarted where that is
    the sum of others.
    """
    restarts = verb in VERBS and VERBS[verb].restarts
    fates = {fate: number for fate, number in fates.items() if number}
    said = _runs(fates, brief=brief) if restarts else []
    settled, others = Counter[tuple[Outcome, str]](), Counter[str]()
    for fate, number in fates.items():
        if fate.outcome is None:
            others[fate.instead] += number
        elif not (restarts and fate.began):
            settled[fate.outcome, fate.instead] += number
    past = VERBS[verb].past if verb in VERBS else ""
    for outcome, instead in sorted(settled, key=lambda each: (_RANK[each[0]], each[1] == "", each[1])):
        word = instead or (past if outcome == Outcome.DONE and past else outcome)
        said.append((outcome, f"{settled[outcome, instead]:,} {word}"))
    for word in sorted(filter(others.get, others), key=lambda each: (each in _LAST, each)):
        said.append(("", f"{others[word]:,} {word}"))
    return said


def _runs(fates: Mapping[Fate, int], *, brief: bool) -> list[tuple[str, str]]:
    began = {fate: number for fate, number in fates.items() if fate.began}
    if not began:
        return []
    said: list[tuple[str, str]] = [(Outcome.DONE, f"{sum(began.values()):,} restarted")]
    ends = Counter[str]()
    for fate, number in began.items():
        ends[fate.ended] += number
    if ends["complete"]:
        said.append((Outcome.DONE, f"{ends['complete']:,} complete"))
    for ended in sorted(ends.keys() - {"", "complete"}):
        steps = {fate.failed_at for fate in began if fate.ended == ended}
        where = next(iter(steps)) if len(steps) == 1 else f"{len(steps)} steps"
        failed_at = "" if not where or (brief and ended == "errored") else f" at {where}"
        said.append((Outcome.REFUSED, f"{ends[ended]:,} {_end(ended)}{failed_at}"))
    open_fates = {fate: number for fate, number in began.items() if not fate.ended}
    if run := sum(number for fate, number in open_fates.items() if fate.followed):
        passed = sum(number for fate, number in open_fates.items() if fate.followed and fate.passed)
        past = f", {passed:,} of them past its step" if passed and not brief else ""
        said.append((Outcome.UNDER_WAY, f"{run:,} run{past}"))
    # Nobody reads these: whether they still run is not known.
    if unread := sum(number for fate, number in open_fates.items() if not fate.followed):
        said.append((Outcome.UNDER_WAY, f"{unread:,} whose end was not read"))
    # Those restarted are the sum of what they came to.
    return said[1:] if brief and len(said) > 1 else said


_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
