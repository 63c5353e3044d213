"""One request, one answer: sent once, bounded in time and size, never redirected, told to the observer."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from msgspec import Struct

from wfdash import __version__
from wfdash.api.errors import Refused, WorkflowsError
from wfdash.api.http import transport_errors as failures
from wfdash.api.http.answer import Answer
from wfdash.api.http.body import ACCEPTED_CODING, TooLarge, Undecodable, read_body
from wfdash.api.http.limit_headers import parse_retry_after
from wfdash.api.interface import Exchange, Observer
from wfdash.config.credential import Credential

__all__ = ["LARGEST", "LARGEST_INSTANCE", "NOTHING", "Http", "Nothing", "encoded", "segment"]

LARGEST = 16 * 1024 * 1024
"""Bytes of an answer, once decompressed, that are taken: 100 rows are some 50 kB, an output is 1 MiB."""
LARGEST_INSTANCE = 64 * 1024 * 1024
"""The same of an instance in full (25,000 steps of several attempts each), or of a step's stream."""

CONNECT = 5.0
"""Seconds to connect."""
READ = 30.0
"""Seconds without a byte."""
DEADLINE = 90.0
"""Seconds for an answer that keeps dripping, on top of the time without a byte."""


class Nothing:
    """The one value that means "no body", where None is the body `null`."""


NOTHING = Nothing()


def segment(text: str) -> str:
    """One path segment, percent-encoded down to the unreserved characters."""
    # An HTTP client normalises dot segments away, and the request would go to another resource.
    if text in ("", ".", ".."):
        raise Refused(f"{text!r} cannot be an id or a name: it would change the address.", sent=False)
    return quote(text, safe="", errors="surrogatepass")


def encoded(body: Any) -> bytes:
    """Writes a body as JSON in UTF-8; raises Refused for what JSON cannot say (NaN, endless nesting).

    Escaped, text that is not English would be up to six times as long, and over the limit of 1 MiB.
    """
    try:
        return json.dumps(body, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can say
        return json.dumps(body, separators=(",", ":")).encode("ascii")
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused(f"This cannot be written as JSON ({error}): nothing was sent.", sent=False) from None


class _Signature(httpx.Auth):
    """Adds the credential's headers; a class, so that no frame of ours ever holds them in a variable."""

    def __init__(self, credential: Credential | None, origin: str) -> None:
        self._credential = credential
        self._origin = origin

    def auth_flow(self, request: httpx.Request) -> Any:
        if self._credential is not None:
            request.headers.update(self._credential.headers_for(str(request.url), origin=self._origin))
        yield request


class Http(Struct):
    """Sends every request there is, to one server.

    `base` has no trailing slash; `client` follows no redirects.
    """

    base: str
    client: httpx.AsyncClient
    credential: Credential | None = None
    observer: Observer | None = None
    host: str = ""
    """A Host header to send instead of the one in `base`."""
    clock: Callable[[], float] = time.time
    local: bool = False
    proxy: str = ""
    """The variable that names the proxy to go through."""
    _renewed: float = 0.0

    async def ask(
        self,
        kind: str,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        body: Any = NOTHING,
        *,
        read: float = READ,
        most: int | None = None,
        writes: bool | None = None,
    ) -> Answer:
        """Sends once and reads the whole answer, whatever its status. `read` is seconds without a byte.

        `most` is how many bytes the answer may have, LARGEST where nothing is said. `writes` is whether it
        may change something; where nothing is said, whatever is no GET.

        Raises NotReached or BadAnswer; never follows or repeats.
        """
        target = path
        if query:
            target += "?" + urlencode(query, quote_via=quote, safe="", errors="surrogatepass")
        content = None if isinstance(body, Nothing) else encoded(body)
        request = self._request(method, target, content, read)
        exchange = _Pending(kind, method, target, self.clock(), time.perf_counter())
        writes = method != "GET" if writes is None else writes
        try:
            failure = await self._exchange(
                request, exchange, read, LARGEST if most is None else most, writes=writes
            )
        # The request may have arrived: it is logged like any other before the cancellation goes on.
        except asyncio.CancelledError:
            self._tell(exchange, "cancelled")
            raise
        self._tell(exchange, failure.sentence if failure else "")
        if failure is not None:
            raise failure
        answer = exchange.answer
        assert answer is not None
        # A stored login lives for an hour and is renewed by wrangler alone: it is read again here, never
        # refreshed, since a refresh would log wrangler out.
        if answer.http == 401:
            await self._renew()
        return answer

    def _request(self, method: str, target: str, content: bytes | None, read: float) -> httpx.Request:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED_CODING,
            "User-Agent": f"wfdash/{__version__}",
        }
        if content is not None:
            headers["Content-Type"] = "application/json"
        if self.host:
            headers["Host"] = self.host
        try:
            return self.client.build_request(
                method,
                self.base + target,
                content=content,
                headers=headers,
                timeout=httpx.Timeout(READ, connect=CONNECT, read=read),
            )
        except httpx.InvalidURL:
            raise Refused(
                f"No address can be made of that ({len(target):,} characters): nothing was sent.", sent=False
            ) from None

    async def _exchange(
        self, request: httpx.Request, exchange: "_Pending", read: float, most: int, *, writes: bool
    ) -> WorkflowsError | None:
        """Fills in the answer, or returns what went wrong: no traceback shall chain to httpx."""
        about = failures.Trip(request.url.host, request.url.port, writes, self.local, self.proxy)
        try:
            async with asyncio.timeout(CONNECT + read + DEADLINE):
                await self._read(request, exchange, most)
        except TooLarge:
            return failures.too_large(about, most, exchange.answer)
        except Undecodable as error:
            return failures.undecodable(about, str(error), exchange.answer)
        except TimeoutError:
            return failures.never_ended(about, CONNECT + read + DEADLINE, exchange.answer)
        except Exception as error:  # what an odd answer sets off is not httpx's errors alone
            return failures.unreached(about, error, read, exchange.answer)
        return None

    async def _read(self, request: httpx.Request, exchange: "_Pending", most: int) -> None:
        signature = _Signature(self.credential, self.base)
        # A redirect would carry the credential to another host, and turn a POST into a GET.
        response = await self.client.send(request, auth=signature, stream=True, follow_redirects=False)
        try:
            exchange.answer = answer = self._headed(response)
            answer.body = await read_body(response, most)
        finally:
            await response.aclose()

    def _headed(self, response: httpx.Response) -> Answer:
        """The answer as far as its headers say; what may be shown of them is rid of the secret first."""
        media = self.hide(response.headers.get("content-type", "")).partition(";")[0]
        ray = self.hide(response.headers.get("cf-ray", ""))
        asked, date = (response.headers.get(name, "") for name in ("retry-after", "date"))
        return Answer(
            response.status_code,
            response.headers,
            ray,
            media.strip().lower(),
            retry_after=parse_retry_after(asked, date, self.clock()),
        )

    def _tell(self, exchange: "_Pending", failure: str) -> None:
        milliseconds = (time.perf_counter() - exchange.began) * 1000
        answer = exchange.answer
        if answer is not None:
            answer.milliseconds = milliseconds
        if self.observer is None:
            return

        def header(name: str) -> str:
            return self.hide(answer.headers.get(name, "")) if answer else ""

        self.observer(
            Exchange(
                at=exchange.at,
                kind=exchange.kind,
                method=exchange.method,
                path=exchange.target,
                http=answer.http if answer else None,
                milliseconds=milliseconds,
                size=len(answer.body) if answer else 0,
                ray=answer.ray if answer else "",
                ratelimit=header("ratelimit"),
                ratelimit_policy=header("ratelimit-policy"),
                retry_after=answer.retry_after if answer else None,
                server_date=header("date"),
                failure=failure,
            )
        )

    async def _renew(self) -> None:
        """Looks after a 401, every 30 s at most, whether there is a newer secret, for the next request."""
        now = time.monotonic()
        if self.credential is not None and now - self._renewed > 30:
            self._renewed = now
            await asyncio.to_thread(self.credential.renew)

    def hide(self, text: str) -> str:
        return self.credential.hide(text) if self.credential else text

    async def close(self) -> None:
        await self.client.aclose()


class _Pending(Struct):
    kind: str
    method: str
    target: str
    at: float
    began: float
    answer: Answer | None = None
