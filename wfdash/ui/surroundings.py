"""What stands around the instances: whose they are, how many, how fresh, and what is wrong."""

from typing import TYPE_CHECKING

from rich.style import Style

from wfdash.core.query import Query
from wfdash.core.text import clean
from wfdash.core.wording import count
from wfdash.live.poller import Poller
from wfdash.live.state import Freshness
from wfdash.ui.states import empty_message
from wfdash.ui.theme import ACCENT, PLAIN, QUIET, STRONG, WARN
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.status_line import Pieces

if TYPE_CHECKING:
    from wfdash.ui.app import WfdashApp

__all__ = ["counts_pieces", "draw_header", "message_for", "notes_pieces", "trouble_pieces"]

_NARROW = 100


def draw_header(header: Header, app: "WfdashApp", workflow: str) -> None:
    """The top line of a screen about one workflow."""
    poller, now = (app.session.poller if app.session is not None else None), app.clock()
    identity = app.identity(workflow)
    if poller is None:
        header.tell(identity, counts={}, freshness=[(clean(app.failure) or "connecting", QUIET)], meter=())
        return
    spent, limit = poller.budget.meter
    fresh = freshness_pieces(poller.list, now=now, frozen=poller.frozen, short=header.size.width < _NARROW)
    header.tell(
        identity,
        counts=poller.counts or {status: n for status, n in poller.store.statuses.items() if n},
        freshness=fresh if workflow else [],
        meter=meter_pieces(spent, limit, (poller.budget.frozen_until or 0.0) - now),
    )


def counts_pieces(poller: Poller, matched: int, query: Query, now: float) -> Pieces:
    """`19 of 1,204 loaded of 12,431 · to API: status`: never a silent cut."""
    loaded, total = len(poller.store), poller.total
    pieces: list[tuple[str, Style]] = []
    if query:
        pieces.append((f"{count(matched)} of ", PLAIN))
    pieces.append((f"{count(loaded)} loaded", PLAIN))
    if not poller.complete and total is None:
        pieces.append((", more to load", PLAIN))
    elif total is not None and total > loaded:
        pieces.append((f" of {count(total)}", PLAIN))
    if poller.hidden:
        pieces.append((f" · {count(poller.hidden)} without status hidden", QUIET))
    words = query.pushdown(now).words if query else ""
    if words:
        pieces.append((f" · to API: {words}", QUIET))
    return pieces


def trouble_pieces(fresh: Freshness) -> Pieces:
    why = clean(fresh.failure) or "the last two polls were missed"
    return [(" ▲ ", WARN + STRONG), (why, WARN), ("; wfdash keeps trying", QUIET)]


def message_for(poller: Poller, workflow: str, filter: str) -> str:
    return empty_message(
        poller.list,
        workflow=workflow,
        filter=filter,
        loaded=len(poller.store),
        total=poller.total,
        complete=poller.complete,
    )


def notes_pieces(*, marked: int, hidden: int, arrived: int, key: str) -> Pieces:
    """`2 marked (1 not listed) · 12 new, n`."""
    notes: list[tuple[str, Style]] = []
    if marked:
        words = f" ({count(hidden)} not listed)" if hidden else ""
        notes.append((f"{count(marked)} marked{words}", STRONG))
    if arrived:
        notes += [(" · ", QUIET)] if notes else []
        notes.append((f"{count(arrived)} new, {key}", ACCENT))
    return notes
