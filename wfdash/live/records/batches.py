"""The journal by batch: all that one confirmed action wrote, and what became of each of its ids."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct, field

from wfdash.core.verbs.outcome import STOPPED, Outcome
from wfdash.core.verbs.rules import RESTARTS
from wfdash.live.records.journal_entries import RUN_FOLLOWED, JournalEntry

__all__ = ["LAST", "Batch", "IdOutcome", "group_batches", "named_batches"]

LAST: Final = "last"
"""The name of the newest batch that was about more than one id."""
_WHERE = re.compile(r'failed again( at ".*?"(?: #\d+)?)?')
_SETTLED: Final = re.compile(r"([a-z ]+): (.*)", re.DOTALL)
_PLAIN: Final = {"planned": "not sent", "answered": "sent", "skipped": Outcome.SKIPPED}


class IdOutcome(Struct, frozen=True):
    """What is known of one id: a word that can be counted, and the sentence. Both raw."""

    word: str
    sentence: str
    failed: bool = False
    """Whether it is worth another look."""


class Batch(Struct):
    """The entries of one plan, oldest first. Ids are raw."""

    entries: list[JournalEntry] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        return self.first.session, self.first.plan

    @property
    def first(self) -> JournalEntry:
        return self.entries[0]

    @property
    def ids(self) -> list[str]:
        """In the order in which they were planned."""
        return list(dict.fromkeys(entry.id for entry in self.entries))

    def of(self, identity: str) -> list[JournalEntry]:
        """What was written about one id."""
        return [entry for entry in self.entries if entry.id == identity]

    def outcomes(self) -> dict[str, IdOutcome]:
        """What became of each id, by the last that was written of it."""
        last: dict[str, JournalEntry] = {}
        for entry in self.entries:
            if not (entry.event == "planned" and entry.id in last):
                last[entry.id] = entry
        return {identity: _outcome(entry) for identity, entry in last.items()}

    def summary(self) -> str:
        """How many came to what, the ones to look at last: `20 restarted · 3 complete · 7 failed again`.

        A run that has ended counts by its end.
        """
        found = self.outcomes()
        if len(found) == 1:
            (only,) = found.values()
            return f"{only.word}: {only.sentence}" if only.sentence else only.word
        counted = Counter((outcome.failed, outcome.word) for outcome in found.values())
        said = [(failed, f"{number:,} {word}") for (failed, word), number in counted.most_common()]
        return " · ".join(words for _, words in sorted(said, key=lambda pair: pair[0]))


def group_batches(entries: Iterable[JournalEntry]) -> list[Batch]:
    """One batch a plan, newest first by when it was planned."""
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
            if batch.first.plan == name or (name == LAST and len(ids) > 1):
                found[name] = ids
                break
    return found


def _outcome(entry: JournalEntry) -> IdOutcome:
    if entry.event == "ended":
        if entry.after == "errored" and (found := _WHERE.match(entry.reason)):
            return IdOutcome(found[0], entry.reason[found.end() :].lstrip(":, "), failed=True)
        failed = entry.after != "complete"
        return IdOutcome(entry.after, "" if entry.reason == entry.after else entry.reason, failed=failed)
    if entry.event == "settled" and (found := _SETTLED.match(entry.reason)):
        word = found[1]
        restarted = word == Outcome.DONE and entry.verb in RESTARTS
        sentence = found[2].removesuffix(RUN_FOLLOWED)
        return IdOutcome("restarted" if restarted else word, sentence, failed=word in _FAILURES)
    if entry.event in ("settled", "taken over"):
        return IdOutcome(Outcome.DONE if entry.event == "settled" else entry.event, entry.reason)
    if entry.event == "skipped" and entry.reason == STOPPED:
        return IdOutcome(_PLAIN["planned"], entry.reason)
    return IdOutcome(_PLAIN.get(entry.event, entry.event), entry.reason, failed=entry.event == "unknown")


_FAILURES: Final = frozenset(word for word in Outcome if word.failed)
