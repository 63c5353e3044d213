"""What of an answer goes into a record that keeps no payloads: who, when, which status, step and attempt.

Params, outputs and events are left out, and of an error stays its name and a word for its kind: two messages
get the same word where they differ by ids, numbers and times alone.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from wfdash.core.model.json_values import NOT_RECORDED, NOT_RECORDED_KIND
from wfdash.core.text.chance import LONGEST, without_chance
from wfdash.core.text.error_message import main_line
from wfdash.core.why.platform_words import HOLLOW, platform_words

__all__ = ["redacted_detail", "redacted_kind", "redacted_message", "redacted_row", "redacted_steps"]

# Lists of what may stay, not of what must go: a key that the API adds tomorrow may hold anything of a
# customer's.
_HEAD: Final = (
    "status", "trigger", "versionId", "queued", "start", "end", "success", "step_count", "schedule",
)  # fmt: skip
_STEP: Final = (
    "name", "type", "start", "end", "success", "finished", "config", "event_type", "trigger",
)  # fmt: skip
_ATTEMPT: Final = ("start", "end", "success")
_ROW: Final = (
    "id", "status", "created_on", "modified_on", "started_on", "ended_on", "version_id", "workflow_id",
    "trigger_source",
)  # fmt: skip
_NAMED: Final = re.compile(r"([A-Za-z_$][\w$.]{0,60}(?:Error|Exception|Timeout)): *(?=\S)")
_WRAPPED: Final = re.compile(r'(Step threw a NonRetryableError with message ")(.+)(")', re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_$][\w$.]{0,80}|")
_SOUNDS: Final = ("bdfgklmnprstvz", "aeiou")
_ABSENT: Final = object()


def redacted_row(item: Mapping[str, Any]) -> dict[str, Any]:
    """A list row with the fields that are known, and of others those that hold no text."""
    return {
        key: value
        for key, value in item.items()
        # A number or a flag that is not known here can be told of in a later version; a text may be a
        # payload.
        if key in _ROW or value is None or isinstance(value, bool | int | float)
    }


def redacted_detail(result: Mapping[str, Any]) -> dict[str, Any]:
    """An instance's own answer without its steps."""
    kept = {key: result[key] for key in _HEAD if key in result}
    for key in ("params", "output"):
        _keep_mark(kept, key, result.get(key, _ABSENT))
    _keep_error(kept, result.get("error", _ABSENT))
    rollback = result.get("rollback", _ABSENT)
    if isinstance(rollback, Mapping):
        kept["rollback"] = {key: rollback[key] for key in ("outcome",) if key in rollback}
        _keep_error(kept["rollback"], rollback.get("error", _ABSENT))
    elif rollback is None:
        kept["rollback"] = None
    return kept


def redacted_steps(entries: list[Any]) -> list[Any]:
    """Entries of `steps`."""
    # Odd entries keep their places, by which steps are numbered.
    return [_step(entry) if isinstance(entry, Mapping) else None for entry in entries]


def _step(entry: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: entry[key] for key in _STEP if key in entry}
    _keep_mark(kept, "output", entry.get("output", _ABSENT))
    _keep_error(kept, entry.get("error", _ABSENT))
    tries = entry.get("attempts")
    if isinstance(tries, list):
        kept["attempts"] = [_attempt(attempt) for attempt in tries]
    return kept


def _attempt(attempt: object) -> dict[str, Any]:
    if not isinstance(attempt, Mapping):
        return {}
    kept = {key: attempt[key] for key in _ATTEMPT if key in attempt}
    _keep_error(kept, attempt.get("error", _ABSENT))
    return kept


def _keep_mark(kept: dict[str, Any], key: str, value: object) -> None:
    """Notes that there was a value; null is kept as it is, for it tells nothing."""
    if value is not _ABSENT:
        kept[key] = None if value is None else NOT_RECORDED


def _keep_error(kept: dict[str, Any], error: object) -> None:
    if error is _ABSENT:
        return
    if isinstance(error, str):
        kept["error"] = redacted_message("", error)
    elif isinstance(error, Mapping):
        name, message = error.get("name"), error.get("message")
        # What a program throws as a name may be a sentence with somebody's data in it.
        shown = {"name": name if _NAME.fullmatch(name) else "Error"} if isinstance(name, str) else {}
        if isinstance(message, str):
            shown["message"] = redacted_message(name if isinstance(name, str) else "", message)
        kept["error"] = shown
    else:
        kept["error"] = None


def redacted_message(name: str, message: str) -> str:
    """Replaces a message by a word that tells only whether another one is of its kind.

    Why an instance failed is told by comparing its message with those of its steps, so what the engine puts
    around one stays, and its own words, which hold nothing of a person's.
    """
    text = message.strip()
    if not text or text.lower() in HOLLOW:
        return message
    # Why an instance failed is found by comparing messages: what the engine puts around one has to stay
    # around its word.
    if wrapped := _WRAPPED.fullmatch(text):
        return wrapped[1] + redacted_message(name, wrapped[2]) + wrapped[3]
    if named := _NAMED.match(text):
        return named[0] + redacted_message(named[1], text[named.end() :])
    # Without ids and numbers, so that two failures of one kind get one word, as they get one group on the
    # page of errors.
    line = without_chance(main_line(name, text)[1][:LONGEST])
    return f"{NOT_RECORDED_KIND}{_word(line)} {platform_words(name, text)}".rstrip()


def redacted_kind(name: str, message: str) -> str:
    """The same word for a message and for what stands in its place in a record without payloads."""
    return message if message.startswith(NOT_RECORDED_KIND) else redacted_message(name, message)


def _word(line: str) -> str:
    """Eight letters that can be said, the same for a message each time.

    Those of one workflow hardly collide.
    """
    # A hash and no counter: the word for a message is the same in each run, and in two records of one
    # account.
    number = int.from_bytes(blake2b(line.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
    letters = []
    for index in range(8):
        sounds = _SOUNDS[index % 2]
        number, rest = divmod(number, len(sounds))
        letters.append(sounds[rest])
    return "".join(letters)
