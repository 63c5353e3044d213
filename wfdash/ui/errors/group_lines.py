"""Lines on the group under the cursor: an example with why it failed and what it printed, and its newest."""

from rich.style import Style

from wfdash.core.text.clean import cells, clean, fit
from wfdash.core.text.words import age
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.error_groups import ErrorGroup, Sample
from wfdash.live.watcher import Watcher
from wfdash.ui.context import Context
from wfdash.ui.logs.last_lines import LastLines, line_pieces
from wfdash.ui.widgets.rule import ruled
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.theme import PLAIN, QUIET, STRONG

__all__ = ["GroupLines"]

_EXAMPLE, _LONG_EXAMPLE = 2, 5
"""Lines of the example's sentence: more of them where there is room for all of it."""
_NEWEST = 5
"""Lines of the newest ones of the group."""
_PRINTED = 4
"""Rows for the last lines of the example."""


class GroupLines:
    """Draws one group after another in as many lines as the longest so far.

    What stands below does not move with the cursor.
    """

    def __init__(self, context: Context, printed: LastLines) -> None:
        """`printed` has the last console lines of an instance read, once somebody asked for lines."""
        self._context, self._printed = context, printed
        self._example_lines, self._newest_lines = _EXAMPLE, 0

    def example(self, poller: Watcher, group: ErrorGroup, width: int, *, is_roomy: bool) -> list[Pieces]:
        """The newest instance of a group: its id, why it failed, what it printed last."""
        sample = group.samples[0]
        why = poller.row_details.why(sample.id)
        head = self._titled(sample, width, f"{self._context.keys.key_of('row.open')} lists the group")
        most = _LONG_EXAMPLE if is_roomy else _EXAMPLE
        lines = wrapped(clean(why.sentence if why is not None else ""), width - 4, most)
        self._example_lines = max(len(lines), min(most, self._example_lines))
        lines += [""] * (self._example_lines - len(lines))
        printed = self._last_lines(poller, sample, width)
        return [head, *([("  " + line, PLAIN)] for line in lines), *printed]

    def printed(self, poller: Watcher, sample: Sample, width: int) -> list[Pieces]:
        """The id of an example and what it printed last, to stand over its steps."""
        return [self._titled(sample, width), *self._last_lines(poller, sample, width)]

    def newest(self, group: ErrorGroup, width: int) -> list[Pieces]:
        """The newest instances of a group in columns, each with how long ago it failed."""
        now = self._context.clock()
        room = min(30, max((cells(clean(sample.id, 100)) for sample in group.samples), default=8))
        across = max(1, (width - 2) // (room + 11))
        shown = group.samples[: across * _NEWEST]
        self._newest_lines = max(self._newest_lines, -(-len(shown) // across))
        title: Pieces = [(f"its newest, {len(shown)} of {group.count}", QUIET)]
        hint = f"{self._context.keys.key_of('row.open')} lists the group"
        lines: list[Pieces] = [ruled(title, width, hint=hint, right="how long ago")]
        for first in range(0, across * self._newest_lines, across):
            line: list[tuple[str, Style]] = [("  ", PLAIN)]
            for sample in shown[first : first + across]:
                ago = age(now - sample.at) if sample.at is not None else ""
                line += [(fit(clean(sample.id, 100), room, cut="middle"), PLAIN), (f"{ago:>7}    ", QUIET)]
            lines.append(line)
        return lines

    def _titled(self, sample: Sample, width: int, hint: str = "") -> Pieces:
        name = fit(clean(sample.id, 200), width - 20, cut="middle").rstrip()
        return ruled([("for example ", QUIET), (name, STRONG)], width, hint=hint)

    def _last_lines(self, poller: Watcher, sample: Sample, width: int) -> list[Pieces]:
        context = self._context
        self._printed.want(poller.workflow, sample.id, None, sample.at)
        lines = self._printed.of_failure(poller.workflow, sample.id)
        return line_pieces(lines, width, _PRINTED, context.utc, context.keys.key_of("logs.open"))
