"""What a frame writes: the cells that were marked and no more.

Textual 8.2.8 crops a marked stretch on the right alone (`ChopsUpdate.render_segments`), so that one digit at
the end of a line costs the whole line.
"""

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate

__all__ = ["NarrowUpdate"]


class NarrowUpdate(ChopsUpdate):
    """The same update, cropped on both sides."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> "NarrowUpdate":
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        """The control sequences and text for the terminal."""
        sequences: list[str] = []
        for y, left, right in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items()):
                start, stop = max(x, left), min(end, right)
                if strip is None or start >= stop:
                    continue
                sequences.append(Control.move_to(start, y).segment.text)
                sequences.append(strip.crop(start - x, stop - x).render(console))
        return "".join(sequences)
