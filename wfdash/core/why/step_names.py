"""How a step is called on screen, and which steps are repetitions of one another."""

import re
from functools import lru_cache

from wfdash.core.model.step import Failure, Step
from wfdash.core.model.step_kind import OWN
from wfdash.core.text.clean import cells, clean, cut, fit
from wfdash.core.text.error_message import main_line

__all__ = [
    "base_name",
    "counter_of",
    "error_name",
    "failure_text",
    "family",
    "numbered_name",
    "plain_step",
    "shown_name",
    "spoken_name",
    "terminator",
    "titled_name",
]

_DIGITS = 9
"""Digits of a counter: a longer number behind a name is part of it, as a time or an id."""
_COUNTER = re.compile(r"-\d+\Z")
_SUFFIX = re.compile(rf"-(\d{{1,{_DIGITS}}})$")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d+$")
_ONLY_WORDS = re.compile(r"[A-Z]?[a-z]*(?:[ _-][a-z]+)*")
"""Most names: nothing in them can differ by chance, and 10,000 steps are named in one answer."""
_LONGEST = 512
"""Characters looked at; step names are at most 256, but what the server sends decides."""


_WHO = {
    "api": "through the API",
    "binding": "by a Worker's binding",
    "event": "by an event",
    "cron": "by a schedule",
}


def terminator(source: str) -> str:
    """Who terminated an instance, by the source the API names: `through the API`; "" for nobody known."""
    if source in ("", "unknown"):
        return ""
    return _WHO.get(source) or f"by {clean(source, 80)}"


def base_name(name: str) -> str:
    """A step's name, raw, without the one `-N` counter that the engine appends."""
    return _COUNTER.sub("", name)


def counter_of(name: str) -> int | None:
    """The `-N` that the engine appended: which of the steps of its name it is."""
    found = _SUFFIX.search(name)
    return int(found[1]) if found else None


@lru_cache(maxsize=4096)
def plain_step(name: str) -> str:
    """The name that a step shares with others': `process order 1000-1` is `process order <n>`."""
    name = base_name(name[:_LONGEST])
    if _ONLY_WORDS.fullmatch(name):
        return name
    from wfdash.core.text.chance import without_chance  # not at the start: it compiles patterns for 12 ms

    return without_chance(name, is_name=True)


def shown_name(step: Step) -> str:
    """The step's name without the API's counter: `charge card-1` is `charge card`, `poll-3` is `poll #3`.

    Cleaned. A step without a name is called by its type, verbatim.
    """
    if not step.name:
        return clean(step.kind, _LONGEST) or "entry without a type"
    return numbered_name(step.name)


def titled_name(step: Step) -> str:
    """The name as `shown_name` has it, with its type before it where the Worker did not ask for the step."""
    kind = f"{clean(step.kind, 80) or 'no type'} " if step.name and step.kind not in OWN else ""
    return kind + shown_name(step)


def numbered_name(raw: str) -> str:
    """A name as the API gives it, cleaned, and the second step of that name with its number."""
    raw = cut(raw, _LONGEST)
    found = _SUFFIX.search(raw)
    name = clean(raw[: found.start()] if found else raw)
    if not name:
        name = "(no name)"
    if found and found[1] != "1":
        return f"{name} #{found[1]}"
    return name


def spoken_name(step: Step, width: int = 40) -> str:
    """The name inside a sentence: in quotes, since step names are often phrases; cut to `width` cells."""
    name = shown_name(step)
    if cells(name) > width:
        name = fit(name, width, cut="middle")
    return f'"{name}"'


def family(name: str) -> str:
    """What the names of steps that repeat one another share: the name without its counter and last number.

    `load page-7-1` and `load page-8-1` are of one family, and so are `poll-1` and `poll-2`.
    """
    if len(name) > _LONGEST:
        name = name[:_LONGEST]
    head, dash, counter = name.rpartition("-")
    if dash and len(counter) <= _DIGITS and counter.isdecimal():
        name = head
    plain = name
    if name[-1:].isdecimal() and name.isascii():
        bare = name.rstrip("0123456789")
        plain = name if bare[-1:].isalnum() else bare
    elif name[-1:].isdecimal():
        plain = _NUMBER.sub("", name)
    return plain.rstrip("#-_/: ") or name


def error_name(failure: Failure) -> str:
    """The name that says something, cleaned; "" when there is none.

    The engine gives a thrown class as `Error` and puts its name before the message.
    """
    name, _ = main_line(cut(failure.name, _LONGEST), failure.message)
    return fit(clean(name), 48).rstrip() if name else ""


def failure_text(failure: Failure, width: int = 100) -> str:
    """`Name: message` on one line, cut to `width` cells: of the message the line that says what failed.

    The plain name `Error` is left out, and the engine's wrapping of a NonRetryableError is taken off.
    """
    name, line = main_line(cut(failure.name, _LONGEST), failure.message)
    text = clean(": ".join(part for part in (name, line) if part), 10 * width) or "an error without a message"
    if "\n" in failure.message.strip() and cells(text) < width:
        text += " …"
    return fit(text, width) if cells(text) > width else text
