"""`D`: theme, mouse, times, scale and columns, changed at once and kept in the config."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Vertical

from wfdash.config.schema import THEMES
from wfdash.config.settings import Settings
from wfdash.core.rows.columns import BY_NAME, COLUMNS, USUAL
from wfdash.core.text.clean import fit
from wfdash.core.timeline.axis import Scale
from wfdash.ui.base.kept_display import keep_display
from wfdash.ui.base.panel import PanelScreen, Title
from wfdash.ui.context import Context
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.terminal.rendering import TerminalApp, redress
from wfdash.ui.widgets.choices import Choices
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG

__all__ = ["DisplayScreen"]

_SETTINGS = ("theme", "time", "mouse", "scale")
_ABOUT: Mapping[str, str] = {
    "time": "of every time on screen",
    "scale": "how a timeline lays out time",
    **{f"column {column.name}": column.about for column in COLUMNS},
}


class DisplayScreen(PanelScreen):
    """Changes how things are shown, an entry a line: `enter` changes it, the arrows move a column."""

    labels: ClassVar[Mapping[str, str]] = {"row.open": "change"}
    BINDINGS = bindings("row.")

    def __init__(
        self, context: Context, dressed: TerminalApp, with_room: Callable[[], Collection[str]]
    ) -> None:
        """`dressed` is what takes on the settings; `with_room` tells which columns the list has room for."""
        super().__init__(context)
        self._dressed, self._with_room = dressed, with_room

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Title()
            yield Choices()

    def on_mount(self) -> None:
        choices = self.query_one(Choices)
        choices.styles.height = len(_SETTINGS) + len(COLUMNS)
        choices.focus()
        self._fill()  # a key typed behind the one that opens it finds its entries
        self.call_after_refresh(self._fill)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    @property
    def _shown(self) -> list[str]:
        return list(self.context.settings.columns or USUAL)

    def _fill(self) -> None:
        key_of = self.context.keys.key_of
        left, right = key_of("row.fold"), key_of("row.unfold")
        hint = f"{key_of('row.open')} changes, {left} {right} move a column, {key_of('layer.close')} closes"
        self.query_one(Title).name_it("Display", hint)
        shown = self._shown
        order = [*shown, *(name for name in BY_NAME if name not in shown)]
        entries: list[tuple[str, Pieces]] = [
            (name, self._line(name, self._value(name))) for name in _SETTINGS
        ]
        with_room = self._with_room()
        entries += [(name, self._line(f"column {name}", _seen(name, shown, with_room))) for name in order]
        self.query_one(Choices).fill(entries)

    def _line(self, name: str, value: str) -> Pieces:
        about = self._about(name)
        return [("  " + fit(name, 16), STRONG), (fit(value, 16), PLAIN), (about, QUIET)]

    def _about(self, name: str) -> str:
        settings = self.context.settings
        if name == "mouse":
            on = "taken from the terminal: to select there, hold shift"
            return on if settings.mouse else "left to the terminal, which selects text with it"
        if name == "theme" and settings.theme in THEMES:
            own = settings.theme.startswith("ansi")
            colours = "the terminal's own 16 colours" if own else "colours of its own"
            return f"{THEMES.index(settings.theme) + 1} of {len(THEMES)}: {colours}"
        return _ABOUT.get(name, "")

    def _value(self, name: str) -> str:
        context = self.context
        if name == "time":
            return "UTC" if context.utc else "local"
        if name == "mouse":
            return "on" if context.settings.mouse else "off"
        return context.settings.theme if name == "theme" else Scale(context.settings.scale).words

    def action_row_open(self) -> None:
        choice, settings, shown = self.query_one(Choices).choice, self.context.settings, self._shown
        if choice == "theme":
            at = THEMES.index(settings.theme) if settings.theme in THEMES else -1
            theme = THEMES[(at + 1) % len(THEMES)]
            self._take(replace(settings, theme=theme), "theme", theme)
        elif choice == "mouse":
            self._take(replace(settings, mouse=not settings.mouse), "mouse", not settings.mouse)
        elif choice == "scale":
            scale = Scale(settings.scale).next().value
            self._take(replace(settings, scale=scale), "scale", scale)
        elif choice == "time":
            self.app.call_later(self.app.run_action, "app.time_zone")
            self._keep("time", "local" if self.context.utc else "utc")
            self.call_after_refresh(self._fill)
        elif choice in shown and choice != "id":
            self._put([name for name in shown if name != choice])
        elif choice in BY_NAME and choice not in shown:
            self._put([*shown, choice])

    def action_row_fold(self) -> None:
        self._move(-1)

    def action_row_unfold(self) -> None:
        self._move(1)

    def _move(self, places: int) -> None:
        choice, shown = self.query_one(Choices).choice, self._shown
        if choice not in shown:
            return
        at = shown.index(choice)
        to = max(0, min(at + places, len(shown) - 1))
        shown.insert(to, shown.pop(at))
        self._put(shown)

    def _put(self, columns: list[str]) -> None:
        kept = () if columns == list(USUAL) else tuple(columns)
        self._take(replace(self.context.settings, columns=kept), "columns", kept)

    def _take(self, settings: Settings, name: str, value: str | bool | tuple[str, ...]) -> None:
        self.context.settings = settings
        redress(self._dressed, settings)
        self._keep(name, value)
        self._fill()

    def _keep(self, name: str, value: str | bool | tuple[str, ...]) -> None:
        if wrong := keep_display(self.context.settings, name, value):
            said = f"for this session only: {wrong}"
            self.app.call_after_refresh(self.context.notify, said, severity="warning")


def _seen(name: str, shown: Sequence[str], with_room: Collection[str]) -> str:
    """A column's place in the list, with `no room` for a chosen one that is not drawn.

    It would look like a fault.
    """
    if name not in shown:
        return "hidden"
    return f"{shown.index(name) + 1}{'' if name in with_room else ', no room'}"
