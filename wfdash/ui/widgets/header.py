"""The top line: whose data this is, how many instances stand in each status, and how fresh it all is."""

from collections.abc import Mapping, Sequence
from itertools import chain

from msgspec import Struct
from rich.style import Style

from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age, count, filled
from wfdash.live.budget.budget import Budget
from wfdash.live.polling.freshness import Freshness
from wfdash.ui.widgets.status_line import Pieces, StatusLine, length
from wfdash.ui.widgets.theme import ACCENT, BAD, PLAIN, QUIET, STRONG, WARN, clicked, look

__all__ = ["RECORD", "Header", "Identity", "badge_pieces", "freshness_pieces", "meter_pieces"]

_BUDGET = clicked("press", "budget.open")
_BADGE = Style(reverse=True, bold=True)
RECORD = "RECORD "
"""How the badge of a page begins that shows a moment of the record."""
_FIRST = ("running", "waiting", "errored", "queued", "paused", "waitingForPause", "rollingBack")
_LAST = ("complete", "terminated")
"""The statuses as they are told: those whose word and count are missed least stand last."""
_STRANGE = 4
"""Statuses that nobody has heard of that are told at most."""
_FEWEST = 2
"""Fewer words than these do not help; then there are none."""
_SHORT_NAME = 9
"""Cells that are left to the name where nothing else has room."""
_LEAST_NAME = 7
"""Cells of a workflow's name at least."""
_LEAST_BESIDE = len(" · …") + 3
"""Cells of the profile with what parts it from the name: with fewer it says nothing."""
_GAP = 3
"""Cells between two parts of the line."""
_ENDLESS = 1000
"""A width that no line reaches: what stands there is measured before it is cut."""
_OLD_COUNTS = 20.0
"""Seconds after which counts are told as old ones; they are asked for every ten."""
_ALARM = "▲"
_LONG_ASKED = 3.0
"""Seconds without an answer after which that is said."""


class Identity(Struct, frozen=True):
    """Whose data is shown: account, workflow, badges. Raw words; "" where there is none."""

    workflow: str = ""
    profile: str = ""
    colour: str = ""
    badges: tuple[str, ...] = ()
    """What must be on every frame: `DEMO calm`, `PRODUCTION`, `read-only`."""


class Header(StatusLine):
    """The top line. `tell` draws what fits: the freshness always, then the identity, then the counts."""

    def tell(
        self,
        identity: Identity,
        *,
        counts: Mapping[str, int],
        freshness: Sequence[Pieces],
        meter: Sequence[Pieces] = (),
        last: Sequence[Pieces] = (),
        places: Sequence[Pieces] = (),
        counted: float = 0.0,
    ) -> None:
        """`freshness`, `meter` and the last action: the longest words first; those that leave room are told.

        `places` are those of the last words that say where others are: for them the freshness shortens, the
        counts lose their words and what is over its numbers.

        `counted`: seconds since the counts were told, which may be longer ago than the rows.
        """
        if any(badge.startswith(RECORD) for badge in identity.badges):
            # Nothing is asked of anybody, and the badge says as of when this is.
            freshness, meter, counted = [()], (), 0.0
        counts = _few_strange(counts)
        right = self._fullest(identity, counts, freshness, meter, last)
        right = right or self._fitting(identity, counts, freshness, meter[-1:], [*places, *last[-1:]])
        room = self.size.width - length(right) - 2
        name = _identity_pieces(identity, room)
        room -= length(name)
        last = _with_place(counts, last, places, room)
        if counted < _OLD_COUNTS:
            numbers, done = _with_last(counts, last, room)
        else:
            numbers, done = _dated(counts, last, room, counted)
        self.show([*name, *numbers, *done], right)

    def _fullest(
        self,
        identity: Identity,
        counts: Mapping[str, int],
        freshness: Sequence[Pieces],
        meter: Sequence[Pieces],
        last: Sequence[Pieces],
    ) -> Pieces:
        """The freshness in all its words and a longer meter where nothing shortens for it, else none."""
        order, _ = _orders(counts)
        beside = length(_identity_pieces(identity, _ENDLESS))
        beside += length(_counts_line(counts, order, set(order), wide=True)) + 2
        beside += max((length(words) + _GAP for words in last), default=0)
        for longer in meter[:-1]:
            way = [*freshness[0], *([(" · ", QUIET)] if freshness[0] else []), *longer, (" ", PLAIN)]
            if beside + length(way) <= self.size.width:
                return way
        return ()

    def _fitting(
        self,
        identity: Identity,
        counts: Mapping[str, int],
        freshness: Sequence[Pieces],
        meter: Sequence[Pieces],
        last: Sequence[Pieces],
    ) -> Pieces:
        """The longest words that leave room for the rest, or for less of it; at last without the meter.

        `last` are ways to say the last action that room is made for, the most wanted first.
        """
        ways: list[Pieces] = [
            [*words, *((" · ", QUIET) for _ in meter), *chain(*meter), (" ", PLAIN)] for words in freshness
        ]
        name = length(_identity_pieces(identity, _ENDLESS))
        every, most = (length(_counts_line(counts, order, set(), wide=False)) for order in _orders(counts))
        # First the words of the freshness shorten, then the counts of what is over go, then the last action.
        warned = any(_ALARM in text for text, _ in chain(*meter))
        bare: Pieces = ways[-1] if warned or not freshness else [*freshness[-1], (" ", PLAIN)]
        dones = [length(words) + _GAP for words in last]
        # Who else is here is worth more than how many reads were made; what was done last is not.
        short = [bare] if len(last) > 1 else []
        for needed in [*(counted + done for done in dones for counted in (every, most)), every, most]:
            for way in [*ways, *(short if needed > every else [])]:
                if name + needed + length(way) + 2 <= self.size.width:
                    return way
        if name + length(bare) + 2 <= self.size.width:
            return bare
        # The name shortens last. Words that were cut by the edge would leave nothing but it.
        alarm: list[Pieces] = [[*chain(*meter), (" ", PLAIN)]] if warned else []
        least = _SHORT_NAME + length(badge_pieces(identity)) + 2
        fitting = (way for way in [*ways, *alarm] if least + length(way) <= self.size.width)
        return next(fitting, bare)


def _with_last(counts: Mapping[str, int], last: Sequence[Pieces], room: int) -> tuple[Pieces, Pieces]:
    """The counts and the last action: in the longest words that leave the counts most of theirs."""
    best: tuple[Pieces, Pieces] | None = None
    most = -1
    for words in last[:-1]:
        counted, worded = _counts_pieces(counts, room - length(words) - _GAP)
        if worded > most and (counted or not counts) and room > length(words) + _GAP:
            best, most = (counted, [(" " * _GAP, PLAIN), *words]), worded
    if best is not None:
        return best
    for words in last[-1:]:
        counted, _ = _counts_pieces(counts, room - length(words) - _GAP)
        if (counted or not counts) and room > length(words) + _GAP:
            return counted, [(" " * _GAP, PLAIN), *words]
    return _counts_pieces(counts, room)[0], ()


def _with_place(
    counts: Mapping[str, int], last: Sequence[Pieces], places: Sequence[Pieces], room: int
) -> Sequence[Pieces]:
    """The ways to say the last action; where room is short, none that says less than where others are."""
    fewest = length(_counts_line(counts, _orders(counts)[1], set(), wide=False))
    for words in places:
        if words in last and fewest + length(words) + _GAP <= room:
            kept = list(last[: last.index(words) + 1])
            return [*kept, words]  # the last one stands for what is said where nothing longer fits
    return last


def _dated(
    counts: Mapping[str, int], last: Sequence[Pieces], room: int, counted: float
) -> tuple[Pieces, Pieces]:
    """Old counts drawn faint with how old they are, for which their words make room."""
    note = f" {age(counted)} ago"
    numbers, done = _with_last(counts, last, room - len(note))
    if numbers:
        return [*((text, style + QUIET) for text, style in numbers), (note, QUIET)], done
    numbers, done = _with_last(counts, last, room)
    return [(text, style + QUIET) for text, style in numbers], done


def badge_pieces(identity: Identity) -> Pieces:
    """The badges that must be on every frame, also on pages without a header of their own."""
    pieces: list[tuple[str, Style]] = []
    for badge in identity.badges:
        pieces += [(f" {badge} ", _badge_style(badge, identity)), (" ", PLAIN)]
    return pieces


def _badge_style(badge: str, identity: Identity) -> Style:
    """The style of a badge: a demo is quiet, production has its profile's colour, a record its own.

    A record is told from now by its colour too.
    """
    if badge.startswith("DEMO"):
        return QUIET
    if badge.startswith(RECORD):
        return _BADGE + WARN
    return _BADGE + Style(color=identity.colour) if identity.colour and badge == "PRODUCTION" else _BADGE


def _identity_pieces(identity: Identity, room: int) -> Pieces:
    badges = badge_pieces(identity)
    name, profile = clean(identity.workflow), clean(identity.profile)
    beside = f" · {profile}" if name and profile else profile
    space = max(_LEAST_NAME, room - length(badges) - 1)
    if cells(name) + cells(beside) > space:
        # Of several of one kind the ends tell them apart: the profile goes before either is lost.
        least = min(cells(name), max(_LEAST_NAME, space // 2))
        beside = fit(beside, space - least).rstrip() if space - least >= _LEAST_BESIDE else ""
        name = fit(name, max(_LEAST_NAME, space - cells(beside)), cut="middle").rstrip()
    text = name + beside
    style = Style(color=identity.colour, bold=True) if identity.colour else STRONG
    return [(" ", PLAIN), *badges, (text, style + clicked("press", "workflows.open"))]


def _counts_pieces(counts: Mapping[str, int], room: int) -> tuple[Pieces, int]:
    """Glyph, number and word by status, and how many have their word: it goes from the last on.

    A status nobody has heard of keeps its word. Without any, the least needed ones go next.
    """
    strange = {status for status in counts if status not in (*_FIRST, *_LAST)}
    order, fewer = _orders(counts)
    for words in (*range(len(order), _FEWEST - 1, -1), 0):
        pieces = _counts_line(counts, order, {*order[:words], *strange}, wide=words > 0)
        if length(pieces) <= room:
            return pieces, words
    pieces = _counts_line(counts, fewer, strange, wide=False)
    return (pieces, 0) if length(pieces) <= room else ((), 0)


def _orders(counts: Mapping[str, int]) -> tuple[Sequence[str], Sequence[str]]:
    """The statuses there are in the order they are told, and those of them that are missed most."""
    in_order = sorted(counts, key=lambda status: (isinstance(status, _Others), status))
    strange = [status for status in in_order if status not in (*_FIRST, *_LAST)]
    order = [status for status in (*_FIRST, *strange, *_LAST) if counts.get(status)]
    return order, [status for status in order if status not in _LAST]


class _Others(str):
    """The name of the statuses that are counted together, told from a status that is called so."""


def _few_strange(counts: Mapping[str, int]) -> Mapping[str, int]:
    """The counts with the rarer of the unknown statuses as one.

    Of thousands none had room, and to find that out a word at a time took minutes.
    """
    strange = [status for status in counts if status not in (*_FIRST, *_LAST) and counts[status]]
    if len(strange) <= _STRANGE:
        return counts
    rare = sorted(strange, key=lambda status: (-counts[status], status))[_STRANGE - 1 :]
    left_out = set(rare)
    few = {status: number for status, number in counts.items() if status not in left_out}
    few[_Others(f"in {len(rare):,} other statuses")] = sum(counts[status] for status in rare)
    return few


def _counts_line(counts: Mapping[str, int], order: Sequence[str], worded: set[str], *, wide: bool) -> Pieces:
    pieces: list[tuple[str, Style]] = []
    for status in order:
        appearance = look(status)
        word = f" {clean(status, 40)}" if status in worded else ""
        gap = "  " if pieces else " " * _GAP
        on_click = PLAIN if isinstance(status, _Others) else clicked("status", status)
        pieces += [
            (gap + appearance.glyph, appearance.style + on_click),
            (f"{' ' * wide}{count(counts[status])}{word}", PLAIN + on_click),
        ]
    return pieces


def freshness_pieces(
    fresh: Freshness, *, now: float, frozen: bool, slow: str = "", of: str = ""
) -> Sequence[Pieces]:
    """How old what is shown is, and when it is asked for again or why that is slow: the longest words first.

    Each part keeps its place as numbers move. `of` names what is stale, where it may be one of two.
    """
    if fresh.answered_at is None:
        if frozen:
            return [[("‖ frozen, nothing read", WARN)]]
        state = ("▲ nothing read yet", BAD) if fresh.failure else ("loading", QUIET)
        waits = _slowed(slow) or (_retry(fresh, now) if fresh.failure else _waited(fresh, now))
        return [[state, *waits], [state]]
    old = max(0, int(now - fresh.answered_at))
    age = f"{old} s" if old < 100 else f"{old // 60} m" if old < 6000 else f"{old // 3600} h"
    # Words that moved with each digit would be written anew each second.
    spare = " " * (4 - len(age))
    if frozen:
        return [[(f"‖ frozen, {age} old{spare}", WARN)]]
    if fresh.stale:
        stale = (f"▲ {of}{' ' * bool(of)}stale, {age} old{spare}", WARN + STRONG)
        return [[stale, *(_slowed(slow) or _retry(fresh, now))], [stale]]
    style = PLAIN if old < 15 else WARN
    # Nobody reads on when told that something is 0 s old.
    freshness = (f"as of {age}{spare}" if old else "as of now ", style)
    return [
        [freshness, *(_slowed(slow) or _waited(fresh, now) or _due("next", fresh, now))],
        [freshness],
    ]


def _slowed(slow: str) -> Pieces:
    """What other reads stand before this one, where it has waited for them."""
    return [(f" · slow: {clean(slow)}", WARN)] if slow else []


def _retry(fresh: Freshness, now: float) -> Pieces:
    """When it is asked again; nothing for a question that is due and waits for the budget."""
    if waited := _waited(fresh, now):
        return waited
    overdue = fresh.due_at is not None and fresh.due_at < now - 1
    return [] if overdue else _due("again in", fresh, now)


def _waited(fresh: Freshness, now: float) -> Pieces:
    """How long the question under way has had no answer, once that is long; else nothing."""
    if (waited := fresh.unanswered(now)) < _LONG_ASKED:
        return []
    return [(f" · no answer for {int(waited)} s".ljust(len(" · no answer for 99 s")), QUIET)]


def _due(words: str, fresh: Freshness, now: float) -> Pieces:
    if fresh.due_at is None:
        return []
    ahead = int(fresh.due_at - now + 0.999)
    when = f"{words} {ahead} s" if ahead > 0 else f"{words.removesuffix(' in')} now"
    return [(f" · {when}".ljust(len(words) + 8), QUIET)]


def meter_pieces(budget: Budget) -> Sequence[Pieces]:
    """How much of what may be read is used up, or for how long nothing is read: the longest words first."""
    if (held_for := budget.held_for) > 0:
        return [[(f"{_ALARM} no reads for {int(held_for + 0.999)} s", WARN + STRONG + _BUDGET)]]
    (spent, limit), (others, _) = budget.meter, budget.others
    style = (ACCENT if spent >= limit * 0.9 else QUIET) + _BUDGET
    # A share moves seldom and needs no unit, and each form keeps its width while it does.
    used, own, theirs = (filled(reads, limit) for reads in (spent, spent - others, others))
    said = [f"wfdash used {used} of its request budget", f"wfdash used {used} of its budget"]
    if others:
        said = [f"this wfdash used {own} of the request budget, others {theirs}"]
    spare = " " * (len("100 %") - len(used))
    return [[(words + spare, style)] for words in (*said, f"budget {used} used")]
