"""`B`: what was spent of the request budget and by whom, and the last requests, to be copied for support."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import Final

from rich.style import Style
from textual.app import ComposeResult
from textual.message import Message

from wfdash.api.interface import Exchange
from wfdash.core.handoff.copy_formats import Copy
from wfdash.core.model.times import iso
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import count, estimated, spoken
from wfdash.core.text.wrap import wrapped
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.headroom import MOST
from wfdash.live.budget.ledger import ACTIONS, QUOTA, WINDOW, Priority, Spender
from wfdash.live.budget.shared_counter import has_ended
from wfdash.live.budget.waiting import Reason, Waiting
from wfdash.live.feeds.search.filter_search import FilterSearch
from wfdash.live.polling.events import Update
from wfdash.live.watcher import Watcher
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.hooks import about
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.choices import Choices
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces, StatusLine
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import BAD, HEADING, PLAIN, QUIET, STRONG, WARN, clicked

__all__ = ["BudgetScreen"]

_BAR = 30
"""Cells of the bar of the window."""
_WAITS, _COMMANDS = 3, 4
"""Lines at most about what waits and what ran: the requests below want room too."""
_WORDS: Final = {"get": "instance", "get simple": "its status", "workflow": "its counts"}
"""What a request is about, where that is not what it is called in the code."""
_REQUESTS, _FRAME = 4, 6
"""Requests that there is room for whoever spent something, and lines that are always there: the header, three
of numbers, the titles and the keys."""
_AIRY = 36
"""Lines from which a blank one parts the numbers from the requests."""
_WORTH_TELLING = 5
"""Requests by others from which they are told of: a few are under way, and counted by one side alone."""
_HELD, _FILLING = 60.0, 10.0
"""Seconds for which the list of requests stands still, and while there is room for more: each new one moves
all lines, and writing them anew is 5 kB."""
_HELD_BACK = 5.0
"""Seconds after which a sweep is held back rather than in its turn."""
_TURNS = 1.0
"""Seconds within which reads that are paced come to their turn as a rule."""
_IN_ORDER = clicked("says", "the newest request stands first")
_RAY_FROM = 110
"""Columns from which there is room for the ray beside the path; the copy menu has it always."""


class RequestList(Choices):
    """Lists the last requests, which stand still until somebody asks for the newest or a while has passed."""

    class NewestWanted(Message):
        pass

    def action_move_first(self) -> None:
        super().action_move_first()
        self.post_message(self.NewestWanted())

    def follow(self, entries: Sequence[tuple[str, Pieces]]) -> None:
        """Shows these entries; a cursor on the newest goes on to the newest: it would walk off else."""
        newest = self.cursor == 0
        self.fill(entries)
        if newest:
            self.move_to(0)


class BudgetScreen(BaseScreen):
    opened_by = "budget.open"
    offers = ("copy.menu",)
    BINDINGS = bindings("copy.menu")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._listed: tuple[float, int, bool] | None = None
        """When the requests were listed, for which width and in which zone; None: anew."""
        self._newest = ""
        """The key of the newest one listed."""
        self._tallest = 0
        """Lines that stood above the requests at most, at this size."""

    def compose(self) -> ComposeResult:
        yield Header()
        yield TextLines(id="spent")
        yield StatusLine(id="titles")
        yield RequestList()
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self.query_one(RequestList).focus()
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        self._tallest = 0
        self.query_one("#titles", StatusLine).styles.margin = (int(self.size.height >= _AIRY), 0, 0, 0)
        self.call_after_refresh(self._draw)

    def live(self, update: Update) -> None:
        if self.is_current:
            self._draw()

    def tick(self, now: float) -> None:
        self._draw()

    def action_copy_menu(self) -> None:
        """The list as text, and the request under the cursor alone."""
        if self.poller is None:
            return
        kept = list(self.poller.budget.requests)
        choice = self.query_one(RequestList).choice
        entries = [Copy("a", f"the last {len(kept)} requests", "\n".join(map(_plain, reversed(kept))))]
        entries += [
            Copy("r", "this request", _plain(exchange)) for exchange in kept if _key(exchange) == choice
        ][:1]
        self.context.pages.open("copy", "the requests", entries)

    def _draw(self) -> None:
        poller, now = self.poller, self.context.clock()
        if poller is None or not self.is_ready:
            return
        fresh = poller.newest.freshness if poller.workflow else poller.counts.all_fresh
        self.query_one(Header).tell(
            identity_of(self.context, "request budget"),
            counts={},
            freshness=freshness_pieces(fresh, now=now, frozen=poller.frozen),
            meter=meter_pieces(poller.budget),
        )
        commands = self._commands()
        # What waits and rests is reckoned on this machine's clock, which may be wrong by hours.
        lines = [
            *_summary(poller, poller.budget.clock(), self.size.width, self.size.height - len(commands)),
            *commands,
        ]
        if self.context.past is not None:
            lines = [[("  A record is read from the disk: nothing is asked of the server for it", PLAIN)]]
        # What waits comes and goes each second: a list that moved with it would be written anew each time.
        self._tallest = max(self._tallest, len(lines))
        self.query_one("#spent", TextLines).show([*lines, *[[] for _ in range(self._tallest - len(lines))]])
        self._list(poller.budget, now)

    def on_request_list_newest_wanted(self) -> None:
        self._listed = None
        self._draw()

    def _list(self, budget: Budget, now: float) -> None:
        """Lists the requests, or says how many came since they were."""
        room, utc, table = self.size.width, self.context.utc, self.query_one(RequestList)
        ray = f"{'RAY':<21} " if room >= _RAY_FROM else ""
        titles = f"  {'AT':<9} {'REQUEST':<15} {'STATUS':<7} {'MS':>6}  {ray}PATH"
        came = 0
        if self._is_due(budget, now, full=table.row_count() >= table.page):
            self._listed = (now, room, utc)
            self._newest = _key(budget.requests[-1]) if budget.requests else ""
            table.follow([(_key(each), self._line(each, room)) for each in reversed(budget.requests)])
        else:
            came = sum(
                1 for _ in takewhile(lambda each: _key(each) != self._newest, reversed(budget.requests))
            )
        newer = f"   {came} newer, {self.context.keys.key_of('move.first')} shows them" if came else ""
        self.query_one("#titles", StatusLine).show([(titles, HEADING + _IN_ORDER), (newer, QUIET)])

    def _is_due(self, budget: Budget, now: float, *, full: bool) -> bool:
        """Whether to list anew: after a while, and at once where one failed or the lines look otherwise."""
        if self._listed is None or self._listed[1:] != (self.size.width, self.context.utc):
            return True
        newest = budget.requests[-1] if budget.requests else None
        if newest is not None and newest.at > self._listed[0] and _is_failed(newest):
            return True
        return not 0 <= now - self._listed[0] < (_HELD if full else _FILLING)

    def _commands(self) -> list[Pieces]:
        """Lines on commands that ran by themselves for a change, of [[hooks]]."""
        lines: list[Pieces] = []
        for run in list(self.context.hook_runs)[-_COMMANDS:]:
            at = self.context.time_of(run.at)
            outcome = run.failure or "done"
            words = f"  {at} {run.hook.on}: {run.hook.run[0]} for {about(run.change)}: {outcome}"
            lines.append([(fit(clean(words), self.size.width).rstrip(), WARN if run.failure else PLAIN)])
        return lines

    def _line(self, exchange: Exchange, room: int) -> Pieces:
        status = str(exchange.http) if exchange.http is not None else "none"
        style = BAD if _is_failed(exchange) else PLAIN
        at = fit(self.context.time_of(exchange.at), 9)
        path = exchange.path.partition("/workflows/")[2] or exchange.path.rpartition("/")[2]
        ray = fit(clean(exchange.ray, 40), 21) + " " if room >= _RAY_FROM else ""
        return [
            (f"  {at} ", QUIET),
            (fit(_WORDS.get(exchange.kind, clean(exchange.kind)), 15) + " ", PLAIN),
            (fit(status, 7) + " ", style),
            (f"{exchange.milliseconds:>6.0f}  ", PLAIN),
            (ray, QUIET),
            (
                _asked_for(clean(path, 400), clean(exchange.failure, 400), max(1, room - 44 - len(ray))),
                QUIET,
            ),
        ]


def _is_failed(exchange: Exchange) -> bool:
    return exchange.http is None or exchange.http >= 400


def _asked_for(path: str, failure: str, room: int) -> str:
    """The path, whose ends say most, and after it why there was no answer."""
    if not failure:
        return fit(path, room, cut="middle")
    short = fit(path, min(cells(path), max(1, room // 2)), cut="middle")
    return fit(f"{short}  {failure}", room)


def _summary(poller: Watcher, now: float, width: int, height: int) -> Sequence[Pieces]:
    """Lines on what the server has left, who sent what for what, and what waits and why."""
    budget = poller.budget
    spent, limit = budget.meter[0], budget.limit
    acted, most = budget.actions
    has_spending = not poller.local or budget.server_left is not None or budget.frozen_until is not None
    share = f"  at most {count(limit)} for what nobody waits for"
    if poller.local:
        share = "  wfdash's own bound: a dev session has none"
    bar = max(0, min(_BAR, width - len(share) - 38))
    full = min(bar, spent * bar // MOST)
    reach = _reach(poller, now, width)
    lines: list[Pieces] = [
        *([_spending(poller, now)] if has_spending else []),
        [
            (f"  Reads    {spent:>4} of {MOST} in about 5 m ", STRONG),
            ("█" * full, WARN if spent >= MOST * 0.9 else PLAIN),
            ("░" * (bar - full), QUIET),
            (share, QUIET),
        ],
        [
            (
                f"  Actions  {acted:>4} of {most} (their own limit; the reads of an action count here)",
                PLAIN,
            )
        ],
        *_spenders(budget, width, max(3, height - _FRAME - _REQUESTS - _WAITS - len(reach))),
        *_elsewhere(budget, width),
        *reach,
        *_waits(budget, now, width),
    ]
    return lines


def _spenders(budget: Budget, width: int, room: int) -> list[Pieces]:
    """Lines on each process: its number of requests, what it is, whose, and what they were for.

    Where they are too many for the room, the first keep all their words and later ones are cut to a line;
    where even so they are too many, the last ones come in sum.
    """
    spenders = budget.spenders
    if not spenders:
        return [[("  Nothing was sent in the last 5 minutes", QUIET)]]
    texts = [(_spent_by(spender, mine=mine), PLAIN if mine else QUIET) for mine, spender in spenders]
    shown = len(texts) if len(texts) <= room else room - 1
    rest = [spender for _, spender in spenders[shown:]]
    free = room - shown - bool(rest)
    lines: list[tuple[str, Style]] = []
    for text, style in texts[:shown]:
        parts = _folded(text, width, len(f"{'':>13} by "))
        if len(parts) - 1 > free:
            parts = [fit(text, width - 3).rstrip()]
        free -= len(parts) - 1
        lines += [(part, style) for part in parts]
    if rest:
        lines.append((fit(_spent_by_more(rest), width - 3).rstrip(), QUIET))
    return [[(f"  {part}", style)] for part, style in lines]


def _spent_by(spender: Spender, *, mine: bool) -> str:
    command = clean(spender.what, 40)
    what = f"this {command}" if mine else f"{command} {spender.pid} of {clean(spender.who, 80)}"
    ended = ", ended" if has_ended(spender) else ""
    words = " · ".join(f"{clean(purpose, 40) or 'other'} {n}" for purpose, n in spender.purposes)
    return f"{_requests_of(spender):>13} by {what}{ended}: {words}"


def _spent_by_more(rest: Sequence[Spender]) -> str:
    """A line that sums up the processes that have no line of their own, by their command."""
    counted: Counter[str] = Counter()
    for spender in rest:
        counted[clean(spender.what, 40)] += _requests_of(spender)
    words = " · ".join(f"{command} {n}" for command, n in counted.most_common())
    return f"{counted.total():>13} by {len(rest)} more: {words}"


def _requests_of(spender: Spender) -> int:
    return spender.total(range(len(Priority)))


def _elsewhere(budget: Budget, width: int) -> list[Pieces]:
    lines: list[Pieces] = []
    server = budget.server_left
    if server is not None and (server.quota, server.window) != (QUOTA, WINDOW):
        bounds = f"{MOST} and {ACTIONS} are wfdash's own bounds"
        words = f"  {bounds}: this server allows {count(int(server.quota))} in {spoken(server.window)}"
        lines.append([(fit(words, width).rstrip(), QUIET)])
    if (began := budget.server_began) is not None:
        words = f"  The server began to count again {estimated(began)} ago; wfdash counts any 5 minutes"
        lines.append([(fit(words, width).rstrip(), QUIET)])
    if (elsewhere := budget.elsewhere) >= _WORTH_TELLING:
        words = f"  {elsewhere:>13} or more by others of this user: other tools, tokens, machines"
        lines.append([(fit(words, width).rstrip(), WARN)])
    if trouble := budget.sharing_trouble:
        lines.append([(fit(f"  Nothing is shared with other processes: {clean(trouble)}", width), WARN)])
    return lines


def _waits(budget: Budget, now: float, width: int) -> list[Pieces]:
    """What has waited for a while. That reads take turns each second is no news, and would flicker."""
    late = [
        waiting
        for waiting in budget.waiting
        if waiting.refusal.reason is not Reason.PACE or now - waiting.since >= _TURNS
    ]
    # The same may be asked for with two urgencies, as counts are that are due and late.
    longest: dict[str, Waiting] = {}
    for waiting in late:
        longest[_what(waiting)] = min(waiting, longest.get(_what(waiting), waiting), key=_began)
    return [
        [
            (
                fit(
                    f"  Waits: {_what(waiting)}, {_since(waiting, now)}: {_why(waiting, budget)}", width
                ).rstrip(),
                WARN if waiting.priority <= Priority.VISIBLE else QUIET,
            )
        ]
        for waiting in islice(longest.values(), _WAITS)
    ]


def _began(waiting: Waiting) -> float:
    return waiting.since


def _what(waiting: Waiting) -> str:
    """The words for what waits; a read of a row that a filter had read before says so."""
    again = waiting.purpose == FilterSearch.purpose and waiting.priority is not Priority.FOREGROUND
    return "rows that a filter has read, again" if again else waiting.purpose


def _since(waiting: Waiting, now: float) -> str:
    """How long it has waited, in steps of five seconds: the line would be written anew each second else."""
    waited = int(now - waiting.since)
    return f"for {spoken(waited - waited % 5)}" if waited >= 5 else "just now"


def _why(waiting: Waiting, budget: Budget) -> str:
    if waiting.refusal.reason is Reason.PACE:
        return f"its turn, at {budget.pace:.1f} reads a second in all"
    return clean(waiting.refusal.words)


def _spending(poller: Watcher, now: float) -> Pieces:
    """A line on what the server itself said of its limit."""
    budget, server = poller.budget, poller.budget.server_left
    if budget.frozen_until is not None and budget.frozen_until > now:
        rests = "asked to rest: no reads"
        if budget.rest_is_guessed:
            rests = "refused reads and did not say for how long: none"
        return [(f"  The server {rests} for {estimated(budget.frozen_until - now)}", BAD)]
    if server is None:
        return [("  The server says nothing of its limit", QUIET)]
    held = ""
    if budget.held_for:
        held = f"; only actions go for {estimated(budget.held_for)}"
    elif server.fraction < 0.5:
        held = "; background reads rest"
    text = f"  The server says {server.remaining:,.0f} of {server.quota:,.0f} are left for this user{held}"
    return [(text, WARN if held else PLAIN)]


def _reach(poller: Watcher, now: float, width: int) -> list[Pieces]:
    """How far the sweep and the reads of visible rows have come."""
    sweep, (read, wanted) = poller.sweep, poller.row_details.progress
    parts = []
    if sweep.period is not None:
        held = any(
            each.purpose == sweep.purpose and now - each.since >= _HELD_BACK for each in poller.budget.waiting
        )
        goes = "are to be read" if held else "are read"
        waits = ", and wait now" if held else ""
        parts.append(f"{count(sweep.seen)} active rows {goes} every {spoken(sweep.period)}{waits}")
    if sweep.left_out:
        parts.append(f"too many active rows to refresh them all: {', '.join(map(clean, sweep.left_out))}")
    if wanted:
        parts.append(f"{read} of {wanted} on screen are read")
    return [[(f"  {line}", QUIET)] for line in _folded(" · ".join(parts), width, 0)]


def _folded(text: str, width: int, indent: int) -> list[str]:
    """The text on one line, and what does not fit on up to two more, indented."""
    start = len(text) - len(text.lstrip())
    first, *rest = wrapped(text.lstrip(), width - 3 - start) or [""]
    below = wrapped(" ".join(rest), width - 3 - indent, 2)
    return [" " * start + first, *(" " * indent + line for line in below)]


def _key(exchange: Exchange) -> str:
    return f"{exchange.at} {exchange.kind} {exchange.path} {exchange.ray}"


def _plain(exchange: Exchange) -> str:
    status = exchange.http if exchange.http is not None else "no answer"
    words = [
        iso(exchange.at),
        exchange.kind,
        exchange.method,
        str(status),
        f"{exchange.milliseconds:.0f} ms",
        exchange.ray,
        exchange.path,
    ]
    return "\t".join([*words, exchange.failure] if exchange.failure else words)
