"""`?`: what every key does, by where it works, and what the statuses look like."""

from collections.abc import Collection, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.widgets import Input

from wfdash.core.model.status import STATUSES
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import counted
from wfdash.keymap.actions import ACTIONS, Action, textual_action
from wfdash.keymap.scopes import SCOPES
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings, labels_here
from wfdash.ui.widgets.choices import Scroller
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.header import badge_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces, StatusLine, length
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN, look

__all__ = ["HelpScreen"]

_GAP = 3
"""Cells between two columns of keys."""
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
    """The keys by where they are live, in one column, or two where they fit; a search leaves some."""

    opened_by = "help.open"
    labels: ClassVar[Mapping[str, str]] = {"row.open": "close", "filter.edit": "search"}
    offers = ("filter.edit", "layer.close")
    BINDINGS = bindings("row.open", "filter.edit")
    DEFAULT_CSS = "HelpScreen Field { display: none; margin: 0 1; }"

    def __init__(self, context: Context, active: Mapping[str, ActiveBinding]) -> None:
        """`active` are the keys in force on the page that it is opened over."""
        super().__init__(context)
        self._active = active

    def compose(self) -> ComposeResult:
        close = self.context.keys.key_of("layer.close")
        yield StatusLine(id="title")
        yield Scroller()
        yield Field(placeholder="a key, or what it does", keys=(("enter", "keep"), (close, "show all again")))
        yield KeyBar(self.context.pages)

    def on_mount(self) -> None:
        self.query_one(Scroller).focus()
        self.call_after_refresh(self._fill)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        live = self._live()
        here = self._of_here(live)
        titles = dict.fromkeys(scope.title for scope in SCOPES.values())
        # Whoever searches finds what is done to instances on other pages too.
        searched = bool(self.query_one(Field).value.strip())
        listed = [action for action in ACTIONS if searched or action.scope != "instance" or action in live]
        sections = [self._section(title, listed, without=here) for title in titles]
        sections[-1:-1] = [_statuses(), _signs()]
        sections.insert(0, self._here(here))
        if words := self.query_one(Field).value.strip().casefold():
            also = self._called(words)
            sections = [_holding(section, words, also) for section in sections]
        lines, scroller = (
            _flow([each for each in sections if each], self.size.width),
            self.query_one(Scroller),
        )
        scroller.fill(lines or [[], [(f"  nothing here holds {clean(words)}", QUIET)]])
        title = [(" ", PLAIN), *badge_pieces(identity_of(self.context, "")), ("Keys", STRONG)]
        if (more := len(lines) - scroller.page) > 0:
            title.append(
                (f"  {self.context.keys.key_of('move.down')} for {counted(more, 'more line')}", WARN)
            )
        said = "  each can be changed under [keys] in the config"
        if length(title) + len(said) <= self.size.width:
            title.append((said, QUIET))
        self.query_one("#title", StatusLine).show(title)

    def _of_here(self, live: list[Action]) -> list[Action]:
        """The actions that are particular to the page beneath."""
        labels = labels_here(self.app.screen_stack[-2])
        own = [
            action
            for action in live
            if action.id not in _REST
            and (action.id in labels or action.id in _FIRST or action.scope not in ("app", "table"))
        ]
        # What the hand does most on it stands first.
        return sorted(own, key=lambda action: action.id not in _FIRST)

    def _live(self) -> list[Action]:
        """The actions bound on the page beneath, with those on instances where it has any."""
        bound = {found.binding.action for found in self._active.values()}
        beneath = self.app.screen_stack[-2]
        live = [action for action in ACTIONS if textual_action(action.id) in bound]
        if not isinstance(beneath, BaseScreen) or beneath.subject()[1] or beneath.printed_by()[1]:
            return live
        # Some of these are bound by the app, on every page.
        if any(action.scope == "instance" and action.dangerous for action in live):
            return live
        return [action for action in live if action.scope != "instance"]

    def _here(self, actions: list[Action]) -> list[Pieces]:
        labels = labels_here(self.app.screen_stack[-2])
        own = [self._named(action, labels.get(action.id, "")) for action in actions]
        return [[(" Here", STRONG)], *own, []] if own else []

    def _named(self, action: Action, label: str) -> Pieces:
        """The line of an action, by what it does on the page beneath."""
        if not label:
            return self._line(action)
        return [("  " + fit(self.context.keys.keys_of(action.id), 18), STRONG), (label.capitalize(), PLAIN)]

    def _section(self, title: str, listed: list[Action], *, without: list[Action]) -> list[Pieces]:
        """The lines of a scope without those that stand above already; none where nothing is left."""
        own = [
            self._line(action)
            for action in listed
            if SCOPES[action.scope].title == title and action.id not in _REST and action not in without
        ]
        return [[(" " + title, STRONG)], *own, []] if own else []

    def _line(self, action: Action) -> Pieces:
        keys = self.context.keys.keys_of(action.id)
        text = action.help
        if action.id == "view.1":
            keys, text = f"{keys} to {self.context.keys.keys_of('view.9')}", "Saved views"
        return [("  " + fit(keys, 18), STRONG), (text, PLAIN)]

    # Search.

    def _called(self, words: str) -> Collection[str]:
        """The lines of actions that the key bar, or people who know other tools, call so."""
        labels = labels_here(self.app.screen_stack[-2])
        return {
            _text(line)
            for action in ACTIONS
            if words in action.also or words in action.label.casefold()
            for line in (self._line(action), self._named(action, labels.get(action.id, "")))
        }

    def action_filter_edit(self) -> None:
        field = self.query_one(Field)
        field.styles.display = "block"
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(Scroller).focus()

    def close_layer(self) -> bool:
        field = self.query_one(Field)
        if not (self.editing or field.value):
            return False
        field.value = ""
        field.styles.display = "none"
        self.query_one(Scroller).focus()
        return True

    def action_row_open(self) -> None:
        self.close()


_FIRST = ("row.open",)
_REST = {f"view.{number}" for number in range(2, 10)}


def _holding(section: list[Pieces], words: str, also: Collection[str]) -> list[Pieces]:
    """The title and the lines that hold the words or are in `also`; all lines where the title holds them."""
    if not section or words in _text(section[0]):
        return section
    found = [line for line in section[1:] if words in _text(line) or _text(line) in also]
    return [section[0], *found, []] if found else []


def _text(line: Pieces) -> str:
    return " ".join("".join(text for text, _ in line).casefold().split())


def _statuses() -> list[Pieces]:
    lines: list[Pieces] = [[(" Statuses", STRONG)]]
    for status in STATUSES:
        appearance = look(status)
        word = fit(status, 16)
        lines.append([(f"  {appearance.glyph} {word}", appearance.style), (_LEGEND[status], PLAIN)])
    return [*lines, []]


def _signs() -> list[Pieces]:
    lines: list[Pieces] = [[(f"  {fit(sign, 18)}", STRONG), (words, PLAIN)] for sign, words in _SIGNS]
    return [[(" Signs", STRONG)], *lines, []]


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
