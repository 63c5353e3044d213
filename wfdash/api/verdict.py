"""Is this answer the thing asked for? The envelope, or the error that says why not."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from wfdash.api.errors import (
    AlreadyExists,
    BadAnswer,
    CannotTerminate,
    Forbidden,
    InstanceNotFound,
    NotFound,
    RateLimited,
    Refused,
    ServerFailed,
    Unauthorized,
    WorkflowNotFound,
    WorkflowsError,
)
from wfdash.api.http import Answer, Http
from wfdash.api.wire import Envelope, Unreadable, read_json

__all__ = ["LONGEST_WAIT", "Asked", "read_envelope", "retry_after"]

LONGEST_WAIT = 3600.0
"""Seconds; a Retry-After beyond it is taken for this."""

_BAD_TOKEN = {1000, 1001, 6003, 6111, 9103, 9106, 9107, 9207}
_THROTTLED = {971, 10429}
_ENGINE = re.compile(r"\((instance\.[a-z_]+)\)|workflows\.api\.error\.([a-z_.]+)")


class Asked:
    """What a request was about, for the words of its failure."""

    def __init__(self, what: str, *, workflow: str = "", instance: str = "", writes: bool = False) -> None:
        self.what = what
        self.workflow = workflow
        self.instance = instance
        self.writes = writes


def read_envelope(http: Http, answer: Answer, asked: Asked, *, partial: bool = False) -> Envelope:
    """The envelope of a good answer. With `partial`, also one that says success:false but has a result.

    Raises the WorkflowsError that fits. An empty 2xx answer to a write is an envelope without a result.
    """
    if 300 <= answer.http < 400:
        raise _redirected(http, answer)
    envelope = _parse(answer)
    good = 200 <= answer.http < 300
    if good and isinstance(envelope, str) and not answer.body and asked.writes:
        return Envelope(success=True)
    if isinstance(envelope, str):
        raise _not_the_envelope(http, answer, asked, envelope)
    if good and (envelope.success is not False and not envelope.errors):
        return envelope
    if good and partial and isinstance(envelope.result, dict):
        return envelope
    if good and envelope.success is True:
        return envelope
    raise _refusal(http, answer, asked, envelope)


def _parse(answer: Answer) -> Envelope | str:
    """The envelope, or why there is none."""
    if not answer.body.strip():
        return "empty"
    try:
        value = read_json(answer.body)
    except Unreadable as error:
        if answer.body.lstrip()[:1] == b"<" or answer.media == "text/html":
            return "an HTML page instead of JSON"
        return str(error)
    if not isinstance(value, dict):
        return "JSON, but not the Cloudflare API's"
    envelope = Envelope.read(value)
    if not envelope.recognised and not (200 <= answer.http < 300 and "result" in value):
        return "JSON, but not the Cloudflare API's"
    return envelope


def _redirected(http: Http, answer: Answer) -> WorkflowsError:
    to = str(answer.headers.get("location", ""))
    parts = urlsplit(to)
    place = f"{parts.scheme}://{parts.netloc}" if parts.netloc else to or "nowhere"
    return BadAnswer(
        f"The server answered {answer.http} and pointed to {http.hide(place)[:200]}. "
        "wfdash follows no redirect, so that the token goes nowhere else: check the base URL.",
        http=answer.http,
        ray=answer.ray,
    )


def _not_the_envelope(http: Http, answer: Answer, asked: Asked, why: str) -> WorkflowsError:
    """A sentence for an answer that is no JSON envelope, by its status."""
    facts: dict[str, Any] = {"http": answer.http, "ray": answer.ray}
    ray = f", ray {answer.ray}" if answer.ray else ""
    doubt = " It is not known whether it was carried out." if asked.writes else ""
    if answer.http == 401:
        return Unauthorized(_unauthorized(http, "401"), **facts)
    if answer.http == 403:
        return _page_in_the_way(http, answer, facts)
    if answer.http == 404:
        return NotFound(
            f"The server has nothing at this address (404, {why}). Check the base URL"
            + (" and that this is a `wrangler dev` session." if http.local else " and the account."),
            **facts,
        )
    if answer.http == 429:
        return _throttled(answer, facts)
    if answer.http >= 500:
        return ServerFailed(
            f"The server failed ({answer.http}{_edge(answer.http)}, {why}{ray}).{doubt}", **facts
        )
    if 400 <= answer.http < 500:
        return Refused(f"The server refused ({answer.http}, {why}{ray}).", **facts)
    return BadAnswer(
        f"The answer is {why if why != 'empty' else 'empty'}"
        f" ({answer.http}, {answer.media or 'no content type'}{ray}). Check the base URL.{doubt}",
        **facts,
    )


def _edge(status: int) -> str:
    """What Cloudflare's own 52x statuses mean."""
    return {
        520: " from Cloudflare's edge: the API gave it an odd answer",
        521: " from Cloudflare's edge: the API is down",
        522: " from Cloudflare's edge: the API did not answer it",
        523: " from Cloudflare's edge: the API cannot be reached from it",
        524: " from Cloudflare's edge: the API took too long",
        525: " from Cloudflare's edge: TLS to the API failed",
        526: " from Cloudflare's edge: the API's certificate is invalid",
    }.get(status, "")


def _page_in_the_way(http: Http, answer: Answer, facts: dict[str, Any]) -> Forbidden:
    text = answer.body[:200].decode("utf-8", "replace").strip()
    if http.local and text.startswith("Invalid"):
        sentence = f"The dev session refused the request (403, {text}). Reach it as 127.0.0.1 or localhost."
    elif answer.headers.get("cf-mitigated"):
        sentence = (
            "Cloudflare's firewall asked for a browser check (403, a challenge page) instead of answering. "
            "It says nothing about the token; try from another network, or wait."
        )
    else:
        sentence = (
            "Something between here and the API answered 403 with a page of its own, not the API's answer. "
            "It says nothing about the token; check proxy and network."
        )
    failure = Forbidden(sentence, **facts)
    failure.challenge = True
    return failure


def _unauthorized(http: Http, detail: str) -> str:
    source = http.credential.source if http.credential else ""
    if source.startswith("wrangler"):
        return f"wrangler's stored login is not accepted ({detail}): run `wrangler whoami`, which renews it."
    if not source:
        return f"The server wants credentials ({detail})."
    return (
        f"The API does not accept the credentials from {source} ({detail}). Check them, or make a new token."
    )


def _throttled(answer: Answer, facts: dict[str, Any], words: str = "") -> RateLimited:
    wait = retry_after(answer)
    when = f" It asks to wait {wait:.0f} s." if wait is not None else " It does not say for how long."
    return RateLimited(
        "Too many requests for this user: Cloudflare blocks them all for a while "
        f"(429{words}), dashboard and wrangler included.{when}",
        retry_after=wait,
        **facts,
    )


def retry_after(answer: Answer) -> float | None:
    """Seconds from the Retry-After header (a number, or a date against the answer's own Date)."""
    text = str(answer.headers.get("retry-after", "")).strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            until = parsedate_to_datetime(text)
            since = parsedate_to_datetime(str(answer.headers.get("date", "")))
            seconds = (until.astimezone(UTC) - since.astimezone(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if isfinite(seconds) else None


def _engine_word(message: str) -> str:
    """`instance.cannot_terminate` and the like, out of either dialect's message."""
    found = _ENGINE.search(message)
    return (found[1] or found[2]) if found else ""


def _refusal(http: Http, answer: Answer, asked: Asked, envelope: Envelope) -> WorkflowsError:
    """The error for an envelope that says no, by code and words first and by status then."""
    code, message = envelope.code, http.hide(envelope.words)
    word = _engine_word(message) or _KNOWN.get(code or 0, "")
    facts: dict[str, Any] = {
        "http": answer.http,
        "code": code,
        "message": message,
        "ray": answer.ray,
    }
    said = ", ".join(
        part for part in (str(answer.http), f"code {code}" if code is not None else "", message[:300]) if part
    )
    if answer.http == 429 or code in _THROTTLED:
        return _throttled(answer, facts, f", {message[:200]}" if message else "")
    if word.endswith("already_exists"):
        return AlreadyExists(
            f"The id {asked.instance or 'given'} is taken: an instance of {asked.workflow} has it, or "
            f"had it and its retention has not passed ({said}).",
            **facts,
        )
    if word.endswith("cannot_terminate"):
        return CannotTerminate(f"{asked.instance} is already final: nothing to terminate ({said}).", **facts)
    if word.startswith("instance.") and not word.endswith("not_found"):
        return Refused(f"The engine refused to {asked.what} ({said}).", **facts)
    if answer.http == 401 or code in _BAD_TOKEN or (code == 9109 and "token" in message.lower()):
        return Unauthorized(_unauthorized(http, said), **facts)
    if answer.http == 403:
        return Forbidden(_forbidden(asked, said), **facts)
    if answer.http == 404 or word.endswith("not_found"):
        return _not_found(asked, code, message, said, word, facts)
    if answer.http >= 500 or answer.http < 300 or (code in (10000, 10001) and not message.strip()):
        ray = f", ray {answer.ray}" if answer.ray else ""
        doubt = " It is not known whether it was carried out." if asked.writes else ""
        return ServerFailed(f"The API failed to {asked.what} ({said}{ray}).{doubt}", **facts)
    return Refused(f"The API refused to {asked.what} ({said}).", **facts)


_KNOWN = {
    10200: "workflow.not_found",
    10400: "instance.not_found",
    10401: "instance.cannot_terminate",
    10405: "instance.already_exists",
}


def _forbidden(asked: Asked, said: str) -> str:
    need = "Workers Scripts Write" if asked.writes else "Workers Scripts Read or Workers Tail Read"
    return f"These credentials may not {asked.what} ({said}). It takes the permission {need} on this account."


def _not_found(
    asked: Asked, code: int | None, message: str, said: str, word: str, facts: dict[str, Any]
) -> NotFound:
    local_instance = code == 10501 and message.startswith("Workflow instance")
    if word == "instance.not_found" or local_instance:
        return InstanceNotFound(
            f"{asked.workflow} has no instance {asked.instance}: expired, deleted or mistyped ({said}).",
            **facts,
        )
    if word == "workflow.not_found" or code == 10501:
        return WorkflowNotFound(
            f"There is no workflow {asked.workflow} in this account ({said}). Is it the Worker's name "
            "rather than the workflow's, or another account?",
            **facts,
        )
    return NotFound(
        f"The API has nothing there to {asked.what} ({said}). Check names, id and account.", **facts
    )
