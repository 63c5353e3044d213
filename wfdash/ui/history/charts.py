"""The three charts over one axis of time, as styled lines: what failed, what ended, how long it took."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from rich.style import Style

from wfdash.core.history.bucket import Bucket, percentile
from wfdash.core.history.frame import Frame
from wfdash.core.text.words import brief, percent, short_version
from wfdash.ui.widgets.bars import HOLLOW, NONE, SHADE, UNKNOWN, ZERO, Bar, bar_lines, nice_top
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import ACCENT, BAD, PLAIN, QUIET

__all__ = ["GUTTER", "Chart", "axis_lines", "charts", "plot_lines"]

GUTTER: Final = 8
"""Columns for the numbers of the axis, with the line between."""
_RATES: Final = (0.1, 0.25, 0.5, 1.0)
"""Tops of the axis of rates."""
_TIMES: Final = (
    1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 2700.0, 3600.0, 5400.0,
    7200.0, 10800.0, 21600.0, 43200.0, 86400.0, 172800.0, 432000.0, 864000.0, 1728000.0, 3456000.0,
)  # fmt: skip
"""Tops of the axis of durations, in seconds: numbers that people say."""

_APART: Final = 6.0
"""Times as long as nine in ten that a few have to be before their bars are cut."""


class Chart(Struct, frozen=True):
    bars: Sequence[Bar]
    top: float
    label: str
    """Of the top, with its unit."""
    bad_from: float | None = None
    """The moment from which it needs looking at."""

    @property
    def is_empty(self) -> bool:
        return all(bar.value is None for bar in self.bars)

    @property
    def is_hollow(self) -> bool:
        """Whether any bar of it rests on too few."""
        return any(bar.upper and bar.shade == HOLLOW for bar in self.bars)


def charts(
    buckets: Sequence[Bucket],
    seen: Callable[[Bucket], bool],
    *,
    now: float,
    bad_from: float | None,
    early: bool = False,
) -> tuple[Chart, Chart, Chart]:
    """What failed, what ended and how long it took; `seen` says of which bucket all is loaded and kept.

    `early`: so little is loaded that only failures had the time to end, and no rate of it is one.
    """
    counted = [bucket for bucket in buckets if seen(bucket)]
    rates = [bucket.failure_rate or 0.0 for bucket in counted if not bucket.is_thin and not early]
    top = nice_top(max(rates, default=max((b.failure_rate or 0.0 for b in counted), default=0.0)), _RATES)
    solid = _no_rate if early else _solid_rate
    hollow = _any_rate if early else _thin_rate
    failed = Chart(_bars(buckets, seen, solid, hollow, HOLLOW), top, percent(top), bad_from)
    width = buckets[0].end - buckets[0].start if buckets else 60.0
    most = max((bucket.ended for bucket in counted), default=0)
    unit, seconds = next((unit for unit in _UNITS if most * unit[1] >= width), _UNITS[-1])

    def pace(bucket: Bucket) -> float:
        # The last bucket still fills: by its full width it would always look like a fall.
        return bucket.ended * seconds / max(min(bucket.end, now) - bucket.start, width / 4)

    highest = nice_top(max([pace(bucket) for bucket in counted], default=1.0) or 1.0, ())
    ended = Chart(_bars(buckets, seen, pace), highest, f"{highest:g}/{unit}")

    def is_timed(bucket: Bucket) -> bool:
        # Analytics tell how many ended and not how long they took: that is no time of nothing.
        return seen(bucket) and not (bucket.counted and bucket.ended)

    bars = _bars(buckets, is_timed, lambda bucket: bucket.p50, lambda bucket: bucket.p95)
    longest, label = _longest(sorted(bucket.p95 or 0.0 for bucket in counted))
    if all(bucket.p95 is None for bucket in counted):
        label = ""  # a second beside no bar would look like how long they took
    return failed, ended, Chart(bars, longest, label)


def _longest(times: Sequence[float]) -> tuple[float, str]:
    """The top of the axis of durations, and its label: `1h+` where a few far longer ones are cut there."""
    most, usual = percentile(times, 1.0) or 0.0, percentile(times, 0.9) or 0.0
    is_cut = 0 < usual * _APART < most
    top = nice_top(usual if is_cut else most, _TIMES)
    return top, f"{brief(top)}{'+' if is_cut else ''}"


def _solid_rate(bucket: Bucket) -> float | None:
    """The rate to draw solid; 0 for one on too few, which is shaded: one of two is no trouble yet."""
    return 0.0 if bucket.errored and bucket.is_thin else bucket.failure_rate


def _no_rate(bucket: Bucket) -> float | None:
    return 0.0


def _any_rate(bucket: Bucket) -> float | None:
    return bucket.failure_rate


def _thin_rate(bucket: Bucket) -> float | None:
    return bucket.failure_rate if bucket.is_thin else None


_UNITS: Final = (("s", 1.0), ("min", 60.0), ("h", 3600.0), ("d", 86400.0))


def _bars(
    buckets: Sequence[Bucket],
    seen: Callable[[Bucket], bool],
    value: Callable[[Bucket], float | None],
    upper: Callable[[Bucket], float | None] = lambda _: None,
    shade: str = SHADE,
) -> list[Bar]:
    return [
        Bar(value(bucket), upper(bucket), shade=shade) if seen(bucket) else Bar(mark=UNKNOWN)
        for bucket in buckets
    ]


def plot_lines(
    chart: Chart, of: Frame, buckets: Sequence[Bucket], height: int, cursor: int | None
) -> list[Pieces]:
    """The lines of one chart with the numbers of its axis, the cursor's bucket standing out in each."""
    blank = [Bar(mark=NONE)] * (of.size - len(chart.bars))
    lines: list[Pieces] = []
    for row, text in enumerate(bar_lines([*chart.bars, *blank], height, chart.top)):
        label = chart.label if row == 0 else "0" if row == height - 1 else ""
        pieces: list[tuple[str, Style]] = [(f"{label:>{GUTTER - 2}} ", QUIET), ("│", QUIET)]
        for number, sign in enumerate(text):
            style = QUIET if sign in (UNKNOWN, ZERO, SHADE, HOLLOW) else PLAIN
            if sign not in (UNKNOWN, NONE, ZERO) and _is_bad(chart, buckets, number):
                style = BAD
            cells = sign * of.cells
            if number == cursor:
                # A reversed bar would look like a hole: the bar keeps its shape, and the line goes on above.
                style = ACCENT if sign != NONE else PLAIN
                cells = cells if sign != NONE else f"{'┊':^{of.cells}}"
            if pieces and pieces[-1][1] is style and len(pieces) > 2:
                pieces[-1] = (pieces[-1][0] + cells, style)
            else:
                pieces.append((cells, style))
        lines.append(pieces)
    return lines


def _is_bad(chart: Chart, buckets: Sequence[Bucket], number: int) -> bool:
    return chart.bad_from is not None and number < len(buckets) and buckets[number].end > chart.bad_from


def axis_lines(
    of: Frame, deployed: Mapping[str, float], *, utc: bool, first: str = "", cursor: int | None = None
) -> list[Pieces]:
    """The lines below the charts: the deploys, the axis with its ticks, and the times.

    A name stands beside its mark where it meets no other, and one for marks that touch says how many they
    are; `first` is the version whose name goes first.
    """
    room = of.size * of.cells
    names = [" "] * room
    came = sorted((of.column(at), at, version) for version, at in deployed.items() if of.start <= at < of.end)
    for column, _, _ in came:
        names[column] = "▲"
    marks = _clusters(came, of.cells)
    for left, right, versions in sorted(marks, key=lambda mark: (first not in mark[2], -mark[0])):
        if len(versions) == 2 and left < right and _write_both(names, left, right, versions):
            continue
        for text in _named(versions, first):
            places = (right + 1, left - len(text))
            free = [start for start in places if _is_free(names, start, len(text))]
            if free:
                names[free[0] : free[0] + len(text)] = text
                break
        else:
            # The one that is blamed is named over the marks of others: there may be one in each column.
            own = [column + 1 for column, _, version in came if version == first and first in versions]
            text = short_version(first)
            for start in own[:1]:
                if start + len(text) <= room:
                    names[start : start + len(text)] = text
    line, labels = ["─"] * room, [" "] * room
    for tick in of.ticks(utc=utc):
        line[tick.column] = "┴"
        labels[tick.column : tick.column + len(tick.label)] = tick.label
    if cursor is not None:
        line[cursor * of.cells : (cursor + 1) * of.cells] = f"{'┃':─^{of.cells}}"
    indent = " " * GUTTER
    lead = f"{'deploys' if came else '':>{GUTTER - 1}} "
    zone = f"{'UTC' if utc else 'local':>{GUTTER - 2}}  "
    return [
        [(lead, QUIET), ("".join(names), ACCENT)],
        [(indent[:-1] + "└", QUIET), ("".join(line), QUIET)],
        [(zone, QUIET), ("".join(labels), QUIET)],
    ]


def _clusters(came: Sequence[tuple[int, float, str]], cells: int) -> list[tuple[int, int, list[str]]]:
    """Joins marks that touch: the first and last column of each cluster, and its versions as they came."""
    found: list[tuple[int, int, list[str]]] = []
    for column, _, version in came:
        if found and column - found[-1][1] <= cells:
            left, _, versions = found.pop()
            found.append((left, column, [*versions, version]))
        else:
            found.append((column, column, [version]))
    return found


def _write_both(names: list[str], left: int, right: int, versions: Sequence[str]) -> bool:
    """Writes the names of two marks side by side, each on its own side; False without room for both."""
    before, after = short_version(versions[0]), short_version(versions[1])
    places = (left - len(before), before), (right + 1, after)
    if not all(_is_free(names, start, len(text)) for start, text in places):
        return False
    for start, text in places:
        names[start : start + len(text)] = text
    return True


def _named(versions: Sequence[str], first: str) -> list[str]:
    """What may stand beside the marks of these, the longest first."""
    if len(versions) == 1:
        return [short_version(versions[0])]
    chief = first if first in versions else versions[-1]
    return [
        ", ".join(map(short_version, versions)),
        f"{short_version(chief)} +{len(versions) - 1}",
        f"{len(versions)} deploys",
    ]


def _is_free(names: Sequence[str], start: int, length: int) -> bool:
    """Whether a name may stand there: over nothing, and beside no other name."""
    if start < 0 or start + length > len(names):
        return False
    around = names[max(0, start - 1) : start + length + 1]
    return set(names[start : start + length]) == {" "} and set(around) <= {" ", "▲"}
