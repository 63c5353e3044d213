"""The time axis of a timeline: three scales that map instants to positions between 0 and 1, with marks."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import Enum
from math import log2
from typing import Final

from msgspec import Struct

from wfdash.core.text.clean import cells
from wfdash.core.text.words import brief
from wfdash.core.timeline.idle_gaps import LEAST_QUIET, IdleGaps

__all__ = ["Axis", "Cut", "Scale", "compressed_axis", "round_mark", "step_axis", "true_axis"]


class Scale(Enum):
    """How time is laid out. The values are those of the config."""

    COMPRESSED = "gaps cut"
    TRUE = "to scale"
    BY_STEP = "equal steps"

    @property
    def words(self) -> str:
        """What the scale is called on screen: "compressed" tells nobody that it is idle time that is cut."""
        return "idle time cut" if self is Scale.COMPRESSED else self.value

    def next(self) -> "Scale":
        scales = list(Scale)
        return scales[(scales.index(self) + 1) % len(scales)]


class Cut(Struct, frozen=True):
    """A quiet stretch drawn shorter than it was. Times in epoch seconds."""

    start: float
    end: float


class Axis(Struct, frozen=True):
    """Piecewise linear: `times` (epoch seconds, ascending) lie at `positions` (0 to 1, ascending)."""

    scale: Scale
    times: Sequence[float]
    positions: Sequence[float]
    cuts: Sequence[Cut] = ()

    @property
    def start(self) -> float:
        return self.times[0]

    @property
    def end(self) -> float:
        return self.times[-1]

    def position(self, at: float) -> float:
        """Where an instant lies, 0 to 1; what is off the axis lies at its nearer end."""
        times, positions = self.times, self.positions
        index = bisect_right(times, at)
        if index <= 0:
            return positions[0]
        if index >= len(times):
            return positions[-1]
        left, right = times[index - 1], times[index]
        share = (at - left) / (right - left) if right > left else 0.0
        return positions[index - 1] + share * (positions[index] - positions[index - 1])

    def at(self, position: float) -> float:
        """The instant at a position: the inverse of `position`."""
        index = min(max(bisect_right(self.positions, position), 1), len(self.positions) - 1)
        left, right = self.positions[index - 1], self.positions[index]
        share = (position - left) / (right - left) if right > left else 0.0
        return self.times[index - 1] + share * (self.times[index] - self.times[index - 1])

    def marks(self, width: int) -> list[tuple[int, str]]:
        """Labels for an axis `width` cells wide: (cell, text), from left to right, none overlapping.

        Texts are time since the start; a cut is labelled with its length, `≈3h≈`.
        """
        if self.scale is Scale.TRUE or (self.scale is Scale.COMPRESSED and not self.cuts):
            wanted = self._round_marks(width)
        elif self.scale is Scale.BY_STEP:
            # With equal steps no round mark lies anywhere even: the time at every twelfth cell is told as it
            # is.
            wanted = [(cell, brief(self.at(cell / width) - self.start)) for cell in range(0, width - 5, 12)]
        else:
            wanted = self._cut_marks(width)
        taken = [False] * (width + 1)
        kept: list[tuple[int, str]] = []
        shown: set[str] = set()
        for cell, text in wanted:
            end = cell + cells(text)
            # The first that wants a place has it, so the order in which they are wanted is their rank.
            if cell < 0 or end > width or any(taken[max(0, cell - 1) : end + 1]) or text in shown:
                continue
            shown.add(text)
            taken[cell:end] = [True] * (end - cell)
            kept.append((cell, text))
        return sorted(kept)

    def _round_marks(self, width: int) -> list[tuple[int, str]]:
        length = self.end - self.start
        step = _round_step(length / max(1, width // 12))
        number = int(length / step + 1e-9)
        return [(int(i * step / length * width), brief(i * step) if i else "0s") for i in range(number + 1)]

    def _cut_marks(self, width: int) -> list[tuple[int, str]]:
        """The start first, then the cuts from the longest, then where work goes on after each of them."""
        marks = [(0, "0s")]
        # More than forty have no room on any screen, and a loop of thousands of sleeps has as many cuts.
        for cut in sorted(self.cuts, key=lambda cut: cut.start - cut.end)[:40]:
            left, right = self.position(cut.start) * width, self.position(cut.end) * width
            label = f"≈{brief(cut.end - cut.start)}≈"
            if right - left >= cells(label):
                marks.append((int((left + right - cells(label)) / 2 + 0.5), label))
        for cut in self.cuts[:40]:
            marks.append((int(self.position(cut.end) * width + 0.5), brief(cut.end - self.start)))
        return marks


_ROUND: Final = (
    (1, 2, 5, 10, 15, 20, 30),
    (60, 120, 180, 300, 600, 900, 1200, 1800),
    (3600, 7200, 10800, 21600, 43200),
    (86400, 172800, 259200, 604800, 1209600, 2592000, 5184000, 15552000, 31536000),
)
_MARKS: Final = tuple(float(mark) for marks in _ROUND for mark in marks)


def round_mark(seconds: float) -> float:
    """The first round duration beyond: 1, 2, 5, 10, 15, 20, 30 s, then minutes, hours, days alike."""
    index = bisect_right(_MARKS, seconds)
    if index < len(_MARKS):
        return _MARKS[index]
    year = _MARKS[-1]
    return (seconds // year + 1) * year


def _round_step(seconds: float) -> float:
    """The first round duration that is at least that long; parts of a second too."""
    for below in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5):
        if seconds <= below:
            return below
    return seconds if seconds in _MARKS else round_mark(seconds)


def true_axis(start: float, end: float, now: float | None) -> Axis:
    """Every second as wide as the next. While anything runs `now` is given and the end is a round mark."""
    edge = end if now is None else start + round_mark(max(end, now) - start)
    return Axis(Scale.TRUE, (start, max(edge, start + 0.001)), (0.0, 1.0))


def step_axis(moments: Iterable[float], now: float | None) -> Axis:
    """An axis with the same width between any two neighbouring moments at which a step began or ended."""
    times = sorted(set(moments)) or [0.0]
    last = times[-1]
    if now is not None:
        times.append(last + round_mark(max(0.0, now - last)))
    elif len(times) == 1:
        times.append(last + 0.001)
    return Axis(Scale.BY_STEP, times, [index / (len(times) - 1) for index in range(len(times))])


def compressed_axis(start: float, end: float, work: IdleGaps, now: float | None) -> Axis:
    """Lays work out in true proportion; each long stretch in which no attempt ran is cut to a sliver.

    `end` is the last moment at which anything began or ended; while something runs (`now` given) the axis
    ends a round mark after it. Slivers grow with the logarithm of what they stand for, so that a longer quiet
    is still seen to be longer, and take 60 % at most.
    """
    # A right edge that moved each second would repaint every bar each second.
    edge = end if now is None else end + round_mark(max(0.0, now - end))
    edge = max(edge, start + 0.001)
    gaps, least = _to_cut(work, start, edge)
    if not gaps:
        return Axis(Scale.COMPRESSED, (start, edge), (0.0, 1.0))
    # A sleep of a week beside one of an hour: both visible, neither drowns the work.
    weights = [min(3.0, 1 + log2((gap.end - gap.start) / least) / 2) for gap in gaps]
    shown = (edge - start) - sum(gap.end - gap.start for gap in gaps)
    # Work keeps 40 % at least: it is what a timeline is looked at for.
    share = min(0.6, 0.1 * sum(weights)) if shown > 0 else 1.0
    times, positions = [start], [0.0]
    at, position = start, 0.0
    for gap, weight in zip(gaps, weights):
        position += (gap.start - at) / shown * (1 - share) if shown > 0 else 0.0
        times.append(gap.start)
        positions.append(position)
        position += share * weight / sum(weights)
        times.append(gap.end)
        positions.append(position)
        at = gap.end
    times.append(edge)
    positions.append(1.0)
    return Axis(Scale.COMPRESSED, times, [min(1.0, position) for position in positions], gaps)


def _to_cut(work: IdleGaps, start: float, edge: float) -> tuple[list[Cut], float]:
    """The stretches without work that dwarf the work, and the length from which they do.

    Cutting the longest makes the next ones stand out, so it is looked at three times.
    """
    quiet = work.quiet(start, edge)
    worked = edge - start - work.pauses - sum(right - left for left, right in quiet)
    shown, gaps, least = edge - start, quiet, 0.0
    for _ in range(3):
        least = max(worked / 2, shown / 20, LEAST_QUIET)
        gaps = [(left, right) for left, right in quiet if right - left > least]
        shown = (edge - start) - sum(right - left for left, right in gaps)
    return [Cut(left, right) for left, right in gaps], least
