"""On a machine whose clock is wrong a command reckons by the server's, and says so on stderr."""

from tests.support.fakes.loopback import envelope, serving
from wfdash.cli.session import open_session
from wfdash.config.credential import Credential
from wfdash.config.settings import Settings
from wfdash.core.model.times import parse_time

THEN = parse_time("2020-11-21T10:00:00Z")


def behave(seen, writer):
    answer = envelope([{"id": "w", "name": "orders"}])
    return answer.replace(b"\r\n\r\n", b"\r\nDate: Sat, 21 Nov 2020 10:00:00 GMT\r\n\r\n", 1)


def settings(server):
    return Settings(account_id="0" * 32, base_url=server.url, credential=Credential("t" * 40, source="test"))


async def test_wrong_clock_is_told_once_and_not_used(capsys):
    async with serving(behave) as server, open_session(settings(server), what="list") as session:
        for _ in range(3):
            await session.api.list_workflows(per_page=1)
        assert abs(session.clock() - THEN) < 10
    said = capsys.readouterr().err
    assert said.count("this machine's clock is ") == 1
    assert "ahead of the server's; times are the server's" in said
