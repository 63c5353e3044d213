"""Instances that the server fails to answer for while it answers for others: they must not hold those up."""

from wfdash.api.errors import BadAnswer, OtherServer, ServerFailed, WorkflowsError

__all__ = ["Refusals"]

_FIRST, _LONGEST = 10.0, 60.0
"""Seconds until one is asked for again, doubled each time up to the longest."""
_KEPT = 1_000
"""Instances of which is remembered that they failed: of more than that most are listed no more."""
_ALONE = 3
"""Failures in a row that single instances may be the cause of."""


class Refusals:
    """Waits, by workflow and id, before an instance is read again that answers with an error each time.

    Never read, it would be asked for first each time, and nothing below it on the screen would be read.
    """

    def __init__(self) -> None:
        self._in_a_row = 0
        self._held: dict[tuple[str, str], tuple[int, float, int]] = {}
        """How often it failed, until when it rests, and the HTTP status of its answer, 0 for none."""

    def failed(self, workflow: str, identity: str, error: WorkflowsError, now: float) -> None:
        """Notes a failure where it is the answer for this instance, and not the way to the server."""
        if not isinstance(error, ServerFailed | BadAnswer) or isinstance(error, OtherServer):
            self._in_a_row = _ALONE + 1
            return
        self._in_a_row += 1
        times = self._held[workflow, identity][0] + 1 if (workflow, identity) in self._held else 1
        wait = min(_LONGEST, _FIRST * 2.0 ** min(times - 1, 8))
        # Not the error itself: it holds each frame that it came through, and what was read there.
        self._held.pop((workflow, identity), None)
        self._held[workflow, identity] = times, now + wait, error.http or 0
        if len(self._held) > _KEPT:
            del self._held[next(iter(self._held))]

    @property
    def passing(self) -> bool:
        """Whether what failed last is taken for that instance alone, so that the others are read at once.

        After several in a row it may be the server: then it is asked more and more rarely.
        """
        return 0 < self._in_a_row <= _ALONE

    def answered(self, workflow: str, identity: str) -> None:
        self._in_a_row = 0
        self._held.pop((workflow, identity), None)

    def until(self, workflow: str, identity: str) -> float:
        """When the instance may be asked for again, epoch seconds; 0 for one that was answered last."""
        held = self._held.get((workflow, identity))
        return 0.0 if held is None else held[1]

    def words(self, workflow: str, identity: str) -> str:
        """`no answer: HTTP 500`; "" for one that was answered last, or never asked for."""
        held = self._held.get((workflow, identity))
        if held is None:
            return ""
        http = held[2]
        return f"no answer: HTTP {http}" if http >= 400 else "no answer that can be read"

    def set_back(self, seconds: float) -> None:
        self._held = {key: (times, at - seconds, http) for key, (times, at, http) in self._held.items()}
