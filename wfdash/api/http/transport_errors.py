"""What went wrong on the way, in a sentence that says what happened and what to do next."""

import errno
import socket
import ssl
from collections.abc import Iterator

import httpx
from msgspec import Struct

from wfdash.api.errors import BadAnswer, NotReached, WorkflowsError
from wfdash.api.http.answer import Answer
from wfdash.api.http.request_info import UNKNOWN

__all__ = ["Trip", "never_ended", "too_large", "undecodable", "unreached"]


class Trip(Struct, frozen=True):
    """Where a request went."""

    host: str
    port: int | None
    writes: bool
    local: bool
    proxy: str = ""
    """What names the proxy that is connected to in the server's place."""

    @property
    def server(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    @property
    def doubt(self) -> str:
        """What has to be added when a write may or may not have arrived."""
        return UNKNOWN if self.writes else ""

    @property
    def next(self) -> str:
        """What is to be known and done after a request that went wrong on the way."""
        return f"{self.doubt} {_advice(self)}"


def too_large(trip: Trip, limit: int, answer: Answer | None) -> WorkflowsError:
    return BadAnswer(
        f"The answer of {trip.server} is larger than {limit // 2**20} MiB, so it was not read.{trip.doubt}",
        http=answer.http if answer else None,
        ray=answer.ray if answer else "",
    )


def undecodable(trip: Trip, what: str, answer: Answer | None) -> WorkflowsError:
    """The failure for a body that cannot be unpacked; `what` says why."""
    return _bad(trip, what, answer)


def never_ended(trip: Trip, seconds: float, answer: Answer | None) -> WorkflowsError:
    return NotReached(
        f"The answer of {trip.server} had not ended after {seconds:.0f} s.{trip.next}",
        http=answer.http if answer else None,
        ray=answer.ray if answer else "",
    )


def unreached(trip: Trip, error: Exception, read: float, answer: Answer | None) -> WorkflowsError:
    """The failure for an exception of httpx; `answer` is set when at least the headers came."""
    if answer is not None:
        return _bad(trip, "broke off before its end", answer)
    if isinstance(error, httpx.PoolTimeout):
        return NotReached(
            "Too many requests are still waiting for an answer: this one was not sent.", sent=False
        )
    if isinstance(error, httpx.ProxyError):
        return NotReached(
            f"The proxy on the way to {trip.server} refused: {_short(error)}. "
            f"Check {trip.proxy or 'HTTPS_PROXY'} and NO_PROXY.",
            sent=False,
        )
    if isinstance(error, httpx.ConnectTimeout):
        return NotReached(f"{trip.server} could not be connected to in time. {_advice(trip)}", sent=False)
    if isinstance(error, httpx.ConnectError):
        return NotReached(_connect_sentence(trip, error), sent=False)
    # From here on the request had left, so a write may have been carried out: the sentence must not say that
    # it was not.
    if isinstance(error, httpx.ReadTimeout):
        return NotReached(
            f"{trip.server} took the request but sent no answer within {read:.0f} s.{trip.next}"
        )
    if isinstance(error, httpx.WriteTimeout):
        return NotReached(f"{trip.server} stopped taking the request.{trip.next}")
    if isinstance(error, httpx.ReadError | httpx.WriteError | httpx.CloseError | httpx.RemoteProtocolError):
        return NotReached(f"{trip.server} closed the connection before it answered.{trip.next}")
    return NotReached(f"The request to {trip.server} failed ({type(error).__name__}).{trip.next}")


def _bad(trip: Trip, what: str, answer: Answer | None) -> WorkflowsError:
    return BadAnswer(
        f"The answer of {trip.server} {what}.{trip.next}",
        http=answer.http if answer else None,
        ray=answer.ray if answer else "",
    )


def _connect_sentence(trip: Trip, error: Exception) -> str:
    if trip.proxy and not any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return (
            f"The proxy named by {trip.proxy} could not be connected to ({_short(error)}). "
            f"Check {trip.proxy} and NO_PROXY."
        )
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return f"The name {trip.host} could not be looked up ({_short(cause)}). {_advice(trip)}"
        if isinstance(cause, ssl.SSLError):
            return (
                f"No secure connection to {trip.server}: {_tls(cause)}. "
                "Check the base URL, the clock, and SSL_CERT_FILE if a proxy signs certificates."
            )
        if isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED:
            return f"Nothing listens at {trip.server} (connection refused). {_advice(trip)}"
        if isinstance(cause, OSError) and cause.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
            return f"There is no network route to {trip.server}. {_advice(trip)}"
    return f"{trip.server} could not be connected to ({_short(error)}). {_advice(trip)}"


def _advice(trip: Trip) -> str:
    if trip.local:
        return "Is `wrangler dev` running there? Give its port with --local PORT."
    return "Check the network and any proxy, and the base URL if you set one."


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all it came from, groups included."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__]
        if isinstance(cause, BaseExceptionGroup):
            waiting += cause.exceptions


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return (error.reason or "the handshake failed").replace("_", " ").lower()


def _short(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:200]
