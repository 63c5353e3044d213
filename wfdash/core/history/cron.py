"""Cron runs: each planned moment with its instance, or missed, and how late the runs began."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from wfdash.core.history.bucket import percentile
from wfdash.core.model.instance import Instance
from wfdash.core.text.words import count, spoken
from wfdash.core.triage.anomalies import cron_fire

__all__ = ["CronReport", "cron_report", "is_followed", "planned"]

_GRACE: Final = 180.0
"""Seconds after a planned moment in which its instance may still come; dispatch was measured at 24 to 33."""
_USUAL: Final = 0.95
"""Of the runs that began as many tell how late one may be: a single one may be far later."""
_LATER: Final = 1.25
"""How much later than usual one may begin before its moment counts as missed: runs that always begin 40
minutes late were told missed ten minutes before they began."""
_MOST: Final = 20_000
"""Planned moments that are looked at, at most: two weeks of every minute."""
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class CronReport(Struct, frozen=True):
    """Planned against actual over a stretch that is loaded in full; times are epoch seconds."""

    cron: str
    planned: int
    ran: int
    missed: tuple[float, ...]
    late: tuple[float, ...]
    """Seconds from each planned moment to the start of its instance, ascending."""
    nameless: int = 0
    """Runs of a schedule whose ids do not say for which moment they were: what was missed nobody can tell."""

    def forms(self, missed: Sequence[str]) -> list[str]:
        """Ways to say it, longest first; `missed` are the latest missed moments, as they are written."""
        if self.nameless:
            some = f"{count(self.planned)} planned, {count(self.nameless)} ran"
            return [f"{some}; their ids do not say for which moment", some]
        if not missed:
            return [self.sentence(), self.short(), self.shortest()]
        named = [f"missed {', '.join(missed[-number:])}: " for number in range(len(missed), 0, -1)]
        forms = [f"{named[0]}{text}" for text in (self.sentence(), self.short())]
        return [*forms, *(f"{each}{self.shortest()}" for each in named), self.shortest()]

    def sentence(self) -> str:
        """`24 planned, 23 ran, 1 missed; began 24 s to 33 s late`."""
        said = f"{count(self.planned)} planned, {count(self.ran)} ran"
        said += f", {count(len(self.missed))} missed" if self.missed else ", none missed"
        middle, most = percentile(self.late, 0.5), percentile(self.late, 1.0)
        if middle is not None and most is not None:
            said += f"; began {spoken(middle)} late in the middle, {spoken(most)} at most"
        return said

    def short(self) -> str:
        """`23 of 24 ran; 30 s late, 33 s at most`: the same numbers in fewer words."""
        middle, most = percentile(self.late, 0.5), percentile(self.late, 1.0)
        late = "" if middle is None or most is None else f"; {spoken(middle)} late, {spoken(most)} at most"
        return f"{self.shortest()}{late}"

    def shortest(self) -> str:
        """`23 of 24 ran`: without how late."""
        return f"{count(self.ran)} of {count(self.planned)} ran"


def cron_report(
    cron: str, rows: Iterable[Instance], *, start: float, end: float, crons: Collection[str] = ()
) -> CronReport | None:
    """What was planned from `start` on, less what may still come by `end`; None where that cannot be told.

    Everything from `start` on has to be loaded and kept. `crons` are all schedules of today: where an id
    tells of another one, this one is judged from its first run after that on.
    """
    fires: dict[float, Instance] = {}
    other, nameless = start, 0
    for row in rows:
        fire = cron_fire(row)
        if fire is not None and fire[0] == cron:
            fires[fire[1]] = row
        elif row.trigger == "cron" and (row.created or 0.0) >= start:
            if fire is None or not fire[0]:
                nameless += 1
            elif fire[0] not in crons:
                other = max(other, fire[1])
    if other > start:
        after = [moment for moment in fires if moment > other]
        if not after:
            return None
        start = min(after)
    moments = planned(cron, start, end - _GRACE)
    if not moments:
        return None
    if nameless:
        return CronReport(cron, len(moments), 0, (), (), nameless)
    ran = {moment: fires[moment] for moment in moments if moment in fires}
    late = sorted(
        max(0.0, began - moment)
        for moment, row in ran.items()
        if (began := row.started if row.started is not None else row.created) is not None
    )
    # A schedule whose runs begin late as a rule is no later than that when the last of them has yet to begin.
    usual = max(_GRACE, (percentile(late, _USUAL) or 0.0) * _LATER)
    missed = tuple(moment for moment in moments if moment not in ran and moment < end - usual)
    return CronReport(cron, len(ran) + len(missed), len(ran), missed, tuple(late))


def is_followed(cron: str) -> bool:
    """Whether it is clear which moments it means."""
    return planned(cron, 0.0, 1.0) is not None


def planned(cron: str, start: float, end: float) -> list[float] | None:
    """The moments of an expression from `start` to before `end`, in UTC; None for one not understood.

    Not understood are L, W and #, and days limited both by month and by week, of which no reference says
    whether both or either has to hold.
    """
    fields = cron.lower().split()
    if len(fields) != 5:
        return None
    minutes, hours = _field(fields[0], 0, 59), _field(fields[1], 0, 23)
    days, months = _field(fields[2], 1, 31), _field(fields[3], 1, 12, _MONTHS)
    # Cloudflare counts the days of the week from 1, a Sunday (reference, Cron Triggers).
    weekdays = _field(fields[4], 1, 7, _DAYS)
    if minutes is None or hours is None or days is None or months is None or weekdays is None:
        return None
    if len(days) < 31 and len(weekdays) < 7:
        return None
    found: list[float] = []
    for day in _days(start, end):
        if day.month in months and day.day in days and day.isoweekday() % 7 + 1 in weekdays:
            midnight = day.timestamp()
            times = (midnight + hour * 3600.0 + minute * 60.0 for hour in hours for minute in minutes)
            found += [time for time in times if start <= time < end]
            if len(found) > _MOST:
                return None
    return found


def _days(start: float, end: float) -> Iterator[datetime]:
    day = datetime.fromtimestamp(start, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while day.timestamp() < end:
        yield day
        day += timedelta(days=1)


def _field(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> list[int] | None:
    """The values of one field, ascending; None where something in it is not understood."""
    values: set[int] = set()
    for part in text.split(","):
        range_, slash, step = part.partition("/")
        first, dash, last = range_.partition("-")
        if range_ == "*":
            start, stop = low, high
        else:
            begin, until = _value(first, low, names), _value(last, low, names) if dash else None
            if begin is None or (dash and until is None):
                return None
            start, stop = begin, until if until is not None else (high if slash else begin)
        if (slash and not (step.isdecimal() and int(step))) or not low <= start <= stop <= high:
            return None
        values.update(range(start, stop + 1, int(step) if slash else 1))
    return sorted(values)


def _value(text: str, low: int, names: tuple[str, ...]) -> int | None:
    if text.isdecimal() and text.isascii():
        return int(text)
    return names.index(text[:3]) + low if text[:3] in names else None
