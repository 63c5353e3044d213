"""Changing the profile, setting read-only, the first config, and several accounts to choose from."""

import json
import time

import pytest
from platformdirs import user_state_path

from tests.support.fakes.worlds import build
from tests.support.harness.dashboard import BASE, drive
from wfdash.config.credential import Credential
from wfdash.config.file import read
from wfdash.config.precedence import load
from wfdash.config.settings import Options
from wfdash.demo.http.api import create_app
from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN
from wfdash.live.polling.events import Update
from wfdash.live.records.journal import Journal
from wfdash.live.records.pins import Pin, Pins

CONFIG = f"""\
profile = "live"
[profiles.live]
account_id = "{ACCOUNT_ID}"
workflow = "orders"
token_env = "LIVE_TOKEN"
production = true
[profiles.look]
account_id = "{ACCOUNT_ID}"
workflow = "refunds"
token_env = "LOOK_TOKEN"
read_only = true
colour = "green"
"""


def configured(tmp_path, monkeypatch):
    """Settings as they come from that config with both tokens set."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    path.chmod(0o600)
    monkeypatch.setenv("LIVE_TOKEN", TOKEN)
    monkeypatch.setenv("LOOK_TOKEN", TOKEN)
    built = load(Options(config=str(path)), {"LIVE_TOKEN": TOKEN})
    return {"demo": False} | {name: getattr(built, name) for name in FIELDS}


FIELDS = ("profile_name", "profiles", "config_path", "production", "production_accounts", "credential")


def test_another_profile_begins_anew_and_read_only_stays(tmp_path, monkeypatch):
    async def script(d):
        first = d.app.session
        assert "PRODUCTION" in d.lines[0]
        await d.press("filter.edit")
        await d.type("status:waiting")
        await d.press("enter", "mark.toggle", "profile.open")
        assert "in use" in d.text
        assert "read-only" in d.line("  2  look")
        await d.press("2")
        await d.until(lambda: d.app.session not in (None, first) and "refunds" in d.lines[0])
        assert d.app.context.settings.profile_name == "look"
        assert "read-only" in d.lines[0]
        assert "no filter" in d.lines[1]
        assert len(d.app.root.rows.marks) == 0
        assert d.app.desk.guard.read_only
        second = d.app.session
        await d.press("profile.open", "1")
        await d.until(lambda: d.app.session not in (None, second) and "orders" in d.lines[0])
        assert "read-only" in d.lines[0]
        assert d.app.desk.guard.read_only
        await d.until(lambda: d.app.root.table.row_count() > 0)

    drive(script, **configured(tmp_path, monkeypatch))


def test_what_the_session_before_still_says_is_dropped(tmp_path, monkeypatch):
    async def script(d):
        old = d.app.session.poller
        await d.press("profile.open", "2")
        await d.until(lambda: d.app.session is not None and d.app.session.poller is not old)
        rows = d.app.root.table.row_count()
        seen = []
        monkeypatch.setattr(d.app.root, "live", seen.append)
        said = Update(details=("of-the-session-before",))
        old._context.notify(said)
        await d.settled()
        assert said not in seen
        assert d.app.root.table.row_count() == rows

    drive(script, **configured(tmp_path, monkeypatch))


def test_unusable_profile_says_so_and_nothing_changes(tmp_path, monkeypatch):
    options = configured(tmp_path, monkeypatch)
    monkeypatch.delenv("LOOK_TOKEN")

    async def script(d):
        session = d.app.session
        await d.press("profile.open", "2")
        await d.until(lambda: "LOOK_TOKEN" in d.lines[-1], 5)
        assert d.app.session is session
        assert d.app.context.settings.profile_name == "live"

    drive(script, **options)


def test_read_only_can_be_set_and_is_not_offered_again():
    async def script(d):
        await d.press("profile.open")
        assert "the demo has none" in d.text
        await d.press("r")
        assert "read-only" in d.lines[0]
        assert d.app.desk.guard.read_only
        await d.press("profile.open")
        assert "cannot be turned off" not in d.text

    drive(script)


def test_first_config_keeps_the_variable_never_the_token(tmp_path):
    path = tmp_path / "wfdash" / "config.toml"

    async def script(d):
        await d.press("profile.open")
        assert "there are none" in d.text
        await d.press("k")
        assert "kept as profile default" in d.lines[-1]

    drive(script, demo=False, config_path=path, credential=Credential(TOKEN, source="CLOUDFLARE_API_TOKEN"))
    assert TOKEN not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    profile = read(path, required=True).profiles["default"]
    assert (profile.account_id, profile.workflow) == (ACCOUNT_ID, "orders")
    assert profile.token_env == "CLOUDFLARE_API_TOKEN"
    assert load(Options(config=str(path)), {"CLOUDFLARE_API_TOKEN": TOKEN}).profile_name == "default"


def test_hint_to_keep_the_choice_comes_once_without_config(tmp_path):
    async def script(d):
        await d.until(lambda: "refunds" in d.text)
        await d.press("enter")
        assert "P saves this account and workflow" in d.lines[-1]
        await d.press("workflows.open", "enter")
        assert "saves this" not in d.text

    drive(script, demo=False, workflow="", config_path=tmp_path / "config.toml")


def alone(refusals, clock):
    """The simulator, seen by a token of one account; what it is asked first is refused so many times."""
    server = create_app(build("calm", clock=clock))
    left = refusals

    async def serve(scope, receive, send):
        nonlocal left
        if left:
            left -= 1
            raise OSError("connection refused")
        await server(scope, receive, send)

    return serve


@pytest.mark.parametrize("refusals", [0, 3])
def test_records_without_account_join_the_only_one(refusals):
    folder = user_state_path("wfdash")
    Pins(folder / "watched.json").add(Pin("", "orders", "order-1"))
    earlier = Journal(folder, profile="", account="", clock=time.time)
    earlier.write("planned", plan="p1", verb="pause", workflow="orders", id="order-2")
    earlier.close()

    async def script(d):
        await d.until(lambda: d.app.context.settings.account_id == ACCOUNT_ID)
        await d.until(lambda: "order-1" in {each.pin.id for each in d.app.session.poller.watched.states})
        await d.until(lambda: "was cut off" in d.lines[-1])
        await d.until(lambda: d.app.root.table.row_count() > 0)
        await d.press("instance.watch")
        assert BASE.account_id[:8] in d.lines[0]
        assert d.app.session.journal.account == ACCOUNT_ID
        assert {each.account for each in Pins(folder / "watched.json")} == {ACCOUNT_ID}
        assert len(d.app.shift.pins) == 2

    drive(script, demo=False, account_id="", serve=alone(refusals, time.time))


OTHER = "0" * 31 + "1"


def two_accounts(clock):
    """The simulator of an account whose token sees another one too."""
    server = create_app(build("calm", clock=clock))

    async def serve(scope, receive, send):
        if scope["path"].endswith("/accounts"):
            result = [{"id": OTHER, "name": "sandbox"}, {"id": ACCOUNT_ID, "name": "acme"}]
            body = json.dumps({"success": True, "errors": [], "messages": [], "result": result}).encode()
            head = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": body})
            return
        await server(scope, receive, send)

    return serve


def test_of_several_accounts_one_is_chosen():
    async def script(d):
        await d.until(lambda: "see 2 accounts" in d.text)
        assert "sandbox" in d.text
        await d.press("2")
        await d.until(lambda: d.app.session is not None)
        assert d.app.context.settings.account_id == ACCOUNT_ID
        await d.until(lambda: d.app.root.table.row_count() > 0)
        assert BASE.account_id[:8] in d.lines[0]

    drive(script, demo=False, account_id="", serve=two_accounts(time.time))
