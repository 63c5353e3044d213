"""What the demo's programs print, worked out from the log of an execution whenever somebody asks.

As of a real Worker: an instance is one invocation for each time it wakes, a line inside a step comes once an
attempt, and code outside steps prints again at every wake.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, TypeAlias
from zlib import crc32

from wfdash.demo.engine.instance import SimulatedInstance
from wfdash.demo.engine.log import LogEntry, LoggedAttempt

__all__ = ["ConsoleLine", "Invocation", "invocations"]

Level: TypeAlias = Literal["debug", "info", "log", "warn", "error"]
_IDLE = 1.0
"""Seconds without a running step after which an instance leaves memory: the next step wakes it again."""
_REPLAY = 0.008
"""Seconds that a woken instance takes to come to where it was."""
_LONG = " ".join(f"field{number}=value-{number:04d}" for number in range(180))


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """`args` are the arguments of one `console` call, `at` epoch seconds."""

    at: float
    level: Level
    args: tuple[Any, ...]


@dataclass(slots=True)
class Invocation:
    """One stay in memory; `end` is None while it lasts."""

    instance: SimulatedInstance
    number: int
    start: float
    end: float | None
    failed: bool = False
    lines: list[ConsoleLine] = field(default_factory=list)

    @property
    def request(self) -> str:
        return self._digest(f"request {self.number}")[:16].upper()

    @property
    def trace(self) -> str:
        return self._digest("trace")[:32]

    def _digest(self, what: str) -> str:
        instance = self.instance
        return sha256(
            f"{instance.workflow.name}/{instance.id}/{instance.restarts}/{what}".encode()
        ).hexdigest()


def _each(invocation: Invocation) -> bool:
    return True


def invocations(
    instance: SimulatedInstance, now: float, wanted: Callable[[Invocation], bool] = _each
) -> list[Invocation]:
    """Every stay of an instance in memory that is wanted, oldest first, with what it printed."""
    instance.tell(now)
    if instance.started is None or instance.run is None:
        return []
    entries = instance.run.entries
    found: list[Invocation] = []
    for start, end in _stays(instance, entries, now):
        found.append(Invocation(instance, len(found), start, end))
    found[-1].failed = instance.status == "errored"
    # What a tail has sent is asked for four times a second, and its lines are most of the work.
    found = [invocation for invocation in found if wanted(invocation)]
    for invocation in found:
        invocation.lines = sorted(_printed(invocation, entries, now), key=lambda line: line.at)
    return found


def _stays(
    instance: SimulatedInstance, entries: list[LogEntry], now: float
) -> list[tuple[float, float | None]]:
    """The stretches in memory: the times of attempts, joined where little lies between them."""
    began = instance.started if instance.started is not None else now
    ends: list[tuple[float, float | None]] = [(began, began)]
    attempts = [attempt for entry in entries for attempt in entry.attempts if attempt.start >= began]
    for attempt in sorted(attempts, key=lambda attempt: attempt.start):
        start, end = attempt.start, attempt.end
        last = ends[-1][1]
        if last is None or start - last <= _IDLE:
            ends[-1] = (ends[-1][0], None if end is None or last is None else max(last, end))
        else:
            ends.append((start - _REPLAY, end))
    start, last = ends[-1]
    if last is not None and not instance.final and now - last <= _IDLE:
        ends[-1] = (start, None)
    return ends


def _printed(invocation: Invocation, entries: list[LogEntry], now: float) -> Iterator[ConsoleLine]:
    instance = invocation.instance
    end = now if invocation.end is None else invocation.end
    yield ConsoleLine(invocation.start + 0.001, "log", (f"{instance.workflow.name} {instance.id} runs",))
    for place, entry in enumerate(entries):
        for number, attempt in enumerate(entry.attempts, 1):
            if invocation.start <= attempt.start <= end:
                yield from _of_attempt(instance, entry, number, attempt, now)
        if entry.kind == "step" and entry.success and entry.end is not None and _often(entry.plain, 3):
            yield from _outside(invocation, entry, entry.end, end, place)


def _outside(
    invocation: Invocation, entry: LogEntry, ended: float, until: float, place: int
) -> Iterator[ConsoleLine]:
    """Yields a line of the code after a step: when it ended, and again at each later wake."""
    if ended > until + 0.002:
        return
    at = max(ended, invocation.start) + 0.001 + place % 100 * 1e-6
    yield ConsoleLine(at, "info", (f"{entry.plain} is behind us",))


def _of_attempt(
    instance: SimulatedInstance, entry: LogEntry, number: int, attempt: LoggedAttempt, now: float
) -> Iterator[ConsoleLine]:
    """The lines of one attempt: some as text, some as an object, an error's with its stack."""
    end = now if attempt.end is None else attempt.end
    # By nothing but its beginning: a line that was printed stays where it is while the attempt goes on.
    after = 0.02 + crc32(f"{instance.id}{entry.plain}{number}".encode()) % 400 / 1000
    yield ConsoleLine(
        attempt.start + 0.004,
        "log",
        (f"[{instance.id}] {entry.plain}: attempt {number}", {"attempt": number}),
    )
    if _often(entry.plain, 2) and attempt.start + after < end:
        fields = {"event": "progress", "step": entry.plain, "instance": instance.id, "attempt": number}
        yield ConsoleLine(attempt.start + after, "info", ({**fields, "took": round(after, 3)},))
    if _often(f"{instance.id}{entry.name}", 12) and attempt.start + after < end:
        yield ConsoleLine(attempt.start + after, "debug", (f"{entry.plain} answered {_LONG}",))
    if attempt.end is None:
        return
    last = max(attempt.start, attempt.end - 0.005)
    if attempt.error is not None:
        error = f"{attempt.error.name}: {attempt.error.message}"
        if number > 1:
            yield ConsoleLine(last, "warn", (f"{entry.plain} failed {number} times by now",))
        stack = f"{error}\n    at run (worker.ts:{crc32(entry.plain.encode()) % 300 + 12}:9)"
        yield ConsoleLine(last, "error", (f"[{instance.id}] {entry.plain} failed, attempt {number}:", stack))
    elif _often(entry.name, 4):
        yield ConsoleLine(last, "log", (f"\x1b[32m✔\x1b[39m {entry.plain}",))


def _often(text: str, share: int) -> bool:
    return crc32(text.encode()) % share == 0
