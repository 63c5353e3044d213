"""What an instance printed before it was restarted, in steps of which its answer says nothing any more."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from wfdash.core.logs.attempts import Attempts
from wfdash.core.logs.line import LogLine, PlacedLine
from wfdash.core.model.detail import Detail
from wfdash.core.model.times import iso
from wfdash.core.text.words import counted

__all__ = ["EarlierRun", "mark_earlier"]

_RESTARTED = 1.0
"""Seconds between creating an instance and queueing it, above which it was queued anew."""
_CUT = 0.0015
"""Times are cut to the millisecond."""


def mark_earlier(
    placed: Sequence[PlacedLine], attempts: Attempts, *, speaks: Callable[[LogLine], bool]
) -> list[PlacedLine]:
    """Marks what names an attempt that had not begun yet, and that another run of the code made.

    It was restarted from that step. Where a session has lost the call nothing else says so: the answer has
    the time of neither the restart nor the attempt that it cut off. `speaks` is whether a line's run names
    the instance.
    """
    if not any(entry.step is None and attempts.begins_later(entry.line) for entry in placed):
        return list(placed)
    runs_of: dict[tuple[str, int], set[str]] = {}
    for entry in placed:
        if entry.step is not None and entry.attempt is not None and not entry.line.foreign:
            runs_of.setdefault((attempts.name_of(entry.step), entry.attempt), set()).add(_run(entry.line))
    return [
        replace(entry, gone=True, among=(), likely=False)
        if entry.step is None
        and not entry.gone
        and not entry.line.foreign
        and speaks(entry.line)
        and (later := attempts.begins_later(entry.line)) is not None
        and runs_of.get(later, set()) - {_run(entry.line)}
        and _run(entry.line) not in runs_of[later]
        else entry
        for entry in placed
    ]


def _run(line: LogLine) -> str:
    """The key of a line's run: its trace, for in a dev session each call has an id of its own.

    Else its request.
    """
    return line.trace or line.request


class EarlierRun(Struct, frozen=True):
    """An earlier run of the instance, before a restart, whose lines may be among those that are shown."""

    lines: int
    """Which are among those that are shown."""
    at: float | None
    """When it was restarted; None where the answer does not say: from a step."""
    is_cut: bool
    """Whether it may have printed more, that was not read."""

    @classmethod
    def of(
        cls, gone: Sequence[float], detail: Detail, created: float | None, since: float
    ) -> "EarlierRun | None":
        """Reads whether there was a run before this one; None where nothing says so.

        `gone` is when its lines were printed, `created` when the instance was made, as far as that is known,
        and `since` from when lines were read.
        """
        began = detail.queued if detail.queued is not None else detail.start
        was_restarted = began is not None and created is not None and began - created > _RESTARTED
        if not (gone or was_restarted):
            return None
        before = was_restarted or (began is not None and any(at < began - _CUT for at in gone))
        is_cut = before and created is not None and created < since
        return cls(len(gone), began if before else None, is_cut)

    def words(self) -> str:
        """The rest of a sentence that begins with the instance."""
        when = f" {iso(self.at)}" if self.at is not None else " from a step"
        return f"was restarted{when}: {self.among}"

    @property
    def among(self) -> str:
        """A clause on how many of its lines are among those shown, and whether older ones are missing."""
        if not self.lines:
            return "what it printed before is not among these"
        are = "is" if self.lines == 1 else "are"
        more = "; older ones were not read" if self.is_cut else ""
        return f"{counted(self.lines, 'line')} of the run before {are} among these, marked so{more}"
