"""Asks under which name a filter and an order are kept."""

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Vertical

from wfdash.config.schema import SavedView
from wfdash.config.settings import SettingsError
from wfdash.core.text.clean import clean
from wfdash.ui.base.panel import PanelScreen, Title
from wfdash.ui.context import Context
from wfdash.ui.widgets.field import Field
from wfdash.ui.widgets.status_line import StatusLine
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET

__all__ = ["SaveViewScreen"]


class SaveViewScreen(PanelScreen):
    """Asks under which name to keep a view; its key is that of its namesake, or the next free number."""

    DEFAULT_CSS = "SaveViewScreen Field { margin: 0 1; }"

    def __init__(self, context: Context, view: SavedView) -> None:
        super().__init__(context)
        self._view = view

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel"):
            yield Title()
            yield Field(placeholder="a name for it", max_length=60)
            yield StatusLine(id="note")

    def on_mount(self) -> None:
        self.query_one(Field).focus()
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        close = self.context.keys.key_of("layer.close")
        self.query_one(Title).name_it("Save this view", f"enter saves, {close} closes")
        words = clean(self._view.filter) or "no filter"
        sort = f", sorted by {self._view.sort}" if self._view.sort else ""
        self.query_one("#note", StatusLine).show(
            [(f" {words}{sort}, on {clean(self._view.workflow)}", QUIET)]
        )

    def on_input_submitted(self) -> None:
        name = self.query_one(Field).value.strip()
        if not name:
            return
        settings = self.context.settings
        # Saving under a name that exists replaces it and keeps its key, which the fingers know.
        key = next((view.key for view in settings.views if view.name == name), "") or self._free_key()
        view = replace(self._view, name=name, key=key)
        # The demo is tried on machines that have a real config, which it must not touch.
        where = "for this session: the demo writes no config"
        if not settings.demo and settings.config_path is not None:
            from wfdash.config.writer import save_view

            try:
                save_view(settings.config_path, view)
            except SettingsError as wrong:
                self.query_one("#note", StatusLine).show([(" ", PLAIN), (clean(str(wrong)), BAD)])
                return
            where = f"in {settings.config_path}"
        others = tuple(saved for saved in settings.views if saved.name != name)
        self.context.settings = replace(settings, views=(*others, view))
        self.close()
        under = self.context.keys.key_of(f"view.{key}") if key else "no key: all nine are taken"
        sentence = f"saved {name} under {under}, {where}"
        self.app.call_after_refresh(self.context.notify, sentence)

    def _free_key(self) -> str:
        taken = {view.key for view in self.context.settings.views}
        return next((str(number) for number in range(1, 10) if str(number) not in taken), "")
