"""How far the reading back is, in words: what it does, what it still costs, and why it stands."""

from math import inf
from typing import Final

from rich.style import Style

from wfdash.core.text.clean import clean
from wfdash.core.text.words import count, estimated
from wfdash.live.watcher import Watcher
from wfdash.ui.context import Context
from wfdash.ui.history.reading import PURPOSES, HistoryReader
from wfdash.ui.widgets.theme import QUIET, WARN

__all__ = ["reading_status"]

_PAGE: Final = 100
"""Rows of one request."""


def reading_status(context: Context, reader: HistoryReader, poller: Watcher | None) -> tuple[str, Style]:
    """What keeps the page from being full, and how it stands out; "" when nothing does."""
    before = ""
    # Where the table goes on from where the page was closed it is as of now.
    frozen = poller is not None and poller.frozen
    if reader.before is not None and (frozen or reader.loaded.until < inf):
        before = f"as read at {context.time_of(reader.before.at)}, "
    if reader.failure:
        return clean(f"{before}{reader.failure}"), WARN
    if poller is None or not (reader.is_reading or reader.before is not None):
        return "", QUIET
    if poller.frozen:
        return f"{before}polling is frozen: {context.keys.key_of('poll.freeze')} resumes it", WARN
    slow = poller.budget.slow(*PURPOSES)
    doing, stop = "reading on", f"{context.keys.key_of('layer.close')} stops it, a request a page"
    if reader.before is not None:
        doing, stop = "reading it again", _again(context, reader)
    elif reader.lacks_versions:
        doing = "reading the versions first"
    elif (total := reader.total_of_workflow) is not None and len(reader.loaded) >= total:
        doing = "looking for older ones"
    else:
        stop += _costs(reader, poller)
    return f"{before}{doing}, {f'slow: {slow}' if slow else stop}", QUIET


def _costs(reader: HistoryReader, poller: Watcher) -> str:
    """How many pages are still to come at the most, and what they take; "" where nobody can say.

    Analytics tell what came in the time that is framed; else it may be all that is not loaded.
    """
    loaded, total = reader.loaded, reader.total_of_workflow
    counted_from, floor = loaded.frame.start, loaded.floor
    rows = None if total is None else total - len(loaded)
    if (analytics := loaded.analytics) is not None and not analytics.cut and floor is not None:
        rows = sum(tally.created for at, tally in analytics.tallies.items() if counted_from <= at < floor)
    if rows is None or rows <= 0:
        return ""
    pages = -(-rows // _PAGE)
    takes = poller.budget.reads_take(pages, PURPOSES[0]).seconds
    return f": {count(pages)} more at most, about {estimated(takes)}"


def _again(context: Context, reader: HistoryReader) -> str:
    """How far back what was read before is read again."""
    floor = reader.read_to
    if floor is None:
        return "the newest first"
    return f"back to {context.time_of(floor, seconds=False)} so far"
