"""The journal by batch: all that one confirmed action wrote, and what became of each of its ids."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct, field

from wfdash.core.verbs.outcome import HELD, STOPPED, Outcome
from wfdash.core.verbs.tally import HELD_BACK, NOT_SENT, PENDING, SENT, TAKEN_OVER, TO_BE_SENT, Fate, tally
from wfdash.core.verbs.verb import VERBS
from wfdash.live.records.journal_entries import PASSED, RUN_FOLLOWED, JournalEntry, JournalEvent

__all__ = ["LAST", "Batch", "IdOutcome", "group_batches", "named_batches"]

LAST: Final = "last"
"""The name of the newest batch that was about more than one id."""
_WHERE = re.compile(r'failed again at (".*?"(?: #\d+)?)')


class IdOutcome(Struct, frozen=True, gc=False):
    """What became of one id, and the sentence on it, raw; `fate` is what is counted."""

    fate: Fate
    sentence: str = ""
    verb: str = ""

    @property
    def word(self) -> str:
        """The outcome in a word or two, for a column."""
        done = self.fate == Fate(Outcome.DONE) and self.verb in VERBS
        return VERBS[self.verb].past if done else self.fate.word

    @property
    def words(self) -> str:
        """The outcome and its sentence in one line."""
        if not self.sentence or self.sentence == self.word:
            return self.word
        # The sentence of a run that ended says how in its first words.
        begins = self.sentence.startswith((f"{self.word} ", f"{self.word},", f"{self.word}:"))
        return self.sentence if begins else f"{self.word}: {self.sentence}"

    @property
    def failed(self) -> bool:
        """Whether the outcome deserves another look: the write failed, or its run did not complete."""
        outcome = self.fate.outcome
        write_failed = outcome is not None and outcome.failed and outcome != Outcome.SKIPPED
        return write_failed or self.fate.ended not in ("", "complete")


class Batch(Struct, dict=True):
    """All journal entries of one plan, oldest first. Ids are raw.

    Which ids there are is kept: a page asks for it several times at each draw, of 30,000 entries.
    """

    entries: list[JournalEntry] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        return self.first.session, self.first.plan

    @property
    def first(self) -> JournalEntry:
        return self.entries[0]

    @cached_property
    def ids(self) -> list[str]:
        """The batch's ids, each once, in the order in which they were planned."""
        return list(dict.fromkeys(entry.id for entry in self.entries))

    @cached_property
    def sent_to(self) -> list[str]:
        """The ids that the batch was confirmed for.

        All of them where the prompt had named each as skipped.
        """
        left_out = self._left_out()
        return [identity for identity in self.ids if identity not in left_out] or self.ids

    def of(self, identity: str) -> list[JournalEntry]:
        """The entries about one id."""
        return [entry for entry in self.entries if entry.id == identity]

    def outcomes(self, *, over: bool) -> dict[str, IdOutcome]:
        """What became of each id, by the last that was written of it.

        `over` is whether the process is gone that wrote it: nobody waits for what it had under way.
        """
        last: dict[str, JournalEntry] = {}
        for entry in self.entries:
            # A question to the person is noted as `planned` once more, which tells nothing newer of an id
            # that was sent.
            if not (entry.event == JournalEvent.PLANNED and entry.id in last):
                last[entry.id] = entry
        return {identity: _outcome(entry, over) for identity, entry in last.items()}

    def _left_out(self) -> set[str]:
        """Ids that the prompt named as skipped: those were never planned."""
        first: dict[str, str] = {}
        for entry in self.entries:
            first.setdefault(entry.id, entry.event)
        return {identity for identity, event in first.items() if event == JournalEvent.SKIPPED}

    def summary(self, *, over: bool) -> str:
        """Counts of what became of the ids, in words as the action's panel has them.

        Of one id its sentence.
        """
        found = self.outcomes(over=over)
        if len(found) == 1:
            (only,) = found.values()
            return only.words
        counted = Counter(found[identity].fate for identity in self.sent_to)
        return " · ".join(words for _, words in tally(self.first.verb, counted))


def group_batches(entries: Iterable[JournalEntry]) -> list[Batch]:
    """Groups entries into a batch a plan, newest first by when it was planned."""
    found: dict[tuple[str, str], Batch] = {}
    for entry in entries:
        found.setdefault((entry.session, entry.plan), Batch()).entries.append(entry)
    return sorted(found.values(), key=lambda batch: batch.first.at, reverse=True)


def named_batches(
    batches: Sequence[Batch], names: Iterable[str], *, workflow: str, is_ours: Callable[[str], bool]
) -> dict[str, frozenset[str]]:
    """The ids of the batches of this workflow that are named, of an account that is ours; newest first."""
    here = [batch for batch in batches if batch.first.workflow == workflow and is_ours(batch.first.account)]
    found: dict[str, frozenset[str]] = {}
    for name in names:
        for batch in here:
            ids = frozenset(entry.id for entry in batch.entries)
            # `batch:last` is for going on with a batch: one instance that was paused since must not take its
            # place.
            if batch.first.plan == name or (name == LAST and len(ids) > 1):
                found[name] = ids
                break
    return found


def _outcome(entry: JournalEntry, over: bool) -> IdOutcome:
    outcome, sentence = entry.outcome, entry.sentence
    if entry.event == JournalEvent.ENDED:
        where = _WHERE.match(entry.reason) if entry.after == "errored" else None
        fate = Fate(Outcome.DONE, entry.after, failed_at=where[1] if where else "")
        return IdOutcome(fate, entry.reason)
    if entry.event == JournalEvent.SETTLED:
        reached = outcome or Outcome.DONE
        followed = sentence.endswith(RUN_FOLLOWED)
        # A mark of the file's, by which the next start knows that the run is still to be read; nobody has to
        # see it.
        sentence = sentence.removesuffix(RUN_FOLLOWED)
        passed = sentence.endswith(PASSED)
        fate = Fate(reached, followed=followed and not over, passed=passed)
        return IdOutcome(fate, sentence, entry.verb)
    if entry.event == JournalEvent.TAKEN_OVER:
        fate = Fate(outcome) if outcome else Fate(instead=TAKEN_OVER)
        return IdOutcome(fate, sentence, entry.verb)
    if entry.event == JournalEvent.UNKNOWN:
        return IdOutcome(Fate(Outcome.UNKNOWN), sentence)
    if entry.event in (JournalEvent.SKIPPED, JournalEvent.HELD):
        instead = NOT_SENT if entry.reason == STOPPED else ""
        instead = HELD_BACK if entry.event == JournalEvent.HELD else instead
        fate = Fate(outcome or Outcome.SKIPPED, instead=instead)
        return IdOutcome(fate, sentence.removeprefix(HELD))
    if entry.event == JournalEvent.PLANNED:
        # In a session that is over nothing is sent any more, whatever the plan was.
        return IdOutcome(Fate(instead=NOT_SENT if over else TO_BE_SENT), entry.reason)
    if entry.event in (JournalEvent.SENT, JournalEvent.ANSWERED):
        # Sent, and no word after it: what came of it the killed session did not live to write.
        return IdOutcome(Fate(instead=SENT if over else PENDING), entry.reason)
    return IdOutcome(Fate(instead=entry.event), entry.reason)  # what another dashboard tells of its own
