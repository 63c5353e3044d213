"""What the platform itself says in an error, told from what a person's own code throws in like words."""

import re
from typing import Final

from wfdash.core.model.json_values import NOT_RECORDED_KIND
from wfdash.core.model.step import Failure

__all__ = [
    "GENERAL",
    "HOLLOW",
    "INTERNAL",
    "NOT_HANDLED",
    "PAUSED",
    "RESET",
    "is_cut_short",
    "is_hollow",
    "is_internal",
    "is_of_all",
    "is_reset",
    "is_unstorable",
    "platform_words",
]

RESET: Final = "Durable Object reset because its code was updated"
"""What the platform throws into every running step when a new version is deployed."""
PAUSED: Final = "Aborting engine: User called pause"
"""Ends the attempt of a step that holds a sleep of its own; another follows (measured on the engine)."""
INTERNAL: Final = "WorkflowInternalError"
"""The platform's own name for an attempt that it lost, whatever the step had done by then."""
NOT_HANDLED: Final = "as a step threw an NonRetryableError and it was not handled"
"""How the instance's error ends then: it does not repeat the step's (measured on the local engine)."""
HOLLOW: Final = ("workflow failed", "instance failed", "workflow execution failed", "unknown error", "error")
"""Messages of an instance that only repeat its status: the failed step's own error is the cause."""
GENERAL: Final = ("", "Error", "WorkflowFatalError")
"""Names the engine gives to what any step may have thrown."""

_OF_ALL: Final = ("AggregateError", "All promises were rejected")
"""What the runtime throws where each of several steps failed and one would have done (Promise.any)."""
_CUT_OFF: Final = r"(?i)\s*(?:\.{3}|…)?\s*[\[(]?(?:truncated(?: [a-z]+)?)?[\])]?\s*$"
"""What may stand where a text was cut short."""
_SURE: Final = 64
"""Characters that two messages share from their start only where one is the other, cut without a mark."""
_MARKED: Final = 8
"""As many where the end says that it was cut."""
_NOT_STORED: Final = "return value not stored"
"""In place of the platform's sentence in a record that keeps no messages."""
_NOT_CLONED: Final = (
    r'(?s)Could not serialize object of type "[^"]{0,300}"\.?'
    r"(?: This type does not support serialization\.?)?"
    r"|.{1,300} could not be cloned\.?"
)
"""Said by the runtime under the name DataCloneError, as by the structuredClone that makes the copy."""
_NOT_KEPT: Final = (
    r'(?s)Value returned from step ".{0,300}" is not serialisable'
    r'|The execution of the Workflow instance was terminated, as the step ".{0,300}" returned'
    r" (?:a value which is not serialisable|an invalid ReadableStream output\. .{0,2000})"
    r"|Step .{1,300} output is too large\. Maximum allowed size is \S{1,12}"
)
"""Said by the engine (miniflare, context.ts)."""
_CLONE_ERROR: Final = "DataCloneError"
_LOOKED_AT: Final = 4_000
"""Characters of a message that can be one of these sentences."""
_ANOTHER_S: Final = (
    r"(?i)\b(?:repl(?:y|ied|ies)|respon(?:se|ded|ds)|answer(?:ed|s)?|said|says|upstream|remote)\b"
)
"""Words before a sentence that was passed on: it was another one's code that was updated."""


def is_reset(failure: Failure | None) -> bool:
    """Whether a deploy reset the step: the platform's whole sentence, or the end of what wraps it.

    A class of the Worker's own (`UpstreamError: ...`) is its own word for what somebody else said.
    """
    if failure is None or RESET not in failure.message:
        return False
    name, text = _unprefixed(failure)
    before, _, after = text.rpartition(RESET)
    if name not in GENERAL or after.strip(" ."):
        return False
    if text.startswith(NOT_RECORDED_KIND):
        return True
    return not before or (before.endswith(": ") and not re.search(_ANOTHER_S, before))


def is_internal(failure: Failure | None) -> bool:
    """Whether the platform says that it lost the attempt by an error of its own."""
    if failure is None or not (INTERNAL in failure.name or INTERNAL in failure.message):
        return False  # asked of each attempt, and there may be thousands
    return _unprefixed(failure)[0] == INTERNAL


def is_unstorable(failure: Failure | None) -> bool:
    """Whether the error says that a return value could not be stored: the step had done its work by then."""
    if failure is None or len(failure.message) > _LOOKED_AT:
        return False
    name, text = _unprefixed(failure)
    if text.startswith(NOT_RECORDED_KIND):
        return text.endswith(_NOT_STORED)
    if name == _CLONE_ERROR:
        return re.fullmatch(_NOT_CLONED, text) is not None
    return name in (*GENERAL, INTERNAL) and re.fullmatch(_NOT_KEPT, text.removesuffix(".")) is not None


def is_hollow(failure: Failure | None) -> bool:
    """Whether an instance's error is absent, or repeats only that it failed."""
    if failure is None:
        return True
    return failure.name in GENERAL and failure.message.strip().rstrip(".").lower() in HOLLOW


def is_of_all(failure: Failure | None) -> bool:
    """Whether the error is that of `Promise.any`, whose promises all failed.

    The steps' errors are the causes.
    """
    return failure is not None and _unprefixed(failure) == _OF_ALL


def is_cut_short(text: str, message: str) -> bool:
    """Whether the text is the beginning of the other: the API may cut an error of the instance."""
    if len(text) > _LOOKED_AT:
        return False
    stem = re.sub(_CUT_OFF, "", text, count=1)
    return len(stem) >= (_MARKED if stem != text else _SURE) and message.startswith(stem)


def platform_words(name: str, message: str) -> str:
    """The platform's words for which an error is known, without a word of a person's; "" for any other."""
    failure = Failure(name, message)
    if message.strip().endswith(NOT_HANDLED):
        return NOT_HANDLED
    if is_reset(failure):
        return RESET
    return _NOT_STORED if is_unstorable(failure) else ""


def _unprefixed(failure: Failure) -> tuple[str, str]:
    """Name and message; the engine gives some classes as `Error` and puts their name before the message."""
    name, text = failure.name.strip(), failure.message.strip()
    for _ in range(2):
        found = re.match(r"([A-Za-z_$][\w$]{0,60}(?:Error|Exception)): +", text)
        if not found or (name not in GENERAL and name != found[1]):
            break
        name = found[1] if found[1] not in GENERAL else name
        text = text[found.end() :]
    return name, text
