"""What a line says of where it was printed: the names of steps, and the number of an attempt."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from wfdash.core.logs.spans import AttemptSpan

__all__ = ["StepNames", "attempts_named", "mentioned", "narrowed", "says_count", "stands_first"]

_PREFIX = re.compile(r"\s*(?:\[[^\]]{0,200}\]|[^\w\s\[]+|[\w-]*\d[\w-]*:?(?=\s)|[\w-]{1,40}[:=](?=\s))\s*")
"""What may stand before the name of who speaks: `[4711]`, `✓`, `order-9342`, `worker:`."""
_SPEAKER = re.compile(
    r"(?:(?<![\w-])(?:step|task)(?:[_-]?name)?[\"']?\s?[=:]\s?(?:\{\s?[\"']name[\"']\s?:\s?)?[\"']?|\[)\Z",
    re.I,
)
"""What stands before it anywhere: `step=charge card`, `"step": "charge card"`, `[charge card]`."""
_SPEAKERS = re.compile(_SPEAKER.pattern.removesuffix(r"\Z"), re.I)
_SPEAKER_LONGEST = 40
"""Characters before a name in which the word may stand that says what it is, as in `step=`."""
_ATTEMPT = re.compile(r"(?<![\w-])attempt[\"']?\s?[#:=]?\s?[\"']?(\d{1,4})(?![\w-])", re.I)
_COUNT = re.compile(r"(?<![\w-])(?:step[_-]?)?count[\"']?\s?[=:]\s?[\"']?(\d{1,6})(?![\w-])", re.I)
_END = re.compile(r"(?![\w-])")
"""Where a name may end."""
_LONGEST = 2000
"""Characters of a line in which names are looked for."""
_AT_ONCE = 100
"""Names that are looked for in one pass: of more, each place is tried."""


@lru_cache(1024)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")


def _says(name: str, text: str) -> bool:
    """Whether a name stands anywhere in a text, whole."""
    return name in text and _pattern(name).search(text) is not None


class StepNames:
    """The names of an instance's steps, found where a program names itself."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = {name for name in names if name}
        self._longest = max(map(len, self._names), default=0)
        self._last: tuple[str | None, set[str]] = (None, set())
        self._any: re.Pattern[str] | None = None
        if 0 < len(self._names) <= _AT_ONCE:
            # Of those at one place the longest.
            each = "|".join(map(re.escape, sorted(self._names, key=len, reverse=True)))
            self._any = re.compile(rf"(?<![\w-])({each})(-\d{{1,6}})?(?![\w-])")

    def named_by(self, text: str) -> set[str]:
        """The names that stand where a program names itself, as in `[4711] charge card: begins`."""
        # Of one line it is asked several times, one after another.
        if self._last[0] is not text:
            self._last = text, self._named_by(text[:_LONGEST])
        return self._last[1]

    def _named_by(self, text: str) -> set[str]:
        if self._any is None:
            return self._at_places(text)
        found: set[str] = set()
        places: set[int] | None = None
        for match in self._any.finditer(text):
            at = match.start()
            key = _SPEAKER.search(text, max(0, at - _SPEAKER_LONGEST), at)
            if match[2] and not (key and key[0] != "["):  # `order-1` may as well be an id
                continue
            if key is None:
                places = _places(text) if places is None else places
            if key is not None or (places and at in places):
                found.add(match[1])
        return found

    def in_(self, text: str) -> set[str]:
        """The names in a text: those by which it names itself, else those anywhere in it."""
        return self.named_by(text) or self._anywhere(text)

    def _anywhere(self, text: str) -> set[str]:
        """The names that stand in a text; of several at one place the longest."""
        if self._any is None:
            return {name for name in self._names if _says(name, text)}
        return {match[1] for match in self._any.finditer(text[:_LONGEST]) if not match[2]}

    def _at_places(self, text: str) -> set[str]:
        found: set[str] = set()
        for start in _places(text) | {key.end() for key in _SPEAKERS.finditer(text)}:
            ends = (end.start() for end in _END.finditer(text, start, start + self._longest + 1))
            if names := [name for end in ends if (name := text[start:end]) in self._names]:
                found.add(names[-1])
        return found


def _places(text: str) -> set[int]:
    """The places where a text may name who speaks: its beginning, and behind each prefix such as a time."""
    places, at = {0}, 0
    while (prefix := _PREFIX.match(text, at)) and prefix.end() > at:
        places.add(at := prefix.end())
    return places


def stands_first(word: str, text: str) -> bool:
    """Whether a word stands at the beginning of a text, or in brackets there, as who speaks does."""
    text = text[:_LONGEST]
    if not _says(word, text):
        return False
    at = text.find(word)
    while at >= 0:
        if at in _places(text) or (at and text[at - 1] == "["):
            return True
        at = text.find(word, at + 1)
    return False


@lru_cache(16)
def attempts_named(text: str) -> frozenset[int]:
    """The numbers of attempts that stand in a text."""
    if "ttempt" not in text and "TTEMPT" not in text:
        return frozenset()
    return frozenset(int(number) for number in _ATTEMPT.findall(text[:_LONGEST]))


def mentioned(spans: Sequence[AttemptSpan], text: str) -> list[AttemptSpan]:
    """The attempts whose step stands anywhere in the text.

    Where one name is part of another, of the longer.
    """
    named = {span.name for span in spans if span.name and _says(span.name, text)}
    longest = {name for name in named if not any(name != other and _says(name, other) for other in named)}
    return [span for span in spans if span.name in longest]


def narrowed(spans: Sequence[AttemptSpan], text: str) -> list[AttemptSpan]:
    """The attempts among these whose number and count the text says; all of them where it says none."""
    possible = list(spans)
    if numbers := attempts_named(text):
        possible = [span for span in possible if span.number in numbers]
    if len({span.step for span in possible}) > 1:
        possible = [span for span in possible if says_count(span, text)] or possible
    return possible


def says_count(span: AttemptSpan, text: str) -> bool:
    """Whether a text tells which step of its name it is, by `"count": 2` or as the API does: `probe-2`."""
    if span.count is None:
        return False
    return str(span.count) in _COUNT.findall(text[:_LONGEST]) or _says(f"{span.name}-{span.count}", text)
