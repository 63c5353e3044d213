"""A line for each action that is under way or has just settled, and for a long read, above the key bar."""

from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.verbs.outcome import Outcome
from wfdash.live.actions.progress import ActionProgress
from wfdash.ui.keys.key_names import KeyNames
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.strips import strip_of
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET, WARN

__all__ = ["ActionChips", "chip_pieces"]

MOST = 3
"""Lines at most; what failed is kept before what went well."""
_GLYPHS: dict[str, tuple[str, Style]] = {
    Outcome.DONE: ("✓", Style(color="green")),
    Outcome.UNDER_WAY: ("◐", WARN),
    Outcome.NO_EFFECT: ("!", WARN),
    Outcome.SKIPPED: ("!", WARN),
    Outcome.REFUSED: ("✗", BAD),
    Outcome.NOT_REACHED: ("✗", BAD),
    Outcome.UNKNOWN: ("?", BAD),
}


def chip_pieces(progress: ActionProgress, now: float, width: int, *, utc: bool, shows: str = "") -> Pieces:
    """An action as one line of cleaned text; `shows` is the key that shows all of an action on many."""
    counts = progress.counts()
    glyph, style = _GLYPHS.get(counts[-1][0], ("?", PLAIN)) if progress.over and counts else ("▸", PLAIN)
    if glyph in "✓◐!" and progress.over and progress.ended_badly:
        glyph, style = "✗", BAD  # sent as asked, and it failed again
    text = clean(progress.line(now, utc=utc))
    more = f" · {shows} shows it" if shows and not progress.single else ""
    if cells(text) + cells(more) > width - 4 and not progress.single:
        text = clean(progress.line(now, utc=utc, brief=True))
        more = more if cells(text) + cells(more) <= width - 4 else ""
    room = max(1, width - 4 - cells(more))
    # The verb stands at the front and the outcome at the end: what is cut is the id between them.
    shown = fit(text, room, cut="middle") if cells(text) > room else text
    return [(f" {glyph} ", style), (shown, PLAIN if progress.over else QUIET), (more, QUIET)]


class ActionChips(Widget):
    """The lines over the key bar about actions; as high as there are lines, mostly nothing."""

    DEFAULT_CSS = "ActionChips { height: auto; width: 1fr; }"

    def __init__(self, keys: KeyNames) -> None:
        super().__init__()
        self._keys = keys
        self._lines: list[Pieces] = []

    def show(
        self,
        actions: list[ActionProgress],
        now: float,
        *,
        utc: bool,
        cut_off: str = "",
        long_read: str = "",
    ) -> None:
        """Draws these chips; nothing is written when nothing differs.

        `cut_off` is a batch to go on with, `long_read` what is being read for somebody who waits.
        """
        # Sorted for what is kept, then drawn in the order of asking: a line never changes its place.
        chosen = sorted(actions, key=lambda progress: (progress.troubled, not progress.over))[-MOST:]
        kept = [progress for progress in actions if any(progress is shown for shown in chosen)]
        width, shows = self.app.size.width, self._keys.key_of("bulk.show")
        lines = [chip_pieces(progress, now, width, utc=utc, shows=shows) for progress in kept]
        if cut_off:
            offer = f" · {shows} resumes or drops it"
            said = fit(clean(cut_off), max(1, width - 4 - cells(offer)))
            lines.insert(0, [(" ! ", WARN), (said.rstrip(), PLAIN), (offer, QUIET)])
        if long_read:
            lines.append([(" ▸ ", PLAIN), (fit(clean(long_read), max(1, width - 4)).rstrip(), QUIET)])
        if lines != self._lines:
            # Laying out repaints the whole screen, so only another number of lines does it.
            higher = len(lines) != len(self._lines)
            self._lines = lines
            self.refresh(layout=higher)

    @property
    def plain(self) -> list[str]:
        """The lines as text."""
        return ["".join(text for text, _ in line).rstrip() for line in self._lines]

    def get_content_height(self, *_: object) -> int:
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        return strip_of(self._lines[y] if y < len(self._lines) else [], self.size.width)
