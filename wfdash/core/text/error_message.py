"""The line of an error that says what went wrong: a page's title, JSON's message, a traceback's last line."""

import json
import re
from typing import Any, Final

from wfdash.core.text.clean import masked

__all__ = ["main_line", "readable"]

_FROM_START: Final = 16_384
"""Characters looked at of the beginning of a large error."""
_FROM_END: Final = 4_096
"""Characters looked at. A traceback says what happened in its last line, everything else at its start."""
_GENERAL: Final = ("", "Error", "WorkflowFatalError")
"""Names that say nothing: the engine gives every thrown class as `Error` and puts its name before the message
(measured on the local engine)."""
_WRAPPED: Final = r'(?s)Step threw a NonRetryableError with message "(.+)"'
_NAMED: Final = r"((?:[A-Za-z_$][\w$.]{0,60})?(?:Error|Exception|Timeout)): *(?=\S)"
_PAGE: Final = r"(?i)<!doctype html|<html[\s>]"
_TITLE: Final = r"(?i)<(title|h1)\b[^>]*>([^<]{1,300})"
_TAG: Final = r"(?is)<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>"
_TRACEBACK: Final = "Traceback (most recent call last):"
_RAISED: Final = r"[A-Za-z_][\w.]{0,120}(?:: |:?$)"
_CAUSED: Final = r"(?m)^Caused by: (\S[^\n]{0,1000})$"
_WORDS: Final = ("message", "error_description", "detail", "msg", "reason", "title", "description")
_INSIDE: Final = ("error", "errors", "fault", "response", "body", "data", "cause")
_CODES: Final = ("code", "status", "statusCode", "status_code", "errorCode", "type")
_DEPTH: Final = 4
"""How often JSON is looked for in a field of JSON: a gateway wraps what a service wrapped."""


def main_line(name: str, message: str) -> tuple[str, str]:
    """The name and the one line of an error that a person needs to tell it from another.

    The name is the thrown class where the engine put it before the message; "" where none says anything.
    Never raises, whatever the text is; the line may be "".
    """
    text = masked(message.strip())  # before it is cut: half of a secret is not recognised as one
    if len(text) > _FROM_START + _FROM_END:
        text = f"{text[:_FROM_START]}\n{text[-_FROM_END:]}"
    if wrapped := re.fullmatch(_WRAPPED, text):
        text = wrapped[1].strip()
    line = _of_traceback(text) or _root_cause(text) or _of_page(text) or _of_json(text) or _first_line(text)
    name = name.strip()
    for _ in range(_DEPTH):
        found = re.match(_NAMED, line)
        if not found or (name not in _GENERAL and name != found[1] and found[1] not in _GENERAL):
            break
        name = name if found[1] in _GENERAL else found[1]
        line = line[found.end() :]
    return ("" if name in _GENERAL else name), " ".join(line.split())


def readable(message: str) -> list[str]:
    """The message line by line for a person who reads all of it: JSON indented, of an HTML page its title."""
    text = message.strip()
    if title := _of_page(text[:_FROM_START]):
        return [title, f"(an HTML page of {len(text):,} characters)"]
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    if start >= 0 and text.endswith(("}", "]")):
        try:
            value = json.loads(text[start:])
        except (ValueError, RecursionError):
            return text.splitlines()
        before = [text[:start].rstrip()] if text[:start].strip() else []
        return [*before, *json.dumps(value, indent=2, ensure_ascii=False).splitlines()]
    return text.splitlines()


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")


def _of_traceback(text: str) -> str:
    """The first line at the margin after the frames: there Python names the error; more may follow it."""
    if _TRACEBACK not in text:
        return ""
    after = text[text.rindex(_TRACEBACK) + len(_TRACEBACK) :]
    lines = [line for line in after.splitlines() if line.strip() and not line[0].isspace()]
    return next((line for line in lines if re.match(_RAISED, line)), lines[-1] if lines else "")


def _root_cause(text: str) -> str:
    """What stands behind the last `Caused by:` at the margin: what Java prints before it only wraps that."""
    causes = re.findall(_CAUSED, text)
    return str(causes[-1]).strip() if causes else ""


def _of_page(text: str) -> str:
    """The title of an HTML page behind what the program put before it."""
    found = re.search(_PAGE, text)
    if not found:
        return ""
    page = text[found.start() :]
    title = re.search(_TITLE, page)
    words = title[2] if title else _first_line(re.sub(_TAG, "\n", page))
    return f"{_before(text, found.start())}{words.strip() or 'an HTML page without a title'}"


def _of_json(text: str) -> str:
    """The message inside a JSON object, with its code, behind what the program put before it."""
    if text.startswith('"') and isinstance(inner := _parsed(text), str):
        return _of_json(inner.strip()) if inner.strip()[:1] in ("{", "[") else ""
    start = text.find("{")
    if start < 0 or not text.rstrip().endswith(("}", "]")):
        return ""
    if text[:start].rstrip().endswith("["):
        start = text.rindex("[", 0, start)
    words = _message_in(_parsed(text[start:]), _DEPTH)
    return f"{_before(text, start)}{words}" if words else ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _message_in(value: Any, depth: int) -> str:
    # A body is often passed on as the text that it came as.
    if isinstance(value, str) and depth > 0 and value.lstrip()[:1] in ("{", "["):
        value = _parsed(value)
    if isinstance(value, list):
        return next((words for item in value[:3] if (words := _message_in(item, depth - 1))), "")
    if not isinstance(value, dict) or depth <= 0:
        return ""
    inner = next((words for key in _INSIDE if (words := _message_in(value.get(key), depth - 1))), "")
    code = next((value[key] for key in _CODES if isinstance(value.get(key), (int, str))), "")
    if inner:
        # What wraps it has a type of its own, such as `error`; a status tells two failures apart.
        outer = code if code != value.get("type") and not inner.startswith("code ") else ""
        return _with_code(outer, inner)
    texts = (value.get(key) for key in (*_WORDS, "error"))
    words = next((_first_line(text) for text in texts if isinstance(text, str) and text.strip()), "")
    return _with_code(code, words)


def _with_code(code: int | str, words: str) -> str:
    return f"code {code}: {words}" if words and str(code) and str(code) not in words else words


def _before(text: str, at: int) -> str:
    """What a program wrote before a page or an object: `upstream said: ` stays, a line break does not."""
    words = " ".join(text[:at].split())
    return f"{words} " if words else ""
