"""One entry of an instance's `steps`, read tolerantly: attempts and policy only once somebody asks."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct

from wfdash.core.model.json_values import fields_of, flag, number, part, text, text_or_number
from wfdash.core.model.times import parse_time

__all__ = ["ABSENT", "Absent", "Attempt", "Failure", "Step", "StepConfig", "read_failure"]


class Absent:
    """The type of ABSENT, which says "the answer had no such key", where null is a value of its own."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent()
_DIGITS: Final = 15
"""Digits of a limit that came as text: with more a float would no longer hold each number."""


class Failure(Struct):
    """An error as the API gives it: both parts raw, either may be empty."""

    name: str
    message: str


class Attempt(Struct):
    """One try of a step. All None but start: it still runs, or its session died."""

    start: float | None
    end: float | None
    success: bool | None
    error: Failure | None


class StepConfig(Struct):
    """A step's resolved policy. `limit` counts retries, so attempts are at most limit + 1.

    `delay` and `timeout` are raw (text, milliseconds, "[dynamic]", or None when the answer had none).
    """

    limit: float | None = None
    delay: str | float | None = None
    backoff: str = ""
    timeout: str | float | None = None
    sensitive: str = ""


class Step:
    """One entry of `steps`. Its key is `index`: names repeat, and a termination has none.

    Total: an entry that is not an object becomes a step of kind "".
    """

    __slots__ = (
        "_attempts",
        "_config",
        "_fields",
        "doing",
        "end",
        "error",
        "finished",
        "index",
        "kind",
        "lost",
        "name",
        "raw",
        "start",
        "success",
    )

    def __init__(self, index: int, entry: object) -> None:
        self._fields = fields = fields_of(entry)
        self._attempts: list[Attempt] | None = None
        self._config: StepConfig | Absent | None = ABSENT
        self.doing: str | None = None
        """What it is at, once that was worked out; see `core.why.current_steps`."""
        self.lost: Sequence[int] | None = None
        """Which attempts the platform lost, once that was looked for; see `core.why.failure`."""
        self.index = index
        """Position in ascending (oldest first) order."""
        self.raw = entry
        self.kind = text(fields.get("type"))
        """The API's `type`: step, sleep, waitForEvent, rollback, termination, or one yet unknown."""
        # Names are no keys: they repeat, also between a step and a sleep, and a termination has none
        # (measured on the engine).
        self.name = text(fields.get("name"))
        self.start = parse_time(fields.get("start"))
        # Of an open sleep or wait the cloud gives the planned end, a dev session null (reference, Get
        # instance; measured on the engine).
        self.end = parse_time(fields.get("end"))
        # Null is not false: an open step has null, and a failed attempt inside it is a retry, not a failure.
        self.success = flag(fields.get("success"))
        self.finished = flag(fields.get("finished"))
        self.error = read_failure(fields.get("error"))

    def __repr__(self) -> str:
        return f"Step({self.index}, {self.kind!r}, {self.name!r})"

    @property
    def attempts(self) -> list[Attempt]:
        if self._attempts is None:
            # Only asked for where a step is drawn: a detail of 10,000 steps has some 30,000 attempts.
            tries = self._fields.get("attempts")
            listed = [_attempt(entry) for entry in tries] if isinstance(tries, list) else []
            self._attempts = _oldest_first(listed)
        return self._attempts

    @property
    def config(self) -> StepConfig | None:
        if isinstance(self._config, Absent):
            self._config = _config(self._fields.get("config"))
        return self._config

    @property
    def awaits_attempt(self) -> bool:
        """Whether the answer lists its attempts and none has begun. Without the list nothing is said."""
        # A step that waits for a concurrency key has begun, and none of its attempts has.
        return self._fields.get("attempts") == [] and self.end is None and self.success is None

    @property
    def concurrency_key(self) -> str:
        """The key whose holders are limited account-wide, `config.concurrency.key`; "" for none.

        Seen in the generated API commands of Cloudflare's own client, November 2026.
        """
        # Where no answer was seen the place is not sure: beside the config it would mean the same.
        for source in (self._fields.get("config"), self._fields):
            if key := text(part(part(source, "concurrency"), "key")):
                return key
        return ""

    @property
    def output(self) -> Any:
        return self._fields.get("output", ABSENT)

    @property
    def event_type(self) -> str:
        return text(self._fields.get("event_type"))

    @property
    def raw_end(self) -> object:
        """The step's end as it came, in whatever form; None where it has none."""
        return self._fields.get("end")

    @property
    def trigger(self) -> str:
        """Who terminated, of a termination (its `trigger.source`); "" for any other step."""
        return text(part(self._fields.get("trigger"), "source"))


def read_failure(value: object) -> Failure | None:
    if value is None:
        return None
    # An error was seen as a bare string too.
    if isinstance(value, str):
        return Failure("", value) if value else None
    fields = fields_of(value)
    name, said = text(fields.get("name")), fields.get("message")
    # An error of another shape is shown as it came: silence about it would be taken for none.
    if fields is not value or (not name and not said):
        return Failure("", _as_json(value)) if value else None
    return Failure(name, said if isinstance(said, str) else _as_json(said) if said else "")


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _oldest_first(attempts: list[Attempt]) -> list[Attempt]:
    """The attempts oldest first, turned round where the answer had the newest first: the last one counts."""
    starts = [attempt.start for attempt in attempts]
    newest_first = len(starts) > 1 and all(
        late is not None and early is not None and late > early for late, early in pairwise(starts)
    )
    return attempts[::-1] if newest_first else attempts


def _attempt(entry: object) -> Attempt:
    fields = fields_of(entry)
    return Attempt(
        parse_time(fields.get("start")),
        parse_time(fields.get("end")),
        flag(fields.get("success")),
        read_failure(fields.get("error")),
    )


def _config(value: object) -> StepConfig | None:
    fields = fields_of(value)
    if fields is not value:
        return None
    retries = fields.get("retries")
    return StepConfig(
        _limit(part(retries, "limit")),
        # A number is milliseconds, a text a duration, and "[dynamic]" stands for a function of the Worker,
        # which made wrangler's describe fail (workers-sdk#15548).
        text_or_number(part(retries, "delay")),
        text(part(retries, "backoff")),
        text_or_number(fields.get("timeout")),
        text(fields.get("sensitive")),
    )


def _limit(value: object) -> float | None:
    """The limit of retries: a number, or the text of one, which a Worker may give and the API passes on."""
    if isinstance(value, str) and len(value) <= _DIGITS and value.isascii() and value.isdigit():
        return float(value)
    return number(value)
