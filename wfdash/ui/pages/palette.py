"""ctrl+p: every action by name, its key, and why it would do nothing now."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.containers import Vertical
from textual.widgets import Input

from wfdash.core.text.clean import cells, clean, fit
from wfdash.keymap.actions import ACTIONS, BY_ID, Action, textual_action
from wfdash.keymap.scopes import SCOPES
from wfdash.ui.base.panel import PanelScreen, Title
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.widgets.choices import Choices
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.status_line import Pieces, length
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG, WARN

__all__ = ["PaletteScreen"]


_SECOND = "\n"
"""Ends the key of the line below an entry, which has the reason that would be cut beside it."""
_INDENT = 23
"""Cells before what an action does, and two more."""


class PaletteScreen(PanelScreen):
    """Runs the action on the screen it was opened over."""

    BINDINGS = [*bindings("palette.open")]
    DEFAULT_CSS = """
    PaletteScreen > .panel { height: 70%; }
    PaletteScreen Field { margin: 0 1; }
    """

    def __init__(self, context: Context, active: dict[str, ActiveBinding]) -> None:
        super().__init__(context)
        self._here = {found.binding.action: found for found in active.values()}
        self._views: dict[str, str] = {}
        """Names of the saved views, by the action that opens each."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Title()
            yield Field(placeholder="type a part of what you want to do")
            yield Choices()

    def on_mount(self) -> None:
        views = self.context.settings.views
        self._views = {f"view.{view.key}": view.name for view in views if view.key}
        self.query_one(Field).focus()
        self.query_one(Choices).can_focus = False
        self.call_after_refresh(self._fill, "")

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.is_ready:
            self._fill(event.value)

    def key_pressed(self, key: str) -> None:
        super().key_pressed(key)
        rows = {"down": 1, "up": -1, "pagedown": 10, "pageup": -10}.get(key, 0)
        if rows:
            choices = self.query_one(Choices)
            choices.move(rows)
            # A second line is no choice of its own: on over it, and back from the last one.
            for step in (1 if rows > 0 else -1, -1):
                if (choices.choice or "").endswith(_SECOND):
                    choices.move(step)

    def _fill(self, typed: str) -> None:
        close = self.context.keys.key_of("layer.close")
        self.query_one(Title).name_it("Actions", f"up and down choose, enter does it, {close} closes")
        words = typed.lower().split()
        found = [
            action
            for action in ACTIONS
            if self._is_key(action, typed) or all(word in self._haystack(action) for word in words)
        ]
        reasons = {action.id: self._why_off(action) for action in found}
        found.sort(
            key=lambda action: (
                not self._is_key(action, typed),
                bool(reasons[action.id]),
                _far(action, words),
            )
        )
        choices = self.query_one(Choices)
        every = self.context.keys.key_of("help.open")
        choices.message = f"No action is called {clean(typed, 60)}.\n{close} closes; {every} lists every key."
        entries: list[tuple[str, Pieces]] = []
        width, spare = choices.size.width, choices.page - len(found)
        for action in found:
            said, *more = self._lines(action, reasons[action.id], width if spare > 0 else 0)
            spare -= len(more)
            entries += [(action.id, said), *((action.id + _SECOND, line) for line in more)]
        choices.fill(entries)
        choices.move_to(0)

    def _is_key(self, action: Action, typed: str) -> bool:
        """Whether the key itself was typed: what it does comes first, and be it off."""
        return typed.strip() in self.context.keys.keys_of(action.id).split()

    def _why_off(self, action: Action) -> str:
        if textual_action(action.id) not in self._here:
            return f"not here: works in {SCOPES[action.scope].works_in}"
        beneath = self.app.screen_stack[-2]
        return beneath.why_off(action.id) if isinstance(beneath, BaseScreen) else ""

    def _lines(self, action: Action, reason: str, width: int) -> list[Pieces]:
        """The lines of an entry: a reason that `width` would cut stands below it; 0 cuts it."""
        line = self._line(action, reason)
        if not (reason and 0 < width < length(line)):
            return [line]
        said = clean(reason)
        indent = max(2, min(_INDENT, width - cells(said) - 1))
        return [line[:-1], [(" " * indent + fit(said, max(1, width - indent - 1)).rstrip(), WARN)]]

    def _line(self, action: Action, reason: str) -> Pieces:
        keys = fit(self.context.keys.keys_of(action.id), 19)
        style = QUIET if reason else PLAIN
        line: Pieces = [("  " + keys, QUIET if reason else STRONG), (self._says(action), style)]
        return [*line, (f"  {clean(reason)}", WARN)] if reason else line

    def _says(self, action: Action) -> str:
        """What the action does, with the name of a saved view."""
        name = self._views.get(action.id, "")
        return f"{action.help}: {clean(name)}" if name else action.help

    def _haystack(self, action: Action) -> str:
        also = action.also
        return f"{action.label} {self._says(action)} {action.id} {also}".lower()

    async def on_input_submitted(self) -> None:
        choice = self.query_one(Choices).choice
        if choice is None:
            return
        choice = choice.removesuffix(_SECOND)
        reason = self._why_off(BY_ID[choice])
        found = self._here.get(textual_action(choice))
        context = self.context
        if not self.close():
            return
        if reason or found is None:
            self.app.call_after_refresh(context.notify, reason or "not here", severity="warning")
        else:
            if BY_ID[choice].dangerous:
                context.gate.close()
            self.app.call_after_refresh(self.app.run_action, found.binding.action, found.node)

    def action_palette_open(self) -> None:
        self.close()


def _far(action: Action, words: Sequence[str]) -> int:
    """A sort key: 0 where the label begins as typed, 1 where a word of the help does, 2 for any part."""
    if not words:
        return action.id.startswith("move.")
    if action.label.lower().startswith(words[0]):
        return 0
    starts = action.help.lower().split()
    return 1 if all(any(beginning.startswith(word) for beginning in starts) for word in words) else 2
