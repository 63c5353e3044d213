"""What is known of an instance beside its own answer, so that every place says the same sentence of it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.retry import duration
from wfdash.core.model.status import running_code
from wfdash.core.why.current_steps import current_steps
from wfdash.core.why.diagnose import diagnose, time_words
from wfdash.core.why.session_times import SessionTimes, of_cut
from wfdash.core.why.why import TimeWords, Why

__all__ = ["WhyContext", "kept_for", "why_context"]


class WhyContext(Struct, frozen=True):
    local: bool = False
    """Whether a dev session runs it, which ends with that."""
    retention: float | None = None
    """Seconds finished instances are kept, where the configuration or its version says."""
    running: int | None = None
    """How many instances of the workflow run; None where that was not answered."""
    allowed: float | None = None
    """How many may run at once, where its version says."""
    session: SessionTimes | None = None
    """What is known of the dev session that runs it."""
    paused: Sequence[tuple[float, float | None]] = ()
    """From when to when it was paused, epoch seconds."""
    watched: float | None = None
    """Since when no pause of it can have gone unseen; None where one may have."""
    listed: str = ""
    """The status that the list goes on telling although its own answer says another; "" where they agree."""

    def why(self, detail: Detail, *, now: float, row: Instance | None = None, utc: bool = True) -> Why:
        """Why it is there, with all that is known."""
        return diagnose(
            detail,
            now=now,
            row=row,
            local=self.local,
            retention=self.retention,
            running=self.running,
            allowed=self.allowed,
            session=self.session,
            paused=self.paused,
            watched=self.watched,
            listed=self.listed,
            utc=utc,
        )

    def words(
        self, detail: Detail, *, now: float, row: Instance | None = None, utc: bool = True
    ) -> TimeWords:
        """Puts the instance's times in words, with what is known of its pauses and of its session."""
        return time_words(
            detail,
            now,
            row=row,
            local=self.local,
            session=self.session,
            paused=self.paused,
            watched=self.watched,
            utc=utc,
        )

    def is_cut(self, detail: Detail, now: float) -> bool:
        """Whether what runs of it was surely cut by a reload or a restart of its dev session."""
        if not self.local or detail.status != "running" or detail.simple:
            return False
        cut = of_cut(detail, current_steps(detail), self.session, TimeWords(now))
        return cut is not None and cut.cut == "surely"


def why_context(
    detail: Detail | None,
    *,
    local: bool,
    retention: float | None = None,
    default_retention: object = None,
    allowed: float | None = None,
    counts: Mapping[str, int] | None = None,
    session: SessionTimes | None = None,
    paused: Sequence[tuple[float, float | None]] = (),
    watched: float | None = None,
    listed: str = "",
    row: Instance | None = None,
) -> WhyContext:
    """Builds the context of one instance: the config's retention goes before that of its version.

    Of one that the server has erased its row may be all that is known.
    """
    answer = detail if detail is not None else row
    if retention is None and answer is not None:
        retention = kept_for(default_retention, answer.status)
    running = running_code(counts) if counts is not None and "running" in counts else None
    return WhyContext(local, retention, running, allowed, session, paused, watched, listed)


def kept_for(default_retention: object, status: str) -> float | None:
    """Seconds for which the version keeps an instance that ended so; None where it does not say.

    It is a duration, or one each for a success and for an error.
    """
    retention = default_retention
    if isinstance(retention, dict):
        retention = retention.get("success_retention" if status == "complete" else "error_retention")
    return duration(retention) if isinstance(retention, int | float | str) else None
