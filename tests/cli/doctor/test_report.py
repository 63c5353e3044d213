"""`wfdash doctor`: it tells what is so, what to fix, and never the secret."""

import time

import pytest

from tests.api.dev_session import DevSession
from tests.support.fakes.loopback import envelope, reply, serving
from wfdash.api.interface import Exchange
from wfdash.cli.doctor.report import doctor
from wfdash.config.credential import Credential
from wfdash.config.precedence import load
from wfdash.config.settings import NoCredentials, Options, Settings, SettingsError
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import Priority
from wfdash.live.budget.shared_counter import share_counter

TOKEN = "obviously-fake-token-0xDEADBEEF"
ENVIRON = {"HOME": "/home/somebody", "TERM": "xterm-256color", "TMUX": "1", "LANG": "C.UTF-8"}


def settings_for(server, **more):
    given = {"account_id": "acme", "credential": Credential(TOKEN, source="CLOUDFLARE_API_TOKEN")}
    return Settings(base_url=f"{server.url}/client/v4", **(given | more))


def counter_of(settings, state):
    return share_counter(settings.credential, settings.base_url, state / "wfdash", what="list")


def good(seen, writer):
    if "verify" in seen.target:
        return envelope({"status": "active", "expires_on": "2027-01-01T00:00:00Z"})
    return envelope([{"name": "orders"}], result_info={"total_count": 412})


async def test_all_is_well(capsys):
    async with serving(good) as server:
        assert await doctor(settings_for(server), ENVIRON) == 0
    report = capsys.readouterr().out
    for words in (
        "active, until 2027-01-01",
        "412",
        "200 in",
        "xterm-256color",
        "tmux",
        "unknown until the first action",
        "nothing to fix",
        "token, not shown",
    ):
        assert words in report
    assert "DEADBEEF" not in report


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(401, 3, "does not accept"), (403, 1, "may not list"), (500, 5, "failed to list")],
)
async def test_what_is_in_the_way_decides_the_exit_code(capsys, status, code, words):
    def refuse(seen, writer):
        return envelope(None, status=status, errors=[{"code": 10000, "message": f"no {TOKEN}"}])

    async with serving(refuse) as server:
        assert await doctor(settings_for(server), ENVIRON) == code
    report = capsys.readouterr().out
    assert words in report.partition("to fix")[2]
    assert "DEADBEEF" not in report, "the server echoed the token"


async def test_a_credential_that_cannot_be_verified_but_works_is_well(capsys):
    def behave(seen, writer):
        return reply(404, "{}") if "verify" in seen.target else good(seen, writer)

    async with serving(behave) as server:
        assert await doctor(settings_for(server), ENVIRON) == 0
    assert "nothing to fix" in capsys.readouterr().out


async def test_foreign_account_differs_from_a_missing_permission(capsys):
    def behave(seen, writer):
        if seen.target.startswith("/client/v4/accounts?"):
            return envelope([{"id": "right", "name": "Acme"}])
        refused = [{"code": 9109, "message": "Unauthorized to access requested resource"}]
        return (
            envelope(None, status=403, errors=refused) if "workflows" in seen.target else good(seen, writer)
        )

    async with serving(behave) as server:
        assert await doctor(settings_for(server, account_id="wrong"), ENVIRON) == 1
        answer = capsys.readouterr().out.partition("to fix")[2]
        assert "1. Set another account: wrong is not one of those it reaches: right (Acme)." in answer
        assert await doctor(settings_for(server, account_id="right"), ENVIRON) == 1
    assert "Set another account" not in capsys.readouterr().out


async def test_a_workflow_that_is_not_there_has_to_be_fixed(capsys):
    def behave(seen, writer):
        missing = [{"code": 10200, "message": "workflow.not_found"}]
        return envelope(None, status=404, errors=missing) if "/nosuch" in seen.target else good(seen, writer)

    async with serving(behave) as server:
        assert await doctor(settings_for(server, workflow="nosuch"), ENVIRON) == 1
    assert "1. There is no workflow nosuch in this account" in capsys.readouterr().out


def test_what_stands_in_the_way_of_the_journal_has_to_be_fixed(program, tmp_path):
    (tmp_path / "file").write_text("")
    answer = program("doctor", env={"XDG_STATE_HOME": str(tmp_path / "file")}).stdout
    assert "CANNOT be written" in answer
    kept = "no journal, record, notes or watched instances are kept"
    assert f"cannot be written: {kept}" in answer.partition("to fix")[2]


def test_a_config_that_cannot_be_read_is_the_one_that_is_named(program, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[pol]\n")
    answer = program("doctor", "--config", str(path)).stdout
    assert f"{path} (6 bytes" in answer


async def test_the_account_is_found_and_a_wrong_clock_told(capsys):
    def behave(seen, writer):
        answer = envelope([{"id": "only", "name": "Acme"}])
        return answer.replace(b"\r\n\r\n", b"\r\nDate: Sat, 21 Nov 2020 10:00:00 GMT\r\n\r\n", 1)

    async with serving(behave) as server:
        assert await doctor(settings_for(server, account_id=""), ENVIRON) == 0
    report = capsys.readouterr().out
    assert "only (the only one of GET /accounts)" in report
    assert "ahead of the server's" in report
    assert "Set this machine's clock" in report


@pytest.mark.parametrize(
    ("generation", "words", "write"),
    [("A", "can be watched, not written (needs wrangler 4.133", "no"), ("C", "watched and written", "yes")],
)
async def test_a_dev_session_is_told_apart(capsys, generation, words, write):
    async with serving(DevSession(generation)) as server:
        assert await doctor(Settings(base_url=server.url, local=True), ENVIRON) == 0
    report = capsys.readouterr().out
    assert words in report
    assert f"  write {write:>{16 + len(write)}}" in report
    assert "5 s, or more where answers are slow" in report
    assert "1200" not in report, "a dev session has no limit"


async def test_doctor_is_counted_with_the_reads_of_others(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with serving(good) as server:
        settings = settings_for(server)
        other = Budget(clock=time.time, counter=counter_of(settings, tmp_path))
        assert not other.take(Priority.FOREGROUND)
        assert await doctor(settings, ENVIRON) == 0
        asked = len(server.seen)
    ledger = counter_of(settings, tmp_path).look(time.time())
    spent = {spender.what: spender.total(range(6)) for spender in ledger.spenders.values()}
    assert spent == {"list": 1, "doctor": asked}
    assert f"{asked + 1} in about 5 minutes, 1 of them by 1 other wfdash" in capsys.readouterr().out


async def test_doctor_asks_nothing_while_the_server_wants_a_pause(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with serving(good) as server:
        settings = settings_for(server)
        other = Budget(clock=time.time, counter=counter_of(settings, tmp_path))
        other.saw(Exchange(0.0, "list", "GET", "/", 429, 5.0, 0, "", "", "", 120.0, ""))
        assert await doctor(settings, ENVIRON) == 5
        assert not server.seen
    report = capsys.readouterr().out
    assert "not asked: the API asked for a pause (429)" in report
    assert "Wait: the API asked for a pause" in report.partition("to fix")[2]


@pytest.mark.parametrize("error", [SettingsError("The config is wrong."), NoCredentials("Set a token.")])
async def test_wrong_settings_still_give_the_rest(capsys, error):
    assert await doctor(error, ENVIRON) == error.exit_code
    report = capsys.readouterr().out
    assert f"1. {error}" in report
    assert "xterm-256color" in report


async def test_hostile_names_are_made_harmless(capsys):
    async with serving(lambda seen, writer: envelope([{"name": "\x1b]0;gotcha\x07"}])) as server:
        await doctor(settings_for(server), ENVIRON)
    report = capsys.readouterr().out
    assert "\x1b" not in report
    assert "\x07" not in report
    assert "gotcha" in report


async def test_the_home_is_not_told(capsys, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("")
    settings = load(Options(local="1", config=str(path)), {})
    await doctor(settings, {"HOME": str(tmp_path)})
    report = capsys.readouterr().out
    assert "~/config.toml" in report
    assert str(tmp_path / "config.toml") not in report


def test_without_credentials_it_ends_with_3(program):
    done = program("doctor")
    assert done.returncode == 3
    assert "Set CLOUDFLARE_API_TOKEN" in done.stdout
