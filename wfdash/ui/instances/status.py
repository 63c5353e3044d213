"""How it stands with the list, and the lines around its rows as functions of that."""

import re
from collections.abc import Callable, Sequence
from itertools import islice

from msgspec import Struct
from rich.style import Style

from wfdash.core.filter.query import Query
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import count, estimated
from wfdash.live.feeds.search.filter_search import MOST
from wfdash.live.feeds.search.progress import Searched
from wfdash.live.polling.freshness import Freshness
from wfdash.live.watcher import Watcher
from wfdash.ui.base.empty_messages import PAYLOADS_KEEP, empty_message, is_lost, no_answer, what_enter_reads
from wfdash.ui.base.identity import identity_of, last_pieces, place_pieces
from wfdash.ui.context import Context
from wfdash.ui.instances.rows import InstanceRows
from wfdash.ui.widgets.header import Header, Identity, freshness_pieces, meter_pieces
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import ACCENT, PLAIN, QUIET, STRONG, WARN, clicked

__all__ = ["ListStatus", "list_status", "trouble_pieces"]

_STANDS = 5.0
"""Seconds after which what is waited for is said to be slow."""
_WORD = re.compile(r"[\w.-]+")
_LOOKED_AT = 200
"""Rows that arrived of which it is seen whether they are new: there may be 100,000."""
_SKEW = 60.0
"""Seconds that a server's clock may differ in what it says of a creation."""
_NARROW = 110
"""Columns from which there is room for whole words about a search that reads."""


class ListStatus(Struct, frozen=True):
    """How the list stands at one moment, of which the lines around the rows are functions."""

    now: float
    width: int
    whose: Identity
    last: Sequence[Pieces]
    """The last action and who did it, and who else is here."""
    places: Sequence[Pieces]
    """Of those words the ones that say where the others are."""
    poller: Watcher | None
    """None until the session is there; then it has the numbers."""
    failure: str
    """Why there is no session."""
    workflow: str
    query: Query
    matched: int | None
    """Rows in the table and those that wait to be; None without a view."""
    marked: int
    marked_elsewhere: int
    """Of those, how many have no row in what is shown."""
    recorded: int
    """Rows in the table of which only the record tells."""
    arrived: int
    arrived_new: bool
    """Whether all of those were created since the list was shown; others are read, and no news."""
    stops_search: bool
    """Whether `esc` would stop a search that reads: while a filter is typed it undoes that first."""
    key_of: Callable[[str], str]

    @property
    def stale(self) -> bool:
        """Whether the rows are only a memory; before the first answer the table's message says so."""
        return self.poller is not None and is_lost(self.poller.newest.freshness, frozen=self.poller.frozen)

    def draw_header(self, header: Header) -> None:
        """The top line: whose, how many, how fresh."""
        poller = self.poller
        if poller is None:
            waiting = [[(clean(self.failure) or "connecting", QUIET)]]
            header.tell(self.whose, counts={}, freshness=waiting, meter=())
            return
        # The rows of a page, or of the first moments of a record, would pass for those of the workflow.
        has_all = poller.history.complete and not poller.search.free
        counted_at = poller.counted_at if poller.status_counts else None
        slow = poller.budget.slow("list", "rows on screen", after=_STANDS)
        fresh = freshness_pieces(poller.newest.freshness, now=self.now, frozen=poller.frozen, slow=slow)
        header.tell(
            self.whose,
            counts=poller.status_counts or (poller.store.counts if has_all else {}),
            freshness=fresh if self.workflow else [[]],
            meter=meter_pieces(poller.budget),
            last=self.last,
            places=self.places,
            counted=0.0 if counted_at is None else self.now - counted_at,
        )

    def counts(self) -> Sequence[Pieces]:
        """What stands at the right of the filter, most needed first.

        How many match, are loaded, were opened.
        """
        poller, query = self.poller, self.query
        if poller is None or self.matched is None:
            return ()
        matched, loaded = f"{count(self.matched)} match" if query else "", (_loaded(poller), PLAIN)
        first = (f"{matched} · {loaded[0]}" if matched else loaded[0], PLAIN)
        if poller.newest.freshness.answered_at is None and not len(poller.store):
            first = ("nothing loaded yet", QUIET)
        groups: list[Pieces] = [[first]]
        if named := query.unknown_status:
            # Without it no row under a filter looks like none that failed.
            groups.append([(f"no status {clean(named)} is known", WARN)])
        if (searched := poller.search.searched) is not None:
            if searched.waits and searched.unread and not searched.looking:
                groups[:0] = _cost_pieces(searched, poller)
            elif searched.is_reading and not poller.search.free:
                stop = self.key_of("layer.close") if self.stops_search else ""
                far = _reading_pieces(searched, poller, stop, narrow=self.width < _NARROW)
                # How far it is and what it waits for is what is looked for: the rest where there is room.
                groups[:1] = [*far, [(matched, PLAIN)], [loaded]]
                if self.width >= _NARROW:
                    groups = [groups[len(far)], *far, *groups[len(far) + 1 :]]
            else:
                if searched.unrecorded:  # first: that nothing is found says nothing then
                    groups.insert(0, [(f"{searched.unrecorded} are not recorded", WARN)])
                    groups.append([(PAYLOADS_KEEP, QUIET)])
                found = _searched_pieces(
                    searched, poller, self.key_of("poll.now"), narrow=self.width < _NARROW
                )
                if self.width < _NARROW and searched.over and searched.unread:
                    # What was not opened looks like nothing found; what is loaded has room after it or none.
                    at = groups.index([first])
                    groups[at : at + 1], found = [[(matched, PLAIN)], *found[:2], [loaded]], found[2:]
                groups += found
        if self.recorded:
            # What is not loaded yet may well be on the server.
            where = "only in the record" if poller.history.complete else "out of the record"
            groups.append([(f"{count(self.recorded)} {where}", WARN)])
        read, of = poller.row_details.progress
        if read < of:
            groups.append([(f"{read} of {of} rows read", QUIET)])
        # A dev session keeps an empty object of every id that was ever asked for (measured on wrangler):
        # those are no instances.
        if poller.newest.hidden:
            groups.append([(f"{count(poller.newest.hidden)} without status hidden", QUIET)])
        if poller.newest.left_out:
            groups.append([(f"{count(poller.newest.left_out)} left out: more than asked for", WARN)])
        asked = query.pushdown(self.now, local=poller.local) if query else None
        if asked is not None and asked.words:
            groups.append([(f"server filters: {asked.words}", QUIET)])
        if asked is not None and asked.here:
            groups.append([(f"wfdash filters: {asked.here}", QUIET)])
        if asked is not None and asked.words and poller.newest.total is not None:
            groups.append([(f"{count(poller.newest.total)} match on the server", QUIET)])
        return groups

    def trouble(self) -> Pieces:
        """The sentence about a connection that is gone, or about what is not followed; empty for neither."""
        poller = self.poller
        if poller is None or not len(poller.store):
            return ()
        if self.stale:
            return trouble_pieces(poller, poller.newest.freshness, self.width, self.now)
        return _left_out(poller.sweep.left_out, self.width) if poller.sweep.left_out else ()

    def message(self) -> str:
        """What a table without rows says: a sentence, and what to do."""
        poller = self.poller
        if poller is None:
            return f"Connecting.\n{clean(self.failure)}"
        return empty_message(
            poller.newest.freshness,
            workflow=self.workflow,
            filter=self.query.text,
            loaded=len(poller.store),
            total=poller.total,
            complete=poller.history.complete,
            searched=poller.search.searched,
            doubt=self.query.doubt,
            word=self._only_word,
            script_deleted=poller.counts.shown is not None and poller.counts.shown.script_deleted,
            frozen=poller.frozen,
            now=self.now,
            key_of=self.key_of,
        )

    @property
    def _only_word(self) -> str:
        """The filter where it is one word, which is looked for in ids; "" for any other."""
        text = self.query.text.strip()
        return text if self.query.id_words and _WORD.fullmatch(text) else ""

    def notes(self) -> Pieces:
        """`2 marked (1 not listed) · 12 new, n`: the right end of the key bar."""
        notes: list[tuple[str, Style]] = []
        if self.marked:
            words = f" ({count(self.marked_elsewhere)} not listed)" if self.marked_elsewhere else ""
            notes.append((f"{count(self.marked)} marked{words}", STRONG))
        if self.arrived:
            notes += [(" · ", QUIET)] if notes else []
            key = self.key_of("rows.arrived")
            which = "new" if self.arrived_new else "more"
            notes.append((f"{count(self.arrived)} {which}, {key}", ACCENT + clicked("press", "rows.arrived")))
        return notes


def list_status(context: Context, rows: InstanceRows, width: int, *, typing: bool = False) -> ListStatus:
    """How it stands now; `typing` while a filter is."""
    now, view = context.clock(), rows.view
    return ListStatus(
        now=now,
        width=width,
        whose=identity_of(context, rows.workflow),
        last=last_pieces(context, now) if rows.poller is not None else (),
        places=place_pieces(context) if rows.poller is not None else (),
        poller=rows.poller,
        failure=context.failure,
        workflow=rows.workflow,
        query=rows.query,
        # Those that wait match as well: without them it would be told that so few were found.
        matched=None if view is None else len(view) - len(view.ghosts) + len(view.arrivals),
        marked=len(rows.marks),
        marked_elsewhere=rows.table.marks_off_screen(),
        recorded=_recorded(rows),
        arrived=len(view.arrivals) if view is not None else 0,
        arrived_new=_all_new(rows),
        stops_search=not typing and not rows.marks.in_range,
        key_of=context.keys.key_of,
    )


def _all_new(rows: InstanceRows) -> bool:
    view, poller = rows.view, rows.poller
    if view is None or poller is None:
        return True
    looked_at = (poller.store.get(identity) for identity in islice(view.arrivals, _LOOKED_AT))
    return all(row is None or (row.created or 0.0) >= rows.shown_since - _SKEW for row in looked_at)


def _recorded(rows: InstanceRows) -> int:
    if rows.view is None or rows.poller is None:
        return 0
    recorded = rows.poller.store.recorded
    return len(recorded) - rows.view.count_missing(recorded) if recorded else 0


def _loaded(poller: Watcher) -> str:
    """Says how much is loaded: `1,204 of 12,431 loaded`."""
    loaded = len(poller.store) - len(poller.store.gone)
    if poller.partial:
        rest = f"of {count(poller.total)}" if poller.total is not None else "others not"
        recorded = poller.newest.recorded or 0
        loads = f"{count(loaded)} loaded of " if loaded < recorded else ""
        return f"{loads}{count(max(loaded, recorded))} recorded by then, {rest}"
    # Where no answer tells a total, what is loaded is all there is once the end was listed.
    total = loaded if poller.total is None and poller.history.complete else poller.total
    if total is None:
        return f"{count(loaded)} loaded, more to load"
    return f"{count(loaded)} of {count(max(total, loaded))} loaded"


def _reading_pieces(searched: Searched, poller: Watcher, stop: str, *, narrow: bool) -> Sequence[Pieces]:
    """How many of those being read were read, how long the others take, and the key that stops it."""
    words = f"opened {count(searched.since)} of {'' if narrow else 'these '}{count(searched.goal)}"
    outlook = poller.budget.reads_take(searched.asked, poller.search.purpose)
    stops: list[Pieces] = [[(f"{stop} stops", QUIET)]] if stop else []
    if narrow:
        # Why it is slow is worth more than how to stop it, which `esc` does everywhere.
        slow: list[Pieces] = [[(f"slow: {clean(outlook.briefly)}", WARN)]] if outlook.slow else []
        return [[(words, WARN)], [(f"~{estimated(outlook.seconds)}", QUIET)], *slow, *stops]
    slow = [[(f"slow: {clean(outlook.slow)}", WARN)]] if outlook.slow else []
    return [[(words, WARN)], *stops, [(f"about {estimated(outlook.seconds)}", QUIET)], *slow]


def _searched_pieces(searched: Searched, poller: Watcher, go_on: str, *, narrow: bool) -> Sequence[Pieces]:
    """How many of those that may match were read, and where it stopped what the others take."""
    verb, read = "read" if poller.search.free else "opened", searched.read - searched.rows_only
    words = f"{verb} {count(read)} of {count(searched.candidates)}"
    if searched.looking:
        return [[(f"{count(searched.read)} of {count(searched.candidates)} known so far", WARN)]]
    if searched.unread and not poller.search.free:
        more, budget = min(searched.unread, MOST), poller.budget
        first = budget.reads_take(more, poller.search.purpose)
        cost: list[Pieces] = [[(f"about {estimated(first.seconds)} for {count(more)} more", QUIET)]]
        cost += [[(f"slow: {clean(first.slow)}", WARN)]] if first.slow else []
        if searched.unread > more:
            rest = budget.reads_take(searched.unread, poller.search.purpose)
            cost.append([(f"about {estimated(rest.seconds)} for the rest", QUIET)])
        # At 80 columns how to go on has room only without it.
        which = "" if narrow else ", the newest"
        return [[(f"{words}{which}", WARN)], [(f"{go_on} searches on", QUIET)], *cost]
    rows_only = [[(f"{count(searched.rows_only)} were not read by then", WARN)]] if searched.rows_only else []
    return [[(words, PLAIN if searched.over else WARN)], *rows_only]


def _cost_pieces(searched: Searched, poller: Watcher) -> Sequence[Pieces]:
    """What it costs to read those that may match, before any of them is."""
    unread, enter = f"{count(searched.unread)} unread", what_enter_reads(searched)
    if poller.local:
        return [[(unread, WARN)], [(enter, QUIET)]]
    takes = estimated(poller.budget.reads_take(searched.unread, poller.search.purpose).seconds)
    first = poller.budget.reads_take(min(searched.unread, MOST), poller.search.purpose)
    cost: list[Pieces] = [[(f"{unread}: about {takes}", WARN)], [(enter, QUIET)]]
    if searched.unread > MOST:
        cost[1] = [(f"{enter}: about {estimated(first.seconds)}", QUIET)]
    return [*cost, [(f"slow: {clean(first.slow)}", WARN)]] if first.slow else cost


def trouble_pieces(poller: Watcher, fresh: Freshness, width: int, now: float) -> Pieces:
    """The line on a connection that is gone.

    However long a server's words, what wfdash does stays in sight.
    """
    failure, server, held = clean(fresh.failure), poller.budget.server_left, poller.budget.held_for
    why = failure or no_answer(fresh, now) or "the last two polls were missed"
    does = "; wfdash keeps trying"
    if held and server is not None and not failure:
        why = f"{count(int(server.remaining))} of {count(int(server.quota))} requests are left for this user"
    if held:
        does = f"; reads rest for {estimated(held)}, only actions go"
    room = width - cells(does) - 4
    return [(" ▲ ", WARN + STRONG), (fit(why, room) if cells(why) > room else why, WARN), (does, QUIET)]


def _left_out(statuses: Sequence[str], width: int) -> Pieces:
    """A line on rows that may change unseen, because there are too many to sweep."""
    sentence = f"too many to sweep: rows that are {' or '.join(map(clean, statuses))} may have changed unseen"
    return [(" ▲ ", WARN + STRONG), (fit(sentence, max(1, width - 4)), WARN)]
