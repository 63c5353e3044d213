"""What the loaded rows show: where failures rose, and when durations and arrivals changed."""

import asyncio
from collections.abc import Sequence
from functools import partial
from math import inf
from typing import Final

from msgspec.structs import replace

from wfdash.core.history.bucket import LevelShift, durations_shift, pace_shift, percentile
from wfdash.core.history.picture import picture
from wfdash.core.history.rate.change import look_for_changes
from wfdash.core.history.sentence import Finding, failures
from wfdash.core.model.instance import Instance
from wfdash.core.model.slices import run_between_turns
from wfdash.ui.history.counting import LoadedHistory

__all__ = ["find_failures", "find_shifts"]

_MOSTLY: Final = 0.95
"""Share of the runs that must have had the time to end before durations are compared."""


async def find_failures(loaded: LoadedHistory, now: float, *, utc: bool) -> Finding:
    """What the failures show, looked for in slices.

    No change is told while rows of it are to be read: the newest that ended are the quick ones.
    """
    shown_from = loaded.frame.start
    start = max(shown_from, loaded.edge(now).both, loaded.floor or shown_from)
    if loaded.partial and start > shown_from:
        return await _of_part(loaded, start, now, utc=utc)
    so_far = loaded.is_short or loaded.floor is None
    # Rows without a floor are some of those that there are: the bars are of analytics alone then.
    if loaded.lacks_ends or start >= now or not loaded.rows or so_far:
        total = loaded.total(now)
        counted = failures(
            (),
            total,
            (),
            deployed=loaded.deployed,
            now=now,
            utc=utc,
            so_far=so_far,
            unread=loaded.has_unread(now),
        )
        return counted if (total.sample or so_far) and not loaded.lacks_ends else Finding(loaded.nothing)
    until = loaded.answered_until(now)
    if start >= until:
        return Finding("not known yet: most that may have ended were not read for a while")
    rows = _rows_until(loaded, until, now)
    looking = look_for_changes(rows, start=start, now=until, deployed=loaded.deployed)
    seen, changes = await run_between_turns(looking)
    within = [row for row in rows if row.ended is not None and start <= row.ended < until]
    # Analytics count what is older, and no change is looked for in what they count.
    total = loaded.total(now)
    listed = sum(row.status in ("complete", "errored") for row in within)
    older = start - shown_from > seen.width and total.sample > listed
    partly = loaded.analytics is not None and older
    return failures(
        changes,
        total,
        within,
        deployed=loaded.deployed,
        now=now,
        utc=utc,
        looked_since=start if partly else None,
        unread=loaded.has_unread(now),
        running=[row for row in rows if not row.is_over],
    )


def _rows_until(loaded: LoadedHistory, until: float, now: float) -> Sequence[Instance]:
    """The runs whose end was known by then; of all workflows, under their names as versions."""
    rows: Sequence[Instance] = [*loaded.rows.values(), *loaded.earlier.values()]
    if until < now:
        rows = [row for row in rows if row.ended is None or row.ended < until]
    if loaded.kept_by:
        # Of all workflows their names stand where versions do, and the versions as triggers.
        rows = [replace(row, version=row.trigger) if row.status == "errored" else row for row in rows]
    return rows


async def _of_part(loaded: LoadedHistory, floor: float, now: float, *, utc: bool) -> Finding:
    """The finding for a record that lacks the time before: it tells no rise that it has not seen.

    Right above the floor failures are met and none yet of what passes beside them.
    """
    rows = [*loaded.rows.values(), *loaded.earlier.values()]
    if floor >= now or not rows:
        return Finding("too little is recorded by then: no rate can be told")
    count = partial(picture, rows, now=now, floor=floor, partial=True, deployed=loaded.deployed, utc=utc)
    return (await asyncio.to_thread(count)).finding


async def find_shifts(loaded: LoadedHistory, now: float) -> tuple[LevelShift | None, LevelShift | None]:
    """Looks for changes of durations and arrivals among what is read in full; none over all workflows.

    What was created before the oldest row and ended after it is not loaded: the first that ended are the
    quick ones, so that durations are compared from where nearly all of them would have ended.
    """
    if loaded.is_short or loaded.lacks_ends or loaded.partial or loaded.kept_by:
        return None, None
    seen = [each for each in loaded.buckets(now) if loaded.is_seen(each, now) and not each.counted]
    # A bucket that is not over yet, or is half of it from analytics, has another share of the quick ones.
    seen = [each for each in seen if each.end <= now and each.rows_from is None]
    is_all = loaded.floor == -inf
    long = 0.0 if is_all else percentile(sorted(took for each in seen for took in each.took), _MOSTLY)
    ended = [each for each in seen if each.start >= loaded.frame.start + (long or 0.0)]
    came = [each for each in seen if loaded.oldest is None or each.start >= loaded.oldest]
    return (
        await asyncio.to_thread(durations_shift, ended),
        await asyncio.to_thread(pace_shift, came),
    )
