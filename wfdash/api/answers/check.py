"""Is this answer the thing asked for? The envelope, or the error that says why not."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from wfdash.api.answers.envelope import Envelope, Unreadable
from wfdash.api.answers.envelope_errors import refusal
from wfdash.api.answers.large_json import read_answer
from wfdash.api.answers.page_errors import HTML, no_envelope
from wfdash.api.errors import OtherServer, WorkflowsError
from wfdash.api.http.answer import Answer
from wfdash.api.http.client import Http
from wfdash.api.http.request_info import RequestInfo

__all__ = ["read_envelope"]


def read_envelope(
    http: Http,
    answer: Answer,
    asked: RequestInfo,
    *,
    partial: bool = False,
    read: Callable[[bytes], Any] = read_answer,
) -> Envelope:
    """The envelope of a good answer. With `partial`, also one that says success:false but has a result.

    `read` parses the body, or raises Unreadable.

    Raises the WorkflowsError that fits. An empty 204 to a write is an envelope without a result.
    """
    if 300 <= answer.http < 400:
        raise _redirected(http, answer, asked)
    envelope = _parse(answer, read)
    good = 200 <= answer.http < 300
    if answer.http == 204 and not answer.body and asked.writes:
        return Envelope(success=True)
    if isinstance(envelope, str):
        raise no_envelope(http, answer, asked, envelope)
    if good and asked.writes and envelope.success is None and not envelope.errors:
        raise no_envelope(http, answer, asked, "JSON that does not say whether it went well")
    if good and (envelope.success is not False and not envelope.errors):
        return envelope
    if good and partial and isinstance(envelope.result, dict):
        return envelope
    if good and envelope.success is True:
        return envelope
    raise refusal(http, answer, asked, envelope)


def _parse(answer: Answer, read: Callable[[bytes], Any]) -> Envelope | str:
    """The envelope, or why there is none."""
    if not answer.body.strip():
        return "empty"
    try:
        value = read(answer.body)
    except Unreadable as error:
        if answer.body.lstrip()[:1] == b"<" or answer.media == "text/html":
            return HTML
        return str(error)
    if not isinstance(value, dict):
        return "JSON, but not the Cloudflare API's"
    envelope = Envelope.read(value)
    if not envelope.recognised and not (200 <= answer.http < 300 and "result" in value):
        return "JSON, but not the Cloudflare API's"
    return envelope


def _redirected(http: Http, answer: Answer, asked: RequestInfo) -> WorkflowsError:
    place = _place(str(answer.headers.get("location", "")))
    return OtherServer(
        f"The server answered {answer.http} and pointed to {http.hide(place)[:200]}. "
        f"wfdash follows no redirect, so that the token goes nowhere else: check the base URL.{asked.doubt}",
        http=answer.http,
        ray=answer.ray,
    )


def _place(location: str) -> str:
    """Where a Location header leads, without path and query; as it stands where it is no address."""
    try:
        parts = urlsplit(location)
    except ValueError:  # a bracket that opens or closes no address
        return location
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else location or "nowhere"
