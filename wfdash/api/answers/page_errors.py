"""Answers that are not the API's at all: pages of proxies and firewalls, redirects, plain words, nothing."""

from typing import Any, Final
from urllib.parse import urlsplit

from wfdash.api.answers.envelope_errors import servers_side, unauthorized
from wfdash.api.answers.rate_limited import throttled
from wfdash.api.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    OtherServer,
    Refused,
    ServerFailed,
    Unauthorized,
    WorkflowsError,
)
from wfdash.api.http.answer import Answer
from wfdash.api.http.client import Http
from wfdash.api.http.request_info import RequestInfo

__all__ = ["HTML", "no_envelope", "redirected"]

HTML: Final = "an HTML page instead of JSON"


def no_envelope(http: Http, answer: Answer, asked: RequestInfo, why: str) -> WorkflowsError:
    """A sentence for an answer that is no JSON envelope, by its status."""
    origin: dict[str, Any] = {"http": answer.http, "ray": answer.ray}
    ray = f", ray {answer.ray}" if answer.ray else ""
    if answer.http == 401:
        return Unauthorized(unauthorized(http, "401"), **origin)
    if answer.http == 403:
        return _page_in_the_way(http, answer, origin)
    if answer.http == 404:
        return NotFound(
            f"The server has nothing at this address (404, {why}). Check the base URL"
            + (" and that this is a `wrangler dev` session." if http.local else " and the account."),
            **origin,
        )
    if answer.http == 429:
        return throttled(answer, origin)
    if answer.http >= 500:
        return ServerFailed(
            f"The server failed ({answer.http}{_edge(answer.http)}, {why}{ray}).{asked.doubt} "
            + servers_side(http),
            **origin,
        )
    if 400 <= answer.http < 500:
        return Refused(f"The server refused ({answer.http}, {why}{ray}).{asked.doubt}", **origin)
    failure = OtherServer if why == HTML else BadAnswer
    return failure(
        f"The answer is {why} ({answer.http}, {answer.media or 'no content type'}{ray})."
        f" Check the base URL.{asked.doubt}",
        **origin,
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


def _page_in_the_way(http: Http, answer: Answer, origin: dict[str, Any]) -> Forbidden:
    text = answer.body[:200].decode("utf-8", "replace").strip()
    if http.local and text.startswith("Invalid"):
        sentence = f"The dev session refused the request (403, {text}). Reach it as 127.0.0.1 or localhost."
    # Set by Cloudflare's firewall on a challenge page (fundamentals docs); such a 403 must not turn writes
    # off.
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
    failure = Forbidden(sentence, **origin)
    failure.challenge = True
    return failure


def redirected(http: Http, answer: Answer, asked: RequestInfo) -> WorkflowsError:
    """A sentence for an answer that leads elsewhere: the token goes nowhere but to the configured origin."""
    target = _place(str(answer.headers.get("location", "")))
    return OtherServer(
        f"The server answered {answer.http} and pointed to {http.hide(target)[:200]}. "
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
