"""On a machine whose clock is wrong a command reckons by the server's, and says so on stderr."""

from argparse import Namespace
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.fakes.loopback import envelope, serving
from wfdash.cli.commands.list import prepare, run
from wfdash.cli.main import run as command_line
from wfdash.cli.session import open_session
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings
from wfdash.core.model.times import iso, parse_time

YEARS = [1e12, 253402300799.0, -62135596800.0, -1e15]
THEN = parse_time("2020-11-21T10:00:00Z")


def behave(seen, writer):
    answer = envelope([{"id": "w", "name": "orders"}])
    return answer.replace(b"\r\n\r\n", b"\r\nDate: Sat, 21 Nov 2020 10:00:00 GMT\r\n\r\n", 1)


def listed(seen, writer):
    """Five rows that are 103 s old by the server's clock, told as the API would."""
    created, asked = iso(THEN - 103), parse_qs(urlsplit(seen.target).query)
    late = asked.get("date_start", [""])[0] > created
    early = bool(asked.get("date_end")) and asked["date_end"][0] < created
    row = {"status": "running", "created_on": created, "modified_on": created}
    rows = [] if late or early else [{"id": f"order-{number}", **row} for number in range(5)]
    answer = envelope(rows)
    return answer.replace(b"\r\n\r\n", b"\r\nDate: Sat, 21 Nov 2020 10:00:00 GMT\r\n\r\n", 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [("since:1m", 0), ("since:5m", 5), ("age<5m", 5), ("before:1m", 5), ("before:5m", 0), ("age>1m", 5)],
)
async def test_filters_by_time_go_by_the_server_s_clock(capsys, text, found):
    parsed = Namespace(filter=text, limit=100, asc=False, json=True, read_details=None)
    prepare(parsed)
    async with serving(listed) as server, open_session(settings(server), what="list") as session:
        assert await run(parsed, session) == 0
    assert len(capsys.readouterr().out.splitlines()) == found


def settings(server):
    return Settings(
        account_id="0" * 32,
        workflow="orders",
        base_url=server.url,
        credential=Credential("t" * 40, source="test"),
    )


async def test_wrong_clock_is_told_once_and_not_used(capsys):
    async with serving(behave) as server, open_session(settings(server), what="list") as session:
        for _ in range(3):
            await session.api.list_workflows(per_page=1)
        assert abs(session.clock() - THEN) < 10
    said = capsys.readouterr().err
    assert said.count("this machine's clock is ") == 1
    assert "ahead of the server's; times are the server's" in said


@pytest.mark.parametrize("now", YEARS)
@pytest.mark.parametrize("words", [["list", "-w", "orders"], ["demo"], ["pause", "a", "--yes"]])
def test_a_clock_that_shows_no_date_is_refused(now, words, capsys, monkeypatch):
    monkeypatch.setattr("time.time", lambda: now)
    assert command_line(words) == 2
    assert "clock shows a year" in capsys.readouterr().err
