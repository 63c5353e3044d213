"""Every verb meets every odd answer, before and after it was carried out: at most one write, and no lie."""

import json
from dataclasses import dataclass, field

import pytest

from tests.support.fakes.bad_network import (
    HTML,
    PAGE,
    asking,
    close_after_request,
    cut_short,
    refuses,
    reset_after_request,
    reset_in_the_body,
    sends,
)
from tests.support.fakes.frail_server import NoBudget, VirtualTime
from tests.support.fakes.loopback import envelope, serving
from wfdash.api.interface import NewInstance, RestartFrom
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.plan import make_creation, make_plan
from wfdash.live.records.journal import Journal

BEGUN = {
    "pause": "running",
    "resume": "paused",
    "terminate": "running",
    "terminate_rollback": "running",
    "restart": "errored",
    "restart_from": "errored",
    "send_event": "waiting",
    "create": "",
    "batch": "",
}
LIMITED = "429 of the API"
NOT_UNDERSTOOD = {
    **{f"a page with {status}": sends(status, PAGE, **HTML) for status in (200, 400, 401, 403, 404, 405)},
    **{f"a page with {status}": sends(status, PAGE, **HTML) for status in (408, 409, 413, 418, 422, 429)},
    **{f"a page with {status}": sends(status, PAGE, **HTML) for status in (500, 502, 503, 520, 524, 599)},
    **{f"nothing with {status}": sends(status) for status in (203, 206, 226, 299, 304, 400, 404, 429, 500)},
    **{
        f"a redirect to {place!r}": sends(302, location=place)
        for place in ("http://evil]/", "http://[::1", "//", "", "\x80", "http://a:99999/", "javascript:x")
    },
    **{f"{status} to elsewhere": sends(status, location="/x") for status in (300, 301, 303, 305, 307, 308)},
    **{
        f"{status} with words of throttling and {code}": (
            lambda seen, writer, status=status, code=code: envelope(
                None, status=status, success=False, errors=[{"code": code, "message": "Please wait"}]
            )
        )
        for status in (200, 500, 503)
        for code in (971, 10429)
    },
    **{f"the body {body!r}"[:60]: sends(200, body) for body in (
        "null", "[]", "1", "true", '"ok"', "{}", '{"success":true,"result":{"sta', "\xef\xbb\xbf", "[" * 5000,
        '{"success":null}', '{"success":"yes","result":[]}', '{"success":1,"result":' + "9" * 5000 + "}",
        '{"success":false}', '{"success":false,"errors":null,"result":null}', "NaN", "\x00\x01", "OK",
    )},
    "400 without a reason": refuses(400, None, ""),
    "garbage for gzip": sends(200, b"\x1f\x8bgarbage", content_encoding="gzip"),
    "an unknown coding": sends(200, b"xyz", content_encoding="br, zstd, x"),
    "no HTTP": lambda seen, writer: b"SSH-2.0-OpenSSH_9\r\n\r\n",
    "a status of letters": lambda seen, writer: b"HTTP/1.1 abc Words\r\n\r\n",
    "a status of 999": sends(999, "{}"),
    "a length that lies": lambda seen, writer: b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    "two lengths": lambda seen, writer: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
    "a bad chunk": lambda seen, writer: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a reset": reset_after_request,
    "a close": close_after_request,
    "a cut body": cut_short,
    "a reset body": reset_in_the_body,
}  # fmt: skip
DENIALS = {
    "400": refuses(400, 10002, "workflows.api.error.body"),
    "401": refuses(401, 10000, "Authentication error"),
    "403": refuses(403, 10000, "Authentication error"),
    "404": refuses(404, 10400, "workflows.api.error.instance.not_found"),
    "409": refuses(409, 10001, "no such transition"),
    "500 by the engine": refuses(500, 10001, "WorkflowError: (instance.cannot_pause) no"),
}
LIMITS = {LIMITED: refuses(429, 971, "Please wait")}


@dataclass
class Account:
    """A server that keeps instances, and spoils the first `times` writes, before or `after` their effect."""

    clock: VirtualTime
    spoil: object
    after: bool
    times: int = 1
    runs: dict[str, dict] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    writes: int = 0

    def add(self, identity, status, **times):
        begun = iso(self.clock() - 100)
        self.runs[identity] = {
            "status": status,
            "queued": begun,
            "start": begun,
            "end": None,
            "steps": [],
        } | times

    def __call__(self, seen, writer):
        *_, instances, identity = seen.target.partition("?")[0].partition("/instances")
        parts = identity.strip("/").split("/")
        if seen.method == "GET":
            return self._read(parts[0] if instances else "")
        self.writes += 1
        if self.writes > self.times:
            return self._apply(seen, parts)
        if self.after:
            self._apply(seen, parts)
        return self.spoil(seen, writer)

    def _read(self, identity):
        if identity in self.runs:
            return envelope(self.runs[identity])
        if identity:
            return refuses(404, 10400, "workflows.api.error.instance.not_found")(None, None)
        rows = [
            {"id": each, "status": run["status"], "created_on": run["queued"], "ended_on": run["end"]}
            for each, run in self.runs.items()
        ]
        return envelope(rows, result_info={"total_count": len(rows)})

    def _apply(self, seen, parts):
        body = seen.json()
        now = iso(self.clock())
        if seen.method == "POST" and "events" not in parts:
            new = body if isinstance(body, list) else [body]
            for each in new:
                self.add(each["instance_id"], "queued", queued=now, start=None)
                self.applied.append(each["instance_id"])
            built = [{"id": each["instance_id"], "status": "queued"} for each in new]
            return envelope(built if isinstance(body, list) else built[0])
        self.applied.append(parts[0])
        run = self.runs[parts[0]]
        if seen.method == "POST":
            return envelope({})
        run["status"] = {"pause": "paused", "resume": "running", "terminate": "terminated"}.get(
            body["status"], "running"
        )
        run["end"] = now if run["status"] == "terminated" else None
        if body["status"] == "restart" and "from" not in body:
            run["queued"] = run["start"] = now
        return envelope({"status": run["status"], "timestamp": now})


async def meet(verb, spoil, tmp_path, *, after, times=1):
    """The account afterwards, the results and the journal's `sent` lines."""
    clock = VirtualTime()
    account = Account(clock, spoil, after, times)
    if BEGUN[verb]:
        ended = iso(clock() - 50) if BEGUN[verb] == "errored" else None
        account.add("a", BEGUN[verb], end=ended)
    journal = Journal(tmp_path, profile="", account="acc", clock=clock)
    async with serving(account) as server, asking(f"{server.url}/client/v4") as api:
        operator = Operator(api, budget=NoBudget(), journal=journal, clock=clock, sleep=clock.sleep)
        results = await operator.carry_out(planned(verb, operator, clock), lambda event: None)
    sent = [entry for entry in journal.read() if entry.event == "sent"]
    journal.close()
    return account, results, sent


def planned(verb, operator, clock):
    if verb in ("create", "batch"):
        new = [NewInstance(f"n-{place}", {"a": 1}, True) for place in range(1 if verb == "create" else 3)]
        return make_creation("orders", new, now=clock(), guard=operator.guard)
    return make_plan(
        verb, "orders", [Instance("a", BEGUN[verb])], now=clock(), guard=operator.guard, event_type="go",
        payload=json.loads("{}"), restart_from=RestartFrom("load") if verb == "restart_from" else None,
    )  # fmt: skip


def check(verb, account, results, sent):
    """What holds whatever the answer was."""
    assert len(account.applied) == len(set(account.applied)), "carried out twice"
    ids = len(results)
    assert len(sent) == account.writes * ids, "each request has its own line, and each line a request"
    for result in results:
        carried = result.id in account.applied
        codes = {"done": {0}, "under way": {4}, "unknown": {4}, "refused": {1, 3}, "not reached": {5}}
        assert result.exit_code in codes[result.outcome]
        assert not carried or result.outcome in ("done", "unknown", "under way"), result
        assert carried or result.outcome not in ("done", "under way"), result


@pytest.mark.parametrize("verb", BEGUN)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_what_is_not_understood_is_sent_once(verb, after, tmp_path, monkeypatch):
    # Most of it would be looking, for a minute and for each answer, at what does not change.
    monkeypatch.setattr("wfdash.live.actions.follow._DEADLINE", 3.0)
    tried = 0
    for number, (name, spoil) in enumerate(NOT_UNDERSTOOD.items()):
        account, results, sent = await meet(verb, spoil, tmp_path / str(number), after=after)
        try:
            check(verb, account, results, sent)
            assert account.writes == 1, "sent again"
            if not after:
                assert {result.outcome for result in results} == {"unknown"}
            elif verb != "send_event":
                assert {result.outcome for result in results} == {"done"}
        except (AssertionError, KeyError) as error:
            raise AssertionError(f"{verb} met {name}: {error!r} {results}") from error
        tried += 1
    print(f"writes: {verb} {'after' if after else 'before'}: {tried} tried, {tried} survived")


@pytest.mark.parametrize("verb", BEGUN)
@pytest.mark.parametrize("name", DENIALS)
async def test_a_no_of_the_api_is_refused_and_sent_once(verb, name, tmp_path):
    account, results, sent = await meet(verb, DENIALS[name], tmp_path, after=False)
    check(verb, account, results, sent)
    assert (account.writes, account.applied) == (1, [])
    assert {result.outcome for result in results} == {"refused"}


@pytest.mark.parametrize("verb", BEGUN)
@pytest.mark.parametrize("times", [1, 2, 9])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_429_is_repeated_only_where_a_read_shows_no_change(verb, times, after, tmp_path):
    account, results, sent = await meet(verb, LIMITS[LIMITED], tmp_path, after=after, times=times)
    check(verb, account, results, sent)
    outcomes = {result.outcome for result in results}
    if verb == "send_event":
        assert (account.writes, outcomes) == (1, {"unknown"})
    elif after:
        assert (account.writes, outcomes) == (1, {"done"})
    else:
        assert (account.writes, outcomes) == ((4, {"not reached"}) if times == 9 else (times + 1, {"done"}))
