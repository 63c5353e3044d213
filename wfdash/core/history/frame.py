"""The stretch of time that a chart shows, in buckets that fit its columns, with marks at round times."""

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from wfdash.core.model.times import HOUR

__all__ = ["SPANS", "Frame", "Tick", "frame", "last_hour"]

_PART: Final = 300.0
"""Seconds of the parts that the last hour moves by, so that its bars stand still within one."""
SPANS: Final = (
    ("1 h", HOUR, 600.0),
    ("6 h", 6 * HOUR, 1800.0),
    ("24 h", 24 * HOUR, 7200.0),
    ("7 d", 168 * HOUR, 43200.0),
    ("31 d", 744 * HOUR, 43200.0),
)
"""Name, length, and the step by which the right edge moves: in between the chart stands still and fills."""
_WIDTHS: Final = tuple(
    60.0 * minutes for minutes in (1, 2, 3, 5, 6, 10, 12, 15, 24, 30, 60, 90, 120, 180, 240, 360, 480, 720)
)
_TICKS: Final = (
    600.0,
    900.0,
    1800.0,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    24 * HOUR,
    48 * HOUR,
    96 * HOUR,
    168 * HOUR,
)
_FEWEST: Final = 26
"""Buckets, however little happens."""
_FULL: Final = 0.75
"""Share of the columns that buckets have to fill: of the narrowest that do, half of the room left blank would
be for nothing."""
_GAP: Final = 2
"""Cells at least between two labels."""


class Tick(Struct, frozen=True):
    column: int
    label: str


class Frame(Struct, frozen=True):
    """A stretch of time, epoch seconds, in buckets of `width` seconds, each `cells` columns wide."""

    start: float
    end: float
    width: float
    cells: int

    @property
    def size(self) -> int:
        """How many buckets."""
        return round((self.end - self.start) / self.width)

    def column(self, at: float) -> int:
        """The first column of the bucket in which a moment lies."""
        return int((at - self.start) // self.width) * self.cells

    def ticks(self, *, utc: bool = True) -> list[Tick]:
        """Round times as the reader's clock has them, as many as stand apart from each other."""
        room = 5 if self.end - self.start < 48 * HOUR else 6
        step = next((step for step in _TICKS if step / self.width * self.cells >= room + _GAP), _TICKS[-1])
        # On the reader's clock, which may be put forward or back in what is shown.
        local = -(-(self.start + (0.0 if utc else _offset(self.start))) // step) * step
        found: list[Tick] = []
        while (at := local if utc else _at_local(local)) < self.end:
            local += step
            if at < self.start:
                continue
            moment = datetime.fromtimestamp(at, UTC) if utc else datetime.fromtimestamp(at).astimezone()
            label = f"{moment:%H:%M}" if room == 5 else f"{moment:%b} {moment.day}"
            if room == 6 and (moment.hour or moment.minute):
                label = f"{moment:%H:%M}"
            column = self.column(at)
            apart = not found or column > found[-1].column + len(found[-1].label)
            if apart and column + len(label) <= self.size * self.cells:
                found.append(Tick(column, label))
        return found


def frame(span: int, now: float, columns: int, *, least: float = 0.0) -> Frame:
    """What `SPANS[span]` shows now in so many columns: back at least that long, up to the next round time.

    A bucket is at least `least` seconds wide where that leaves enough of them: with two or three ended in
    each, a rate would jump between nothing and a half all the time.
    """
    _, length, step = SPANS[span]
    right = (now // step + 1) * step
    return _fitted(right - length - step, right, step, columns, least)


def last_hour(now: float, columns: int, *, least: float = 0.0) -> Frame:
    """The hour that ends with this part of five minutes, as the bars of a table row have it; no more."""
    right = (now // _PART + 1) * _PART
    return _fitted(right - HOUR, right, _PART, columns, min(least, _PART))


def _fitted(start: float, end: float, step: float, columns: int, least: float) -> Frame:
    """Cuts a stretch into buckets that fill the columns.

    Where none fit into it, the stretch becomes a little longer.
    """
    # Of days a third fits as well as a half: the edge then moves by two thirds at times.
    day = 24 * HOUR if not 24 * HOUR % step and step >= 12 * HOUR else step
    widths = [width for width in _WIDTHS if not day % width or not width % step]
    least = max((end - start) / columns, min(least, (end - start) / _FEWEST))
    wide = [width for width in widths if width >= least] or widths[-1:]
    # The narrowest of those that fill the room: half of it left blank would be for nothing.
    width = next(
        (width for width in wide if _filled(end - start, width, columns) >= _FULL * columns),
        max(wide, key=lambda width: _filled(end - start, width, columns)),
    )
    start = start // width * width
    end = -(-end // width) * width
    return Frame(start, end, width, max(1, int(columns // ((end - start) / width))))


def _filled(length: float, width: float, columns: int) -> float:
    """Columns that buckets of this width take, each as many cells wide as fit."""
    return length / width * (columns // (length / width))


def _at_local(seconds: float) -> float:
    """The moment at which the reader's clock shows this, counted as if it were UTC."""
    near = seconds - _offset(seconds)
    return seconds - _offset(near)


def _offset(at: float) -> float:
    offset = datetime.fromtimestamp(at).astimezone().utcoffset()
    return offset.total_seconds() if offset is not None else 0.0
