"""One table of what a network and a server can do wrong: the error, its words, and how often it was sent."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.fakes.bad_network import (
    GOOD,
    HTML,
    PAGE,
    UNKNOWN,
    asking,
    close_after_request,
    cut_short,
    drip,
    impatient,
    never_answer,
    refuses,
    reset_after_request,
    reset_in_the_body,
    sends,
    stop_in_the_body,
    stop_in_the_headers,
)
from tests.support.fakes.loopback import envelope, serving
from wfdash.api.errors import (
    AlreadyExists,
    BadAnswer,
    CannotTerminate,
    Forbidden,
    InstanceNotFound,
    NotFound,
    NotReached,
    OtherServer,
    RateLimited,
    Refused,
    ServerFailed,
    Unauthorized,
    WorkflowNotFound,
    WorkflowsError,
)
from wfdash.api.http import client as http_module


@dataclass
class Fault:
    """`behave` is the server's part; `slow` faults show only to a client with little patience."""

    behave: Callable
    error: type[WorkflowsError]
    words: str
    http: int | None = None
    slow: bool = False
    facts: tuple = ()


def packed_thrice(data: bytes) -> bytes:
    return gzip.compress(gzip.compress(gzip.compress(data)))


FAULTS = {
    "reset after the request": Fault(reset_after_request, NotReached, UNKNOWN),
    "closed after the request": Fault(close_after_request, NotReached, UNKNOWN),
    "no answer": Fault(never_answer, NotReached, f"no answer within.*{UNKNOWN}", slow=True),
    "headers that stop": Fault(stop_in_the_headers, NotReached, UNKNOWN, slow=True),
    "a body that stops": Fault(stop_in_the_body, BadAnswer, "broke off", http=200, slow=True),
    "a body that drips": Fault(drip, NotReached, "had not ended", http=200, slow=True),
    "a body cut by a reset": Fault(reset_in_the_body, BadAnswer, "broke off", http=200),
    "a body cut by a close": Fault(cut_short, BadAnswer, "broke off", http=200),
    "no HTTP at all": Fault(lambda seen, writer: b"SSH-2.0-OpenSSH_9\r\n\r\n", NotReached, UNKNOWN),
    "a page with 200": Fault(sends(200, PAGE, **HTML), OtherServer, "HTML page", http=200),
    "plain words with 200": Fault(
        sends(200, "ok", content_type="text/plain"), BadAnswer, "not JSON", http=200
    ),
    "truncated JSON": Fault(sends(200, '{"success":true,"result":{"sta'), BadAnswer, "not JSON", http=200),
    "garbage for gzip": Fault(
        sends(200, b"\x1f\x8bgarbage", content_encoding="gzip"), BadAnswer, "decompressed", http=200
    ),
    "cut gzip": Fault(
        sends(200, gzip.compress(b'{"success":true}' * 99)[:-20], content_encoding="gzip"),
        BadAnswer,
        "not JSON|decompressed",
        http=200,
    ),
    "gzip three times over": Fault(
        sends(200, packed_thrice(b" " * 300_000), content_encoding="gzip, gzip, gzip"),
        BadAnswer,
        "compressed 3 times over",
        http=200,
    ),
    "a coding nobody asked for": Fault(
        sends(200, b"\x8b\x02", content_encoding="br"), BadAnswer, "was not asked for", http=200
    ),
    "the wrong content type": Fault(
        sends(200, b"\x00\x01\x02", content_type="application/octet-stream"), BadAnswer, "not JSON", http=200
    ),
    "a body that is too large": Fault(
        sends(200, gzip.compress(b" " * 300_000), content_encoding="gzip"), BadAnswer, "larger than", http=200
    ),
    **{
        f"{status} with a page": Fault(sends(status, PAGE, **HTML), ServerFailed, f"{status}", http=status)
        for status in (500, 502, 503, 520, 521, 522, 523, 524, 525, 526)
    },
    "500 with nothing": Fault(sends(500), ServerFailed, "500.*empty", http=500),
    "500 in the envelope": Fault(
        refuses(500, 10001, "workflows.api.error.internal_server"), ServerFailed, "code 10001", http=500
    ),
    "200 that says no": Fault(
        lambda seen, writer: envelope(None, success=False, errors=[{"code": 10001, "message": "x"}]),
        ServerFailed,
        "code 10001",
        http=200,
    ),
    "401": Fault(
        refuses(401, 10000, "Authentication error"), Unauthorized, "from CLOUDFLARE_API_TOKEN", http=401
    ),
    "401 with a page": Fault(sends(401, PAGE, **HTML), Unauthorized, "CLOUDFLARE_API_TOKEN", http=401),
    "400 for a malformed token": Fault(refuses(400, 6003, "Invalid headers"), Unauthorized, "6003", http=400),
    "403 in the envelope": Fault(
        refuses(403, 10000, "Authentication error"), Forbidden, "Workers Scripts Write", http=403
    ),
    "403 from the firewall": Fault(
        sends(403, PAGE, cf_mitigated="challenge", **HTML), Forbidden, "challenge page", http=403
    ),
    "403 with a page": Fault(sends(403, PAGE, **HTML), Forbidden, "a page of its own", http=403),
    "404 for the instance": Fault(
        refuses(404, 10400, "workflows.api.error.instance.not_found"),
        InstanceNotFound,
        "no instance a",
        http=404,
    ),
    "404 for the workflow": Fault(
        refuses(404, 10200, "workflow.not_found"), WorkflowNotFound, "Worker's name", http=404
    ),
    "404 for the route": Fault(
        refuses(404, 0, "workflows.api.error.not_found"), NotFound, "Check names, id and account", http=404
    ),
    "404 with words": Fault(
        sends(404, "404 Not Found", content_type="text/plain"), NotFound, "nothing at this address", http=404
    ),
    "409": Fault(refuses(409, 10001, "no such transition"), Refused, "refused to pause", http=409),
    "400": Fault(refuses(400, 10002, "workflows.api.error.body"), Refused, "code 10002", http=400),
    "400 for a final instance": Fault(
        refuses(400, 10401, "instance.cannot_terminate"), CannotTerminate, "already final", http=400
    ),
    "400 for a taken id": Fault(refuses(400, 10405, "x"), AlreadyExists, "is taken", http=400),
    "413 with a page": Fault(sends(413, PAGE, **HTML), Refused, "413", http=413),
    "429 with seconds": Fault(
        sends(429, "{}", retry_after="17"), RateLimited, "wait 17 s", http=429, facts=(("retry_after", 17.0),)
    ),
    "429 with a date": Fault(
        sends(
            429,
            PAGE,
            retry_after="Sat, 21 Nov 2026 11:05:00 GMT",
            date="Sat, 21 Nov 2026 11:00:00 GMT",
            **HTML,
        ),
        RateLimited,
        "wait 300 s",
        http=429,
        facts=(("retry_after", 300.0),),
    ),
    "429 with neither": Fault(
        refuses(429, 971, "Please wait"),
        RateLimited,
        "does not say",
        http=429,
        facts=(("retry_after", None),),
    ),
    "429 with nonsense": Fault(
        sends(429, retry_after="soon"), RateLimited, "does not say", http=429, facts=(("retry_after", None),)
    ),
    "429 until doomsday": Fault(
        sends(429, retry_after="1e300"), RateLimited, "3600", http=429, facts=(("retry_after", 3600.0),)
    ),
    "a redirect": Fault(
        sends(302, location="https://elsewhere.example/login?next=x"),
        OtherServer,
        "pointed to https://elsewhere.example. wfdash follows no redirect",
        http=302,
    ),
    "a redirect to what is no address": Fault(
        sends(302, location="http://evil]/"), OtherServer, "pointed to http://evil]/", http=302
    ),
    "a redirect to nowhere": Fault(sends(301), OtherServer, "pointed to nowhere", http=301),
}


@pytest.fixture(autouse=True)
def _small_stomach(monkeypatch):
    for bound in ("LARGEST", "LARGEST_INSTANCE"):
        monkeypatch.setattr(http_module, bound, 200_000)


@pytest.mark.parametrize("name", FAULTS)
async def test_a_write_meets(name):
    fault = FAULTS[name]
    async with serving(fault.behave) as server, asking(f"{server.url}/client/v4") as api:
        with impatient(when=fault.slow), pytest.raises(fault.error, match=f"(?s){fault.words}") as caught:
            await api.change_status("orders", "a", "pause")
    failure = caught.value
    assert type(failure) is fault.error
    assert (failure.sent, failure.http) == (True, fault.http)
    assert len(server.seen) == 1, "a write is sent once"
    assert str(failure) == failure.sentence
    assert failure.sentence.endswith((".", "?"))
    assert failure.__cause__ is None
    assert failure.__context__ is None
    for key, value in fault.facts:
        assert getattr(failure, key) == value


@pytest.mark.parametrize(("status", "code"), [(500, 971), (200, 10429)])
async def test_words_of_throttling_without_429_leave_a_write_in_doubt(status, code):
    def behave(seen, writer):
        return envelope(None, status=status, success=False, errors=[{"code": code, "message": "Please wait"}])

    async with serving(behave) as server, asking(f"{server.url}/client/v4") as api:
        with pytest.raises(ServerFailed, match=UNKNOWN) as caught:
            await api.change_status("orders", "a", "pause")
    assert (caught.value.http, caught.value.denied) == (status, False)


@pytest.mark.parametrize(
    ("behave", "denied"),
    [
        (refuses(429, 971, "Please wait"), True),
        (sends(429, PAGE, **HTML), False),
        (refuses(400, 10002, "workflows.api.error.body"), True),
        (sends(400, PAGE, **HTML), False),
        (refuses(500, 10001, "WorkflowError: (instance.cannot_pause) no"), True),
        (refuses(500, 10001, "workflows.api.error.internal_server"), False),
        (sends(404, "404 Not Found", content_type="text/plain"), False),
    ],
)
async def test_only_the_apis_own_no_is_a_denial(behave, denied):
    async with serving(behave) as server, asking(f"{server.url}/client/v4") as api:
        with pytest.raises(WorkflowsError) as caught:
            await api.change_status("orders", "a", "pause")
    assert caught.value.denied is denied


@pytest.mark.parametrize("name", FAULTS)
async def test_a_read_meets_and_recovers(name):
    fault = FAULTS[name]
    behave = [fault.behave]

    async with (
        serving(lambda seen, writer: behave[0](seen, writer)) as server,
        asking(f"{server.url}/client/v4") as api,
    ):
        with impatient(when=fault.slow), pytest.raises(fault.error) as caught:
            await api.get_instance("orders", "a")
        assert len(server.seen) == 1
        behave[0] = lambda seen, writer: GOOD
        assert (await api.get_instance("orders", "a")).result == {"status": "paused"}
    assert UNKNOWN not in caught.value.sentence


async def test_challenge_page_differs_from_a_missing_permission():
    for behave, challenge in ((FAULTS["403 from the firewall"].behave, True), (refuses(403, 1, "no"), False)):
        async with serving(behave) as server, asking(server.url) as api:
            with pytest.raises(Forbidden) as caught:
                await api.change_status("orders", "a", "pause")
        assert caught.value.challenge is challenge


async def test_a_ray_is_kept_and_told():
    async with serving(sends(502, PAGE, cf_ray="8c1f-FRA", **HTML)) as server, asking(server.url) as api:
        with pytest.raises(ServerFailed, match="ray 8c1f-FRA") as caught:
            await api.list_instances("orders")
    assert caught.value.ray == "8c1f-FRA"


async def test_a_redirect_is_never_followed_and_the_token_stays():
    async with serving(lambda seen, writer: GOOD) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            pointing = sends(status, location=f"{elsewhere.url}/client/v4")
            async with serving(pointing) as server, asking(server.url) as api:
                with pytest.raises(BadAnswer, match="pointed to"):
                    await api.list_instances("orders")
                with pytest.raises(BadAnswer, match="pointed to"):
                    await api.change_status("orders", "a", "pause")
        assert elsewhere.seen == []
