"""Whose lines these are: what a source says, what a text says, and what other lines of the same run say."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum

from wfdash.core.logs.line import LogLine
from wfdash.core.logs.naming import attempts_named, stands_first

__all__ = ["Origin", "Ownership", "Whose", "distinctive", "words_of_speakers"]

_LEAD = re.compile(
    r"\s*(?>\d[\w:.+-]*[\]\s]|[^\w\s-]|(?:debug|info|log|warn(?:ing)?|error|trace)\b\]?:?\s|\s)*+"
    r"(?:([A-Za-z0-9_][\w-]{0,99})[\"']?\s?[=:]\s?[\"']?)?([A-Za-z0-9_-]+)",
    re.I,
)
"""The first word of a line, behind time and level, in brackets or behind one key: `2026-11-30 INFO [4711]`,
`4711: begins`."""
_BRACKETS = re.compile(r"(?:\[[\w-]+\]\s*)+")
"""`[shop] [4711]`"""
_FIELD = re.compile(r"[\w-]{1,40}[\"']\s?:\s?[\"']?([A-Za-z0-9_-]+)")
"""A value of an object: its keys have no order."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_CALLED = re.compile(
    r"(?:^\[|(?<![\w-])(instance[_-]?(?:id)?|id)[\"']?\s?[=:]\s?[\"']?)([A-Za-z0-9_-]+)(?=[\]\s\"',;:}]|$)",
    re.I,
)
"""A word where a program says of whom it speaks: `[4711] begins`, `id=4711`, `"instanceId": "4711"`."""
_KEYED = re.compile(
    r"(?<![\w-])[\w-]*(?:id|instance|workflow|run)[\"']?\s?[=:]\s?[\"']?([A-Za-z0-9_-]+)(?=[\]\s\"',;:}]|$)",
    re.I,
)
"""A word that stands behind a key of any name such as `orderId`."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONG_ENOUGH = 16
"""Characters of an id that no program mentions by chance."""
_LONGEST = 20_000
"""Characters of a line that are searched for ids."""


class Whose(Enum):
    """What is known of a line."""

    OURS = "ours"
    PERHAPS = "perhaps"
    OTHERS = "others"


def distinctive(identity: str) -> bool:
    """Whether an id that stands in a text can hardly be anything else there: not `1`, `test` or `nightly`."""
    digits = sum(character.isdigit() for character in identity)
    if digits == len(identity):
        return len(identity) >= 8
    return len(identity) >= 4 if digits else len(identity) >= 16


def _called(text: str) -> set[str]:
    """The words that stand where an id does: after the word instance any, elsewhere numbers such as 4711."""
    words = set()
    for key, word in _CALLED.findall(text):
        # `[2026] report` is a year, `id=2026` is an id.
        is_number = word.isdecimal() and len(word) >= 4 and bool(key or not _YEAR.fullmatch(word))
        if is_number or key[:8].lower() == "instance":
            words.add(word)
    return words


def words_of_speakers(text: str) -> tuple[set[str], set[str]]:
    """The words of a text that stand where a program says who speaks, and all that may be ids.

    Who speaks stands first: behind other words, as in `charge card started id=4711`, it is spoken of.
    """
    text = text[:_LONGEST]
    first = _LEAD.match(text)
    speakers = {word for word in first.groups() if word} if first is not None else set()
    if (brackets := _BRACKETS.match(text)) is not None:
        speakers |= set(_TOKEN.findall(brackets[0]))
    if text.startswith("{"):
        speakers |= set(_FIELD.findall(text))
    return speakers, speakers | {word for word in _TOKEN.findall(text) if distinctive(word)}


class Origin(Enum):
    """What a session tells of where a run's lines come from, beside what they say."""

    NAMED = "named"
    """It is the instance's, whatever it says."""
    OWN = "own"
    """Its steps ran when the instance's did, and no other's can be meant."""
    UNTOLD = "untold"
    """They did, and another's may as well have: the session should have told whose it is, and has not."""
    DOUBTFUL = "doubtful"
    """Some did not: it may be a run that a restart has put an end to."""
    OTHER_TIME = "other time"
    """All of them did not: it is another's, that may speak of the instance."""
    ELSEWHERE = "elsewhere"
    """It is another instance's, or another workflow's."""
    CALLED = "called"
    """It is other code, that a step or anybody may have called."""


class Ownership:
    """Tells the lines of one instance from those of others whose ids are known.

    A run of code that names one instance and no other is that instance's, with all its lines. Where it names
    several, each line speaks for itself: a parent that starts a child prints the child's id.
    """

    def __init__(
        self,
        identity: str,
        others: Collection[str] = (),
        *,
        run_of: Callable[[LogLine], str] = lambda line: line.request,
        origin_of: Callable[[str], Origin | None] = lambda run: None,
        agrees: Callable[[LogLine], bool] = lambda line: False,
        spans_both: Callable[[float, float], bool] = lambda first, last: False,
        is_sole: Callable[[str, float, float], bool] = lambda run, first, last: False,
    ) -> None:
        """`run_of` says which lines go together, `origin_of` what is known of such a run.

        `agrees` tells whether a line names a step and an attempt of the instance as they ran, `spans_both`
        whether one ran from one moment to another, and `is_sole` whether a run of the cloud that names the
        instance, with lines from one moment to another, can be nobody else's.
        """
        self._spans_both, self._is_sole = spans_both, is_sole
        self.id = identity
        self._run_of, self._origin_of, self._agrees = run_of, origin_of, agrees
        self._speaks = distinctive(identity)
        self._others = {other for other in others if other != identity and distinctive(other)}
        self._plain = {other for other in others if other != identity and not distinctive(other)}
        """Those that a text may hold as any other word."""
        self._by_text: dict[int, Whose] = {}
        """What the lines that were learnt from say themselves, by the object: to part a text is dear."""
        self._ours: set[str] = set()
        self._theirs: set[str] = set()
        self._disputed: set[str] = set()
        """Of the cloud, those that may as well be another's, that speaks of the instance."""

    def learn(self, lines: Iterable[LogLine]) -> None:
        """Takes in what these lines say of the runs that printed them."""
        lasted: dict[str, tuple[float, float]] = {}
        for line in lines:
            if not line.request or line.foreign:
                continue
            if line.source != "local" and not line.instance:
                first, last = lasted.get(line.request, (line.at, line.at))
                lasted[line.request] = min(first, line.at), max(last, line.at)
            whose = self._by_text[id(line)] = self._whose_by_text(line)
            if whose is Whose.PERHAPS:
                continue
            run = self._run_of(line)
            if whose is Whose.OTHERS:
                self._theirs.add(run)
                continue
            self._ours.add(run)
        named = {run: times for run, times in lasted.items() if run in self._ours - self._theirs}
        self._dispute(named)
        self._disputed |= {run for run, times in named.items() if not self._is_sole(run, *times)}

    def _dispute(self, lasted: Mapping[str, tuple[float, float]]) -> None:
        """Marks runs that cannot all be the instance's.

        It is in one at a time, so of two one is a child or a twin.
        """
        until, latest = float("-inf"), ""
        for run, (first, last) in sorted(lasted.items(), key=lambda item: item[1]):
            # An attempt is of one run, too.
            if first <= until or (latest and self._spans_both(until, first)):
                self._disputed |= {run, latest}
            if last > until:
                until, latest = last, run

    def speaks_in(self, line: LogLine) -> bool:
        """Whether the run that printed a line names the instance, and no other."""
        run = self._run_of(line)
        return run in self._ours and run not in self._theirs

    def speaks_for_another(self, line: LogLine, *, of_a_step: Callable[[LogLine], bool]) -> bool:
        """Whether a line says that another instance prints it.

        A logger that gathers lines lets them go in whosever call comes next. `of_a_step` says whether it
        names a step and an attempt: one of another workflow is not known here, and what stands behind `id` is
        else a customer's.
        """
        if not (self._others or self._plain or attempts_named(line.message)):
            return False
        text = line.message[:_LONGEST]
        # Whoever is named first speaks, in whatever form: `id=B peer=A` is not A's.
        for token in _TOKEN.findall(text):
            if token == self.id:
                return False
            if token in self._others:
                return True
        for key, word in _CALLED.findall(text):
            if word in self._plain or (key and distinctive(word) and of_a_step(line)):
                return True
        return False

    def of(self, line: LogLine) -> Whose:
        """Whose a line is, by all that was learnt."""
        whose = self._by_text.get(id(line)) or self._whose_by_text(line)
        if line.instance:
            return whose
        run = self._run_of(line)
        origin = self._origin_of(run) if line.source == "local" else None
        if line.foreign or origin is Origin.CALLED:
            return Whose.OTHERS if whose is Whose.OTHERS else Whose.PERHAPS
        if origin is Origin.NAMED:
            return Whose.OURS
        ours, theirs = run in self._ours, run in self._theirs
        if origin is Origin.ELSEWHERE:
            # It may have been printed for this one, where lines are gathered and let go by anybody.
            speaks = whose is not Whose.OTHERS and self._names_itself(line.message) and self._agrees(line)
            return Whose.PERHAPS if speaks else Whose.OTHERS
        if origin is Origin.OTHER_TIME and not ours:
            return Whose.OTHERS
        if origin in (Origin.OTHER_TIME, Origin.UNTOLD):
            return Whose.OTHERS if theirs and not ours else Whose.PERHAPS
        if origin is Origin.DOUBTFUL:
            if whose is Whose.OURS and self._names_itself(line.message) and self._agrees(line):
                return whose
            return Whose.OTHERS if theirs else Whose.PERHAPS
        if ours and origin is None and (theirs or run in self._disputed):
            return Whose.PERHAPS
        if ours:
            return (
                Whose.OURS if line.source != "local" or self._is_sure(line, whose, origin) else Whose.PERHAPS
            )
        if line.source != "local" and whose is Whose.OURS:
            return Whose.PERHAPS  # of a run that has no name
        return Whose.OTHERS if theirs else whose

    def _is_sure(self, line: LogLine, whose: Whose, origin: Origin | None) -> bool:
        """Whether a line of a run that names the instance is its own: another's may as well speak of it."""
        if origin is Origin.OWN:
            return True
        # An id of a few letters and digits may be a customer's, or an order's, that somebody else deals with.
        return whose is Whose.OURS and (
            len(self.id) >= _LONG_ENOUGH or self._names_itself(line.message) or self._agrees(line)
        )

    def _names_itself(self, text: str) -> bool:
        text = text[:_LONGEST]
        return self.id in _called(text) or self.id in _KEYED.findall(text) or stands_first(self.id, text)

    def _whose_by_text(self, line: LogLine) -> Whose:
        """Whose a line is by its own words and the instance that its source names."""
        if line.instance:
            return Whose.OURS if line.instance == self.id else Whose.OTHERS
        text = line.message[:_LONGEST]
        # Most lines name nobody: to look for our own id costs a tenth of parting the text.
        ours = self.id in text
        if not ours and not self._others and not self._plain:
            return Whose.PERHAPS
        called = _called(text) if self._plain or not self._speaks else set()
        tokens = set(_TOKEN.findall(text)) if self._others or self._speaks else called
        ours = ours and self.id in (tokens if self._speaks else called)
        theirs = not self._others.isdisjoint(tokens) or not self._plain.isdisjoint(called)
        if ours == theirs:
            return Whose.PERHAPS
        return Whose.OURS if ours else Whose.OTHERS
