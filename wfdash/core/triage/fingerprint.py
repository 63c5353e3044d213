"""What two failures have in common: the error with all that differs by chance taken out."""

import re

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.step import Failure
from wfdash.core.why.failure import attempt_failure, failing_step
from wfdash.core.why.step_names import base_name

__all__ = ["UNNAMED", "Fingerprint", "fingerprint", "plain_message"]

_CHANCE = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?\b"), "<time>"),
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE), "<url>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"), "<address>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b"), "<host>"),
    (
        re.compile(r"\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|dev|app|internal|local|cloud)(?::\d+)?\b", re.I),
        "<host>",
    ),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b[A-Za-z]+(?:[-_][A-Za-z0-9]+)*[-_]\d[\w-]*\b"), "<id>"),
    (re.compile(r"(?<![\w<])[-+]?\d+(?:[.,]\d+)*"), "<n>"),
)
_NAMED = re.compile(r"([A-Z]\w{0,60}(?:Error|Exception)): (.*)", re.DOTALL)
UNNAMED = "Error"
"""What an error without a name is called."""
_LONGEST = 2_000
"""Characters of a message that are looked at: enough to tell two causes apart, bounded against megabytes."""


class Fingerprint(Struct, frozen=True):
    """`message` has its ids, numbers, hosts and times taken out; `step` is without its -N counter."""

    error: str
    message: str
    step: str
    version: str

    @property
    def cause(self) -> tuple[str, str, str]:
        """The same failure whatever the version."""
        return (self.error, self.message, self.step)


def plain_message(message: str) -> str:
    """The first line of a message with what differs by chance replaced by `<n>`, `<id>`, `<time>`, ..."""
    line = message.lstrip()[:_LONGEST].split("\n", 1)[0]
    for pattern, word in _CHANCE:
        line = pattern.sub(word, line)
    return " ".join(line.split())


def fingerprint(detail: Detail) -> Fingerprint:
    """What this errored instance shares with others of its kind.

    The last attempt's error names the cause best: the engine wraps some of them in a general one of its own.
    """
    step = failing_step(detail)
    failure = ((attempt_failure(step) or step.error) if step else None) or detail.error or Failure("", "")
    name, message = failure.name, failure.message
    if not message and detail.error:
        message = detail.error.message
    name, message = _unwrapped(name, message)
    return Fingerprint(
        name or UNNAMED, plain_message(message), base_name(step.name) if step else "", detail.version
    )


def _unwrapped(name: str, message: str) -> tuple[str, str]:
    """The thrown class: the engine gives some as a plain `Error` and puts their name before the message."""
    named = _NAMED.match(message)
    if named and (name in ("", UNNAMED, named[1])):
        return named[1], named[2]
    return name, message.removeprefix(f"{name}: ")
