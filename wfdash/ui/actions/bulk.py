"""A bulk as it goes: how far it came, what became of each, and the key that stops it."""

from collections.abc import Mapping
from itertools import chain, islice

from rich.style import Style
from textual import events
from textual.timer import Timer

from wfdash.core.model.instance import Instance
from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age, count, counted, estimated, spoken
from wfdash.core.text.wrap import wrapped
from wfdash.core.verbs.outcome import Outcome
from wfdash.core.verbs.rules import RESTARTS, inverse, leads_to, phrase, same_meaning
from wfdash.core.verbs.tally import PENDING
from wfdash.live.actions.ending import CANARY_WITHIN
from wfdash.live.actions.plan import Result, make_plan
from wfdash.live.actions.progress import ORDER, ActionProgress
from wfdash.live.budget.budget import Budget
from wfdash.ui.actions.prompt_text import shown_names
from wfdash.ui.base.dialog import LowerHalf, foot_lines, scrolled
from wfdash.ui.base.lone_key import LoneKey
from wfdash.ui.context import Context
from wfdash.ui.keys.prompt_gate import HOLD, bare
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import ACCENT, BAD, PLAIN, QUIET, STRONG, WARN

__all__ = ["BulkScreen", "bulk_lines"]

_STYLES: Mapping[str, Style] = {
    Outcome.DONE: PLAIN,
    "failed again": BAD,
    Outcome.UNDER_WAY: PLAIN,
    Outcome.NO_EFFECT: WARN,
    Outcome.SKIPPED: WARN,
    Outcome.REFUSED: BAD,
    Outcome.NOT_REACHED: BAD,
    Outcome.UNKNOWN: BAD,
}
_RANK = {outcome: -rank for rank, outcome in enumerate(ORDER)}
"""Where a result stands among others that are looked at as soon: the worst first."""
_BAR = 40
"""Cells of the bar of a batch."""
_SAME_CHANGE = 5.0
"""Seconds by which the server's time of a change may follow ours of the answer that settled it."""
_ROOMY = 11
"""Lines from which one is left empty above the results."""
_REASON = 3
"""Lines for why the rest is held."""
_SOON = 0.25
"""Seconds in which what comes about is gathered before it is drawn."""


def bulk_lines(
    progress: ActionProgress,
    width: int,
    height: int,
    *,
    top: int,
    now: float,
    shows: str = "",
    back: str = "",
    slow: str = "",
    bound: float = 0.0,
) -> list[Pieces]:
    """The progress, then the results, those to look at first; `shows` is the key that shows it again.

    `slow` is what actions wait for now, in words; `bound` the seconds that the rest takes at the least.
    """
    plan = progress.plan
    total = progress.total
    # What actions wait for is no news of one that has nothing left to send.
    slow = "" if progress.over else slow
    calm = progress.first_ran
    if progress.waits_for_first:
        waits = (
            f"the rest waits until the first {progress.canary} are complete, {spoken(CANARY_WITHIN)} at most"
        )
        calm = f"{waits}; {calm.replace(f'the first {progress.canary}', 'these')}" if calm else waits
    if progress.over and progress.all_complete:
        calm = "all repaired: each ran to its end"
    said = progress.held or progress.note or slow or calm
    lines: list[Pieces] = [
        [
            (f" {phrase(plan.verb)} ", Style(reverse=True, bold=True)),
            (f" {counted(total, 'instance')} in ", PLAIN),
            (clean(plan.workflow), STRONG),
        ],
        _bar(progress.sent, total, width, _time_left(progress, now, bound, slow=bool(slow))),
        *_counts(progress, width),
    ]
    # Why it is held is what a person decides on: that is said whole.
    style = WARN if said != calm else PLAIN
    most = _REASON if progress.held else 2 if said == calm else 1
    gap = [""] if height >= _ROOMY else []
    for line in wrapped(clean(said), max(8, width - 4), most) or gap:
        lines.append([(f"   {line}".rstrip(), style)])
    rows = [(PENDING, identity, "sent, waiting for the result") for identity in progress.followed]
    foot = foot_lines(_foot(progress, shows, back), width)
    room, many = max(1, height - len(lines) - 1 - len(foot)), len(rows) + len(progress.results)
    top = min(top, max(0, many - 1 if many > room else 0))
    visible = _in_order(progress, max(0, top - len(rows)), max(0, top + room - len(rows)))
    words = [(result.fate.word, result.id, _sentence(result, now)) for result in visible]
    shown_rows = _results([*rows[top : top + room], *words], width)
    more = max(0, len(shown_rows) - min(many - top, room))
    lines += shown_rows[:room]
    if many > room - more:
        # Where the sentence of the first one takes all the room, that one is shown all the same.
        lines.append(scrolled(top, max(top + 1, min(many, top + room - more)), many))
    lines = lines[: max(1, height - len(foot))]
    lines += [[]] * (height - len(lines) - len(foot))
    return [*lines, *foot][:height]


def _time_left(progress: ActionProgress, now: float, bound: float, *, slow: bool) -> float | None:
    """Seconds until all is sent: at the pace so far, or at the one that the limit of requests allows."""
    if progress.held or progress.stopping or not progress.sending:
        return None
    # Where it waits, the pace so far holds no more: it is longer than either says.
    seconds = progress.remaining(now)
    return max(seconds or 0.0, bound) or None if seconds is not None or slow else None


def _bar(sent: int, total: int, width: int, seconds: float | None) -> Pieces:
    rest = "" if seconds is None else f", about {estimated(seconds)} left"
    words = f"  {count(sent)} of {count(total)}{rest}"
    wide = min(_BAR, max(10, width - len(words) - 4))
    full = wide * sent // total if total else wide
    return [("   ", PLAIN), ("█" * full, STRONG), ("░" * (wide - full), QUIET), (words, PLAIN)]


def _counts(progress: ActionProgress, width: int) -> list[Pieces]:
    """The counts by outcome, on as many lines as they take: no number is cut."""
    counts: list[tuple[str, Style]] = [
        (words, _STYLES.get(outcome, PLAIN)) for outcome, words in progress.words()
    ]
    lines: list[list[tuple[str, Style]]] = [[("   ", PLAIN)]]
    for words, style in counts:
        taken = sum(cells(text) for text, _ in lines[-1])
        if len(lines[-1]) > 1 and taken + cells(words) + 3 > width:
            lines.append([("   ", PLAIN)])
        elif len(lines[-1]) > 1:
            lines[-1].append((" · ", QUIET))
        lines[-1].append((words, style))
    return list(lines)


def _in_order(progress: ActionProgress, start: int, stop: int) -> list[Result]:
    """The results from `start` to `stop`, those to look at first; sorted by group, for all are too many."""
    groups = sorted(progress.alike, key=lambda group: _worth(progress, next(iter(group.values()))))
    return list(islice(chain.from_iterable(group.values() for group in groups), start, stop))


def _worth(progress: ActionProgress, result: Result) -> tuple[int, int]:
    return _rank(progress, result), _RANK[result.outcome]


def _rank(progress: ActionProgress, result: Result) -> int:
    """How far down a result stands: what a person has to look at first, what was skipped or stopped last."""
    if result.unsent or not progress.is_eligible(result.id):
        return 4
    return 0 if result.ended_badly else 1 if result.failed else 2 if result.followed else 3


def _left(progress: ActionProgress, identities: tuple[str, ...]) -> str:
    """What is so of all that failed: `failed`, `were not sent` after a stop, or both."""
    skipped = {identity for identity in identities if progress.results[identity].outcome == Outcome.SKIPPED}
    were = "was" if len(identities) == 1 else "were"
    if len(skipped) == len(identities):
        return f"{were} not sent"
    return f"failed or {were} not sent" if skipped else "failed"


def _sentence(result: Result, now: float) -> str:
    """What became of it behind its word; where the run goes on, with how long ago its status was read."""
    said = f"{result.sentence or result.error} ".removeprefix(f"{result.fate.word} ").rstrip()
    return f"{said} {age(now - result.at)} ago" if result.followed and not result.ended else said


def _results(rows: list[tuple[str, str, str]], width: int) -> list[Pieces]:
    """A line a result with outcome, id and sentence; the first sentence whole, so that each can be read."""
    # Ids that would look alike once cut or cleaned are numbered: two people must be able to speak of one of
    # them.
    names = shown_names([identity for _, identity, _ in rows], max(12, width // 3))
    longest = max((len(name) for name in names), default=0)
    room = max(8, width - longest - 21)
    lines: list[list[tuple[str, Style]]] = []
    for (outcome, _, sentence), name in zip(rows, names, strict=True):
        lines.append(
            [
                (f"   {fit(outcome, 13)}", _STYLES.get(outcome, PLAIN)),
                (f"{fit(name, longest)}  ", STRONG),
                (fit(clean(sentence), room), PLAIN),
            ]
        )
    if rows and cells(said := clean(rows[0][2])) > room:
        first, *others = wrapped(said, room, _REASON)
        lines[0][-1] = (first, PLAIN)
        lines[1:1] = [[(" " * (longest + 18), PLAIN), (line, PLAIN)] for line in others]
    return list(lines)


def _foot(progress: ActionProgress, shows: str, back: str) -> list[Pieces]:
    again = f", {shows} shows it" if shows else ""
    marks: list[Pieces] = []
    if progress.answered:
        to_retry = progress.failed_eligible
        these = len(to_retry) or progress.total
        # The number says what the key takes before it is pressed.
        which, failed = ("the", f" that {_left(progress, to_retry)}") if to_retry else ("these", "")
        marks = [[("m", ACCENT), (f" mark {which} {count(these)}{failed}", PLAIN)]]
    if back:
        key, _, words = back.partition(" ")
        marks = [[(key, ACCENT), (f" {words}", PLAIN)], *marks]
    if progress.over:
        return [*marks, [("esc", STRONG), (" close", PLAIN)]]
    if progress.answered:
        return [*marks, [("esc", STRONG), (f" hide, wfdash still follows the runs{again}", PLAIN)]]
    if progress.held:
        return [
            [("g", ACCENT), (" send the rest", PLAIN)],
            [("x", ACCENT), (" leave the rest unsent", PLAIN)],
        ]
    if progress.stopping:
        return [[("stopping: nothing more is sent, what was sent is followed", WARN)]]
    if not progress.sending:
        return [[("all sent, following", PLAIN)], [("esc", STRONG), (f" hide{again}", PLAIN)]]
    return [
        [("x", ACCENT), (" stop sending", PLAIN)],
        [("esc", STRONG), (f" hide (it continues{again})", PLAIN)],
    ]


class BulkScreen(LowerHalf):
    """Shows how an action on many goes; to hide it stops nothing."""

    def __init__(self, context: Context, progress: ActionProgress) -> None:
        super().__init__(context)
        self.progress = progress
        self._top = 0
        self._offered_at: float | None = None
        """Since when the panel offers to send what is held."""
        self._soon: Timer | None = None
        self._lone = LoneKey(self, self._say)

    def on_mount(self) -> None:
        self.draw()
        self.set_interval(1.0, self.draw)

    def on_resize(self) -> None:
        self.draw()

    def draw_soon(self) -> None:
        """Draws what has come about since, once for all that comes within a moment."""
        # Several of many runs move a second, and each draw puts the lines in sight into words.
        if self._soon is None:
            self._soon = self.set_timer(_SOON, self.draw)

    def draw(self) -> None:
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        if self.is_ready:
            # The time runs anew with each offer: a key that was typed before it appeared does not answer it.
            if not self.progress.held:
                self._offered_at = None
            elif self._offered_at is None:
                self._offered_at = self.context.gate.now()
            width, height = self.room
            now, shows = self.context.clock(), self.context.keys.key_of("bulk.show")
            session = self.context.session
            budget = session.poller.budget if session is not None else None
            slow = budget.action_slow() if budget is not None else ""
            lines = bulk_lines(
                self.progress,
                width,
                height,
                top=self._top,
                now=now,
                shows=shows,
                back=self._back_words(),
                slow=slow,
                bound=self._bound(budget) if budget is not None else 0.0,
            )
            self.panel.show(lines)

    def _bound(self, budget: Budget) -> float:
        """The least seconds in which what is unsent can go; restarts of many are each read before."""
        unsent = self.progress.total - self.progress.sent
        read = self.progress.plan.verb in RESTARTS
        return budget.in_turn_take(unsent) if read else budget.actions_take(unsent)

    def _back(self) -> list[Instance]:
        """The rows that this action brought where they are and that nobody has changed since."""
        session, plan = self.context.session, self.progress.plan
        if session is None or not inverse(plan.verb) or session.poller.workflow != plan.workflow:
            return []
        if not self.progress.answered:
            return []
        settled = [result for result in self.progress.results.values() if not result.failed]
        rows = ((result, session.poller.store.get(result.id)) for result in settled)
        # The row's time is the server's, the result's is ours: compared without the skew, a clock that is off
        # makes every row look changed.
        ahead = session.skew.seconds
        return [row for result, row in rows if row is not None and self._is_as_left(result, row, ahead)]

    def _is_as_left(self, result: Result, row: Instance, ahead: float) -> bool:
        """Whether nothing changed it since; our clock is `ahead` of the server's, which the row tells."""
        verb = self.progress.plan.verb
        if row.status not in leads_to(verb) or not same_meaning(verb, result.after, row.status):
            return False
        # A row that changed later was changed by somebody else, and taking that back is not ours to offer.
        return row.modified is None or row.modified <= result.at - ahead + _SAME_CHANGE

    def _back_words(self) -> str:
        """The key that takes it back, and what it does; "" where nothing is left to take back."""
        verb, rows = inverse(self.progress.plan.verb), len(self._back())
        if not rows:
            return ""
        others = sum(not result.failed for result in self.progress.results.values()) - rows
        changed = f", not the {count(others)} that changed since" if others else ""
        return f"{self._back_key()} {verb} these {count(rows)}{changed}"

    def _back_key(self) -> str:
        return self.context.keys.key_of(f"instance.{inverse(self.progress.plan.verb)}")

    def _take_back(self) -> None:
        """Asks for the inverse as for any other action."""
        rows, plan = self._back(), self.progress.plan
        now, guard = self.context.clock(), self.context.desk.guard
        self.close()
        self.context.prompts.prompt(make_plan(inverse(plan.verb), plan.workflow, rows, now=now, guard=guard))

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        # Any key takes back a `g` that waits, and is then itself: stopping must never need a second press.
        self._lone.crowded()
        if event.key == "escape":
            self.close()
        elif bare(event) == "g" and self.progress.held:
            if self._is_readable(event):
                self._lone.take(event, self._go_on)
        elif (key := bare(event)) and key == self._back_words()[:1]:
            self._take_back()
            return
        elif event.key == "m" and self.progress.answered:
            self._mark()
        elif event.key == "x" and self.progress.sending:
            self.context.desk.stop(self.progress)
        elif event.key in ("down", "up"):
            step = 1 if event.key == "down" else -1
            self._top = max(0, min(len(self.progress.plan.targets), self._top + step))
        self.draw()

    def _is_readable(self, event: events.Key) -> bool:
        """Whether the offer to send the rest could be read before this key was pressed."""
        offered = self._offered_at
        return offered is not None and self.context.gate.stamp(event) >= offered + HOLD

    def _go_on(self) -> None:
        if self.progress.held:
            self.context.desk.go_on(self.progress)
            self.draw()

    def _say(self, words: str) -> None:
        if words:
            self.context.notify(words, severity="warning")

    def _mark(self) -> None:
        """Marks what failed, else all that this was about, and nothing else."""
        ids = self.progress.failed_eligible or tuple(target.id for target in self.progress.plan.eligible)
        # Alone: a bulk that follows would hold marks of before that nobody remembers.
        self.context.notify(
            self.context.pages.listing.mark_later(self.progress.plan.workflow, ids, alone=True)
        )
        self.close()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._lone.cancel()
