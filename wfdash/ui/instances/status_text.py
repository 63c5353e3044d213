"""What stands around the instances: whose they are, how many, how fresh, and what is wrong."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.style import Style

from wfdash.core.filter.query import Query
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age, count, spoken
from wfdash.core.verbs.rules import phrase
from wfdash.live.feeds.filter_search import Searched
from wfdash.live.polling.freshness import Freshness
from wfdash.live.watcher import Watcher
from wfdash.ui.base.empty_messages import empty_message, no_answer
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import ACCENT, PLAIN, QUIET, STRONG, WARN, clicked

if TYPE_CHECKING:
    from wfdash.ui.app import WfdashApp

__all__ = ["counts_pieces", "draw_header", "left_out_pieces", "message_for", "notes_pieces", "trouble_pieces"]

_RECENT = 900.0
"""Seconds for which an action is the last one worth a word."""


def draw_header(header: Header, app: "WfdashApp", workflow: str) -> None:
    """The top line of a screen about one workflow."""
    poller, now = (app.session.poller if app.session is not None else None), app.clock()
    identity = app.identity(workflow)
    if poller is None:
        header.tell(identity, counts={}, freshness=[[(clean(app.failure) or "connecting", QUIET)]], meter=())
        return
    spent, limit = poller.budget.meter
    fresh = freshness_pieces(poller.list, now=now, frozen=poller.frozen)
    header.tell(
        identity,
        counts=poller.counts or {status: n for status, n in poller.store.statuses.items() if n},
        freshness=fresh if workflow else [[]],
        meter=meter_pieces(spent, limit, poller.budget.held_for),
        last=last_pieces(app, now),
    )


def last_pieces(app: "WfdashApp", now: float) -> Sequence[Pieces]:
    """The last action and who did it, for a while after it; the longest way to say it first."""
    done = app.desk.last_done()
    if done is None or now - done.at > _RECENT:
        return ()
    verb, who, ago = phrase(done.verb), clean(done.who[:60]), age(max(0.0, now - done.at))
    user = who.partition("@")[0]
    what = clean(done.id[:40]) or "many"
    words = (
        f"last: {verb} {what} by {who}, {ago} ago",
        f"{verb} {what} by {user} {ago} ago",
        f"{verb} by {user} {ago} ago",
    )
    return [[(word, QUIET)] for word in words]


def counts_pieces(poller: Watcher, matched: int, query: Query, now: float, *, go_on: str) -> Sequence[Pieces]:
    """`1,204 of 12,431 loaded`, `searched 7 of 57`, `to API: status`, ...: the most needed first."""
    first = (_loaded(poller, matched if query else None), PLAIN)
    if poller.list.answered_at is None and not len(poller.store):
        first = ("nothing loaded yet", QUIET)
    groups: list[Pieces] = [[first]]
    if (searched := poller.searched) is not None:
        groups += _searched_pieces(searched, go_on)
    if poller.hidden:
        groups.append([(f"{count(poller.hidden)} without status hidden", QUIET)])
    if poller.left_out:
        groups.append([(f"{count(poller.left_out)} left out: more than asked for", WARN)])
    asked = query.pushdown(now, local=poller.local) if query else None
    if asked is not None and asked.words:
        groups.append([(f"to API: {asked.words}", QUIET)])
    if asked is not None and asked.here:
        groups.append([(f"here: {asked.here}", QUIET)])
    if asked is not None and asked.words and poller.matching_total is not None:
        groups.append([(f"the API counts {count(poller.matching_total)}", QUIET)])
    return groups


def _loaded(poller: Watcher, matched: int | None) -> str:
    """`1,204 of 12,431 loaded`; of a filter `19 of 1,204 loaded of 12,431`."""
    loaded = len(poller.store)
    total = loaded if poller.total is None and poller.complete else poller.total
    if total is None:
        of = "" if matched is None else f"{count(matched)} of "
        return f"{of}{count(loaded)} loaded, more to load"
    if matched is None:
        return f"{count(loaded)} of {count(max(total, loaded))} loaded"
    rest = f" of {count(total)}" if total > loaded else ""
    return f"{count(matched)} of {count(loaded)} loaded{rest}"


def _searched_pieces(searched: Searched, go_on: str) -> Sequence[Pieces]:
    """How many of those that may match were read: only they can be told; and the key that reads on."""
    words = f"searched {count(searched.read)} of {count(searched.candidates)}"
    if searched.over and searched.read < searched.candidates:
        return [[(f"{words}, the newest", WARN)], [(f"{go_on} searches on", QUIET)]]
    return [[(words, PLAIN if searched.over else WARN)]]


def trouble_pieces(poller: Watcher, fresh: Freshness, width: int, now: float) -> Pieces:
    """A server's own words may be long: what wfdash does about it stays in sight."""
    failure, left, held = clean(fresh.failure), poller.budget.left, poller.budget.held_for
    why = failure or no_answer(fresh, now) or "the last two polls were missed"
    does = "; wfdash keeps trying"
    if held and left is not None and not failure:
        why = f"{count(int(left.remaining))} of {count(int(left.quota))} requests are left for this user"
    if held:
        does = f"; reads rest for {spoken(held)}, only actions go"
    room = width - cells(does) - 4
    return [(" ▲ ", WARN + STRONG), (fit(why, room) if cells(why) > room else why, WARN), (does, QUIET)]


def left_out_pieces(statuses: Sequence[str], width: int) -> Pieces:
    """Of which rows a change may go unseen, because there are too many to ask for them all."""
    sentence = f"too many to sweep: rows that are {' or '.join(map(clean, statuses))} may have changed unseen"
    return [(" ▲ ", WARN + STRONG), (fit(sentence, max(1, width - 4)), WARN)]


def message_for(poller: Watcher, workflow: str, filter: str, now: float, key_of: Callable[[str], str]) -> str:
    return empty_message(
        poller.list,
        workflow=workflow,
        filter=filter,
        loaded=len(poller.store),
        total=poller.total,
        complete=poller.complete,
        searched=poller.searched,
        script_deleted=poller.shown is not None and poller.shown.script_deleted,
        frozen=poller.frozen,
        now=now,
        key_of=key_of,
    )


def notes_pieces(*, marked: int, hidden: int, arrived: int, key: str) -> Pieces:
    """`2 marked (1 not listed) · 12 new, n`."""
    notes: list[tuple[str, Style]] = []
    if marked:
        words = f" ({count(hidden)} not listed)" if hidden else ""
        notes.append((f"{count(marked)} marked{words}", STRONG))
    if arrived:
        notes += [(" · ", QUIET)] if notes else []
        notes.append((f"{count(arrived)} new, {key}", ACCENT + clicked("press", "rows.arrived")))
    return notes
