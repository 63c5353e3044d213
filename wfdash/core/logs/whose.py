"""Whose lines these are: what a source says, what a text says, and what other lines of the same run say."""

import re
from collections.abc import Collection, Iterable
from enum import Enum

from wfdash.core.logs.line import LogLine

__all__ = ["Ownership", "Whose", "distinctive"]

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_CALLED = re.compile(
    r"(?:^\[|(?<![\w-])(instance[_-]?(?:id)?|id)[\"']?\s?[=:]\s?[\"']?)([A-Za-z0-9_-]+)(?=[\]\s\"',;:}]|$)",
    re.I,
)
"""A word where a program says of whom it speaks: `[4711] begins`, `id=4711`, `"instanceId": "4711"`."""
_YEAR = re.compile(r"(?:19|20)\d\d")
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
        is_number = word.isdecimal() and len(word) >= 4 and not _YEAR.fullmatch(word)
        if is_number or key[:8].lower() == "instance":
            words.add(word)
    return words


class Ownership:
    """Tells the lines of one instance from those of others whose ids are known.

    A run of code that names one instance and no other is that instance's, with all its lines. Where it names
    several, each line speaks for itself: a parent that starts a child prints the child's id.
    """

    def __init__(self, identity: str, others: Collection[str] = ()) -> None:
        self.id = identity
        self._speaks = distinctive(identity)
        self._others = {other for other in others if other != identity and distinctive(other)}
        self._plain = {other for other in others if other != identity and not distinctive(other)}
        """Those that a text may hold as any other word."""
        self._ours: set[str] = set()
        self._theirs: set[str] = set()

    def learn(self, lines: Iterable[LogLine]) -> None:
        """Takes in what these lines say of the runs that printed them."""
        for line in lines:
            if not line.request or line.foreign:
                continue
            said = self._said(line)
            if said is Whose.OURS:
                self._ours.add(line.request)
            elif said is Whose.OTHERS:
                self._theirs.add(line.request)

    def of(self, line: LogLine) -> Whose:
        """Whose a line is, by all that was learnt."""
        said = self._said(line)
        if line.instance:
            return said
        if line.foreign:
            return Whose.OTHERS if said is Whose.OTHERS else Whose.PERHAPS
        ours, theirs = line.request in self._ours, line.request in self._theirs
        if ours and theirs:
            return Whose.PERHAPS
        if ours:
            return Whose.OURS
        if theirs:
            return Whose.OTHERS
        return said

    def _said(self, line: LogLine) -> Whose:
        """What the line itself says."""
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
