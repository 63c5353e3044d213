"""`?`: what every key does, by where it works, and what the statuses look like."""

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding

from wfdash.core.model.status import STATUSES
from wfdash.core.text.clean import fit
from wfdash.keymap.actions import ACTIONS, Action, textual_action
from wfdash.keymap.scopes import SCOPES
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.choices import Scroller
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces, StatusLine, length
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN, look

__all__ = ["HelpScreen"]

_GAP = 3
_LEGEND = {
    "queued": "has not started",
    "running": "a step is running",
    "waiting": "sleeps, or waits for an event or a retry",
    "paused": "stands until it is resumed",
    "waitingForPause": "pauses once the running step is over",
    "rollingBack": "undoes its steps",
    "complete": "finished",
    "errored": "gave up with an error",
    "terminated": "was ended from outside",
}
_SIGNS = (
    ("•", "changed at the last refresh"),
    ("▌", "is marked: actions are about it"),
    ("?", "stands on an answer that is in doubt"),
    ("▲", "needs a look: stale, or a limit is near"),
    ("12m+", "still goes on after 12 m"),
)


class HelpScreen(BaseScreen):
    """The keys by where they are live, in one column, or two where they fit."""

    opened_by = "help.open"
    labels: ClassVar[Mapping[str, str]] = {"row.open": "close"}
    BINDINGS = bindings("row.open")

    def __init__(self, context: Context, active: Mapping[str, ActiveBinding]) -> None:
        """`active` are the keys in force on the page that it is opened over."""
        super().__init__(context)
        self._active = active

    def compose(self) -> ComposeResult:
        yield StatusLine(id="title")
        yield Scroller()
        yield KeyBar(self.context.pages.why_off)

    def on_mount(self) -> None:
        self.query_one(Scroller).focus()
        self.call_after_refresh(self._fill)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        sections = [self._section(title) for title in dict.fromkeys(scope.title for scope in SCOPES.values())]
        sections.insert(3, _legend())
        sections.insert(0, self._here())
        lines, scroller = _flow(sections, self.size.width), self.query_one(Scroller)
        scroller.fill(lines)
        title = [(" ", PLAIN), *badge_pieces(identity_of(self.context, "")), ("Keys", STRONG)]
        if (more := len(lines) - scroller.page) > 0:
            title.append((f"  {self.context.keys.key_of('move.down')} for {more} more lines", WARN))
        title.append(("  every one can be changed under [keys] in the config", QUIET))
        self.query_one("#title", StatusLine).show(title)

    def _here(self) -> list[Pieces]:
        """The keys of the page beneath: what is particular to it first."""
        beneath = self.app.screen_stack[-2]
        labels: Mapping[str, str] = getattr(beneath, "labels", {})
        live = {found.binding.action for found in self._active.values()}
        here = [
            action
            for action in ACTIONS
            if textual_action(action.id) in live
            and action.id not in _REST
            and (action.id in labels or action.scope not in ("app", "table"))
        ]
        if not here:
            return []
        own = [self._named(action, labels.get(action.id, "")) for action in here]
        return [[(" Here", STRONG)], *own, []]

    def _named(self, action: Action, label: str) -> Pieces:
        """The line of an action, by what it does on the page beneath."""
        if not label:
            return self._line(action)
        return [("  " + fit(self.context.keys.keys_of(action.id), 18), STRONG), (label.capitalize(), PLAIN)]

    def _section(self, title: str) -> list[Pieces]:
        lines: list[Pieces] = [[(" " + title, STRONG)]]
        for action in ACTIONS:
            if SCOPES[action.scope].title == title and action.id not in _REST:
                lines.append(self._line(action))
        return [*lines, []]

    def _line(self, action: Action) -> Pieces:
        keys = self.context.keys.keys_of(action.id)
        text = action.help
        if action.id == "view.1":
            keys, text = f"{keys} to {self.context.keys.keys_of('view.9')}", "Saved views"
        return [("  " + fit(keys, 18), STRONG), (text, PLAIN)]

    def action_row_open(self) -> None:
        self.context.pages.close_layer()


_REST = {f"view.{number}" for number in range(2, 10)}


def _legend() -> list[Pieces]:
    lines: list[Pieces] = [[(" Statuses", STRONG)]]
    for status in STATUSES:
        appearance = look(status)
        word = fit(status, 16)
        lines.append([(f"  {appearance.glyph} {word}", appearance.style), (_LEGEND[status], PLAIN)])
    lines += [[], [(" Signs", STRONG)]]
    lines += [[(f"  {fit(sign, 18)}", STRONG), (words, PLAIN)] for sign, words in _SIGNS]
    return [*lines, []]


def _flow(sections: list[list[Pieces]], width: int) -> list[Pieces]:
    columns: tuple[list[Pieces], list[Pieces]] = ([], [])
    half = sum(map(len, sections)) / 2
    for section in sections:
        columns[0 if len(columns[0]) + len(section) / 2 <= half else 1].extend(section)
    room, other = (max(map(length, column), default=0) for column in columns)
    room += _GAP
    if room + other > width:
        return [line for section in sections for line in section]
    rows = max(map(len, columns))
    left, right = ([*column, *([[]] * (rows - len(column)))] for column in columns)
    return [
        [*left_pieces, (" " * (room - length(left_pieces)), PLAIN), *other]
        for left_pieces, other in zip(left, right)
    ]
