"""The Workflows REST API as an ASGI application over a world."""

import asyncio
from collections.abc import Iterable
from email.utils import formatdate
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from wfdash.demo.engine.verbs import VerbRefused
from wfdash.demo.engine.world import World
from wfdash.demo.http import account, routes
from wfdash.demo.http.analytics import SimulatedAnalytics
from wfdash.demo.http.credentials import ACCOUNT_ID, EMAIL, KEY, READ_ONLY_TOKEN, TOKEN
from wfdash.demo.http.envelope import SimulatedAnswer, failure
from wfdash.demo.http.faults import InjectedFault, Spoiler
from wfdash.demo.http.ratelimit import RateLimit
from wfdash.demo.http.request_log import Ledger, LoggedRequest
from wfdash.demo.http.requests import Ask
from wfdash.demo.http.routes import Handler
from wfdash.demo.http.tails import PATH as TAIL_PATH
from wfdash.demo.http.tails import Tails
from wfdash.demo.http.telemetry import Telemetry

__all__ = ["PREFIX", "Application", "create_app"]

PREFIX = "/client/v4"
LARGEST_BODY = 16 * 1024 * 1024
BODY_TIME = 30.0
"""Seconds a body may take."""
_ROUTES = [*routes.ROUTES, *account.ROUTES]


class Application:
    """`state.requests` is what it was asked, `state.faults` what it will spoil, `state.world` its world.

    `state.telemetry` and `state.tails` serve what its programs print, and what goes amiss with that;
    `state.analytics` counts what came and ended.
    """

    def __init__(self, world: World, faults: Iterable[InjectedFault], latency: float, limit: int) -> None:
        self.state = SimpleNamespace(world=world, requests=Ledger(), faults=list(faults), latency=latency)
        self.state.telemetry, self.state.tails = Telemetry(world), Tails(world)
        self.state.analytics = SimulatedAnalytics(world)
        served = (self.state.telemetry, self.state.tails, self.state.analytics)
        self._routes = [*_ROUTES, *(route for each in served for route in each.routes)]
        self._limit = RateLimit(world.clock, limit=limit)
        self._answered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            if scope["path"].startswith(TAIL_PATH):
                await self.state.tails.connect(scope, receive, send)
            else:
                await receive()
                await send({"type": "websocket.close", "code": 1008})
        if scope["type"] != "http":
            return
        asked = LoggedRequest.of(scope, b"", self.state.world.clock())
        refusal = _who(asked.headers)[1]
        if refusal is None:  # a stranger's body is not even read
            refusal = await self._read_body(asked, Request(scope, receive))
        self.state.requests.append(asked)
        if self.state.latency:
            await asyncio.sleep(self.state.latency)
        spoiler = Spoiler.for_request(self.state.faults, asked, scope)
        if await spoiler.before(receive):
            return
        answer = spoiler.instead() or self.answer(asked, refusal)
        spoiler.change(answer)
        asked.http = answer.http
        await spoiler.send(self._response(answer), scope, receive, send)

    def _response(self, answer: SimulatedAnswer) -> Response:
        self._answered += 1
        headers = {
            "cf-ray": f"{0x8D3A0000000 + self._answered:016x}-AMS",
            "date": formatdate(self.state.world.clock(), usegmt=True),
            "server": "cloudflare",
            **answer.headers,
        }
        return Response(answer.body(), answer.http, headers, media_type=answer.type)

    async def _read_body(self, asked: LoggedRequest, request: Request) -> SimulatedAnswer | None:
        """Takes the body in, or gives the refusal of one that is too large, too slow or broken off."""
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_TIME):
                async for part in request.stream():
                    body += part
                    if len(body) > LARGEST_BODY:
                        return failure(413, 10002, "workflows.api.error.body: larger than 16 MiB")
        except TimeoutError:
            return failure(408, 10002, "workflows.api.error.body: it did not come in time")
        except ClientDisconnect:
            return failure(400, 10002, "workflows.api.error.body: it broke off")
        asked.body = bytes(body)
        return None

    def answer(self, asked: LoggedRequest, refusal: SimulatedAnswer | None = None) -> SimulatedAnswer:
        """The answer to a request, without latency and faults; `refusal` where that is settled already."""
        user, stranger = _who(asked.headers)
        refusal = refusal or stranger
        headers, too_many = self._limit.count(user)
        answer = refusal or too_many or self._route(asked, user)
        answer.headers = {**headers, **answer.headers}
        return answer

    def _route(self, asked: LoggedRequest, user: str) -> SimulatedAnswer:
        path, _, query = asked.path.partition("?")
        if not path.startswith(f"{PREFIX}/"):
            return failure(404, 7000, "No route for that URI")
        segments = [unquote(part) for part in path.removeprefix(PREFIX).strip("/").split("/")]
        ask = Ask(asked.method, segments, parse_qs(query, keep_blank_values=True), asked.body)
        ask.host = asked.headers.get("host", "")
        if segments[0] == "accounts" and len(segments) > 1 and segments[1] != ACCOUNT_ID:
            return failure(403, 9109, "Unauthorized to access requested resource")
        handler = self._handler(ask)
        if handler is None:
            return self._no_handler(ask)
        # What is asked of logs is read, by whatever method.
        reads = segments[2:3] == ["workers"] or segments == ["graphql"]
        if user == READ_ONLY_TOKEN and ask.method != "GET" and not reads:
            return failure(403, 10000, "Authentication error")
        try:
            return handler(self.state.world, ask)
        except VerbRefused as refused:
            return failure(refused.http, refused.code, refused.message)

    def _handler(self, ask: Ask) -> Handler | None:
        handlers = (
            handler
            for method, pattern, handler in self._routes
            if method == ask.method and _fits(pattern, ask)
        )
        return next(handlers, None)

    def _no_handler(self, ask: Ask) -> SimulatedAnswer:
        """The refusal where the method or the path has no route, with the codes of Cloudflare's gateway."""
        methods = sorted({method for method, pattern, _ in self._routes if _fits(pattern, ask)})
        if not methods:
            return failure(404, 7000, "No route for that URI")
        refused = f"Method {ask.method} not available for that URI."
        return failure(405, 7001, refused, Allow=", ".join(methods))


def _who(headers: Headers) -> tuple[str, SimulatedAnswer | None]:
    """Whose budget the request counts on, and the refusal when it may not come in."""
    bearer = headers.get("authorization", "")
    if bearer:
        token = bearer.removeprefix("Bearer ")
        good = bearer.startswith("Bearer ") and token in (TOKEN, READ_ONLY_TOKEN)
        return token, None if good else failure(401, 10000, "Authentication error")
    if headers.get("x-auth-email") == EMAIL and headers.get("x-auth-key") == KEY:
        return EMAIL, None
    return "", failure(401, 10000, "Authentication error")


def _fits(pattern: tuple[str, ...], ask: Ask) -> bool:
    return len(pattern) == len(ask.segments) and all(
        part in ("*", given) for part, given in zip(pattern, ask.segments)
    )


def create_app(
    world: World, *, faults: Iterable[InjectedFault] = (), latency: float = 0.0, limit: int = 1200
) -> Application:
    """`latency` in seconds before each answer; `limit` requests per 5 minutes and user."""
    return Application(world, faults, latency, limit)
