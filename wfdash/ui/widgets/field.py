"""A text field: Textual's Input without blinking, box or keys that belong to the app."""

from collections.abc import Sequence

from rich.highlighter import Highlighter
from textual.binding import Binding
from textual.events import Paste
from textual.geometry import Offset, Region
from textual.suggester import Suggester
from textual.widgets import Input

__all__ = ["Field"]

_OURS = {"ctrl+c,super+c", "ctrl+x"}


class Field(Input, inherit_bindings=False):
    BINDINGS = [
        binding
        for binding in Input.BINDINGS
        if isinstance(binding, Binding) and not ({binding.key} & _OURS or binding.action == "copy")
    ]

    DEFAULT_CSS = """
    Field, Field:focus {
        border: none; padding: 0; height: 1; background: transparent; color: ansi_default; tint: transparent;
    }
    Field:ansi > .input--cursor, Field:ansi > .input--selection {
        background: ansi_default; color: ansi_default; text-style: reverse;
    }
    """
    # Reversed, the cursor stands out without colours too, and on a light ground.

    def __init__(
        self,
        *,
        placeholder: str = "",
        id: str | None = None,
        max_length: int = 2000,
        suggester: Suggester | None = None,
        highlighter: Highlighter | None = None,
        keys: Sequence[tuple[str, str]] = (),
        all_lines: bool = False,
    ) -> None:
        """`keys` stand in the key bar while it is typed in, with what they do.

        Of a paste the first line is taken, with `all_lines` all of them, one behind the other.
        """
        super().__init__(
            placeholder=placeholder,
            id=id,
            max_length=max_length,
            suggester=suggester,
            highlighter=highlighter,
            compact=True,
            select_on_focus=False,
        )
        self.cursor_blink = False
        self.keys = keys
        self._all_lines = all_lines
        self.note = ""
        """What came of the text, told beside those keys."""

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the cursor is drawn. Textual counts the blank cell behind the text twice."""
        shown = super().cursor_screen_offset
        return shown - Offset(1, 0) if self.cursor_at_end else shown

    def on_resize(self) -> None:
        """Keeps the cursor in sight: what stands beside the field may take room from it."""
        cursor = Region(self._cursor_offset, 0, 1, 1)
        self.scroll_to_region(cursor, force=True, animate=False)

    def _on_paste(self, event: Paste) -> None:
        """Takes a paste on one line, as much as fits: Textual would drop what is too long, with a bell."""
        lines = event.text.splitlines()
        event.text = " ".join(filter(None, map(str.strip, lines))) if self._all_lines else "".join(lines[:1])
        remaining = (self.max_length or 0) - len(self.value)
        if self.max_length and len(event.text) > remaining:
            event.prevent_default()
            event.stop()
            most = f"{self.max_length:,} characters"
            self.app.notify(f"nothing was pasted: it is longer than the {most} that fit", severity="warning")

    def action_cursor_right(self, select: bool = False) -> None:
        """Moves right. With a selection it only lets go of that; Textual would take a suggestion."""
        if not select and not self.selection.is_empty:
            self.cursor_position = max(self.selection)
            return
        super().action_cursor_right(select)
