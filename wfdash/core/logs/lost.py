"""What the store of a dev session has lost: rows of calls, and lines with them.

Measured on wrangler 4.164: from some 530 writes on (half a minute of ten busy instances) its collector fails
each write that it began while another was under way ("Cannot perform I/O on behalf of a different request"),
with all rows in it, those of calls and those of lines. They do not come later. A new session begins anew.
"""

from collections.abc import Collection, Iterable

from msgspec import Struct

from wfdash.core.logs.line import PlacedLine
from wfdash.core.text.words import counted

__all__ = ["LostCalls"]


class LostCalls(Struct, frozen=True):
    """How many of the calls that printed lines have no row, once it should be there."""

    calls: int = 0
    of: int = 0

    @classmethod
    def among(
        cls, placed: Iterable[PlacedLine], rows: Collection[str], traces: Collection[str]
    ) -> "LostCalls":
        """Counts the calls of these lines, and those of them of which the store has no row.

        `rows` are the calls of which there is a row, `traces` the traces of which there is any.
        """
        printed = {
            entry.line.request
            for entry in placed
            if entry.line.source == "local" and not entry.line.foreign and entry.line.trace in traces
        }
        return cls(len(printed.difference(rows)), len(printed))

    @property
    def words(self) -> str:
        of = counted(self.of, "call")
        return (
            f"{self.calls} of {of} that printed these have no row in the session's store: it loses lines too"
        )
