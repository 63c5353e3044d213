"""The secret stands in nothing that is shown, logged or written, even when the server sends it back."""

import copy
import io
import json
import pickle
import re
import traceback
from urllib.parse import quote

import msgspec
import pytest
from rich.console import Console
from rich.traceback import Traceback

from tests.support.fakes.loopback import envelope, reply, serving
from wfdash.api.connect import connect
from wfdash.api.errors import WorkflowsError
from wfdash.api.interface import ListQuery
from wfdash.config.credential import Credential
from wfdash.config.precedence import load
from wfdash.config.schema import SavedView
from wfdash.config.settings import Options, Settings, SettingsError
from wfdash.config.writer import save_view
from wfdash.core.text import clean
from wfdash.live.budget.shared_lines import SharedLines
from wfdash.live.pairing.folder import PairingFolder
from wfdash.live.pairing.presence import Presence
from wfdash.live.records.export_files import save_stream, write_new
from wfdash.live.records.journal import Journal
from wfdash.live.records.journal_entries import ActionResult
from wfdash.live.records.notes import SessionStory

TOKEN = "obviously-fake-token-0xDEADBEEF"
LEAK = re.compile(re.escape(TOKEN), re.IGNORECASE)
PAGE = f"<html>{TOKEN}</html>"


def refused(status, message=TOKEN, code=1, **more):
    errors = [{"code": code, "message": message, "error_chain": [{"code": 2, "message": TOKEN}]}]
    return envelope(None, status=status, errors=errors, **more)


ECHOES = {
    "a message": refused(400),
    "a word of the engine": refused(500, f"(instance.cannot_restart) {TOKEN}"),
    "not found": refused(404),
    "forbidden": refused(403),
    "unauthorized": refused(401),
    "throttled": refused(429),
    "failed": refused(500),
    "success false": refused(200, success=False),
    "a page": reply(500, PAGE, content_type="text/html"),
    "plain words": reply(403, f"Invalid {TOKEN}", content_type="text/plain"),
    "a redirect": reply(302, location=f"https://{TOKEN}.example/{TOKEN}"),
    "a redirect to words": reply(302, location=TOKEN),
    "a ray": reply(502, PAGE, cf_ray=TOKEN, date=TOKEN, retry_after=TOKEN, ratelimit=TOKEN),
    "a content type": reply(200, "x", content_type=f"text/{TOKEN}"),
    "no JSON": reply(200, TOKEN),
    "nothing": b"",
}


def credentials():
    return [
        Credential(TOKEN, source="CLOUDFLARE_API_TOKEN"),
        Credential(TOKEN, source="CLOUDFLARE_API_KEY", email="a@example.com"),
    ]


def everything_shown_of(error):
    """The ways in which an exception gets before eyes."""
    plain = "".join(traceback.format_exception(error))
    return "\n".join([str(error), repr(error), repr(vars(error)), repr(error.args), plain])


@pytest.mark.parametrize("credential", credentials(), ids=lambda each: each.scheme)
@pytest.mark.parametrize("name", ECHOES)
async def test_a_server_that_echoes_the_secret(name, credential, tmp_path):
    found = []
    async with serving(lambda seen, writer: ECHOES[name] or None) as server:
        settings = Settings(
            account_id="acme", base_url=server.url, credential=credential, debug=tmp_path / "debug.log"
        )
        api = await connect(settings, observer=found.append)
        with pytest.raises(WorkflowsError) as read:
            await api.list_instances("orders")
        with pytest.raises(WorkflowsError) as write:
            await api.change_status("orders", "a", "pause")
        await api.close()
        assert all(TOKEN in "".join(seen.headers.values()) for seen in server.seen), "it was never sent"
    for caught in (read, write):
        shown = everything_shown_of(caught.value)
        assert type(caught.value).__name__ in shown
        assert not LEAK.search(shown)
    assert len(found) == 2
    assert not LEAK.search(repr(found))
    log = (tmp_path / "debug.log").read_text()
    assert len(log.splitlines()) == 2
    assert not LEAK.search(log)


@pytest.mark.parametrize("credential", credentials(), ids=lambda each: each.scheme)
@pytest.mark.parametrize("answer", [envelope([]), reply(500, "x"), None], ids=["rows", "500", "reset"])
async def test_even_a_traceback_with_every_local_shows_nothing(credential, answer):
    """What a crash report of the loosest kind would print, were one to be made in our code."""
    page = io.StringIO()
    error: BaseException | None = None

    def crash(exchange):
        raise RuntimeError("crashed in the observer")

    async with serving(lambda seen, writer: answer) as server:
        settings = Settings(account_id="acme", base_url=server.url, credential=credential)
        api = await connect(settings, observer=crash)
        try:
            await api.list_instances("orders")
        except WorkflowsError as crashed:
            error = crashed.__context__
        finally:
            await api.close()
    assert isinstance(error, RuntimeError)
    assert error.__traceback__ is not None
    ours = error.__traceback__.tb_next
    Console(file=page, width=500).print(
        Traceback.from_exception(type(error), error, ours, show_locals=True, locals_max_string=None)
    )
    assert "request" in page.getvalue()
    assert not LEAK.search(page.getvalue())


async def test_the_debug_log_says_what_was_asked_and_is_private(tmp_path):
    path = tmp_path / "debug.log"
    path.write_text('{"before":1}\n')
    path.chmod(0o644)
    async with serving(lambda seen, writer: envelope([])) as server:
        settings = Settings(account_id="acme", base_url=server.url, credential=credentials()[0], debug=path)
        api = await connect(settings)
        await api.list_instances("orders", ListQuery(cursor="\x1b[31m"))
        await api.close()
    first, second = map(json.loads, path.read_text().splitlines())
    assert first == {"before": 1}
    assert (second["kind"], second["method"], second["http"]) == ("list", "GET", 200)
    assert second["path"].endswith("&cursor=%1B%5B31m")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("credential", credentials(), ids=lambda each: each.scheme)
def test_a_credential_shows_nothing_and_cannot_be_taken_along(credential):
    settings = Settings(credential=credential)
    for text in (repr(credential), str(credential), f"{credential}", repr(settings), repr([credential])):
        assert TOKEN not in text
    assert not hasattr(credential, "__dict__")
    with pytest.raises(TypeError, match="never pickled or copied"):
        pickle.dumps(settings)
    with pytest.raises(TypeError, match="never pickled or copied"):
        copy.deepcopy(credential)


def test_options_show_no_token():
    assert TOKEN not in repr(Options(demo="calm", demo_token=TOKEN))


def test_settings_of_every_source_show_no_token(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(f'[profiles.x]\ntoken_command = ["echo", "{TOKEN}"]\n')
    settings = load(Options(config=str(path), profile="x"), {})
    assert TOKEN not in repr(settings)
    assert TOKEN in str(settings.credential.headers_for(settings.base_url, origin=settings.base_url))
    path.write_text(f'[profiles.x]\ntoken_command = ["/nowhere/echo", "{TOKEN}"]\n')
    with pytest.raises(Exception, match="could not be run") as caught:
        load(Options(config=str(path), profile="x"), {})
    assert TOKEN not in everything_shown_of(caught.value).replace(repr(["/nowhere/echo", TOKEN]), "")


def test_hiding_leaves_other_text_alone():
    credential = credentials()[0]
    assert credential.hide(f"a {TOKEN} b {quote(TOKEN)}") == "a [hidden] b [hidden]"
    assert Credential("", source="x").hide("abc") == "abc"


# Files that hold what a person typed, or what a server answered.


@pytest.fixture
def masking(monkeypatch):
    """As once a session has begun on the credential."""
    monkeypatch.setattr(clean, "_masks", [])
    clean.mask_in_text(Credential(TOKEN, source="x").mask)


def write_a_note(folder):
    SessionStory(folder / "notes.jsonl").tell(1.0, "note", f"see {TOKEN}", workflow="orders")


def write_a_reason(folder):
    journal = Journal(folder, profile="", account="acme", clock=lambda: 1.0)
    result = ActionResult(reason=f"refused: {TOKEN}")
    assert journal.write("settled", plan="p", verb="pause", workflow="orders", id="a", result=result)


def write_an_export(folder):
    write_new(folder, "plan.jsonl", [f'{{"reason": "{TOKEN}"}}\n'])


def write_a_stream(folder):
    save_stream(b"\xff\x00 " + TOKEN.upper().encode() + b" \xfe", folder, "a", "load-1")


def write_what_others_read(folder):
    lines = SharedLines(folder / "lines")
    lines.join()
    lines.offer(msgspec.defstruct("Offer", [("error", str)])(TOKEN))


def write_a_presence(folder):
    PairingFolder(folder / "pairs", "acme", shared=False).tell(Presence("s", "me", workflow=TOKEN))


WRITERS = [
    write_a_note, write_a_reason, write_an_export, write_a_stream, write_what_others_read, write_a_presence,
]  # fmt: skip


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_never_holds_the_secret(masking, write, tmp_path):
    write(tmp_path)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"[hidden]" in written
    assert not LEAK.search(written.decode("latin-1"))


@pytest.mark.parametrize("view", [SavedView(f"x {TOKEN}"), SavedView("x", filter=f'"{TOKEN}"')])
def test_a_view_that_holds_the_secret_is_refused(masking, view, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(f"# {TOKEN}: written by hand, and theirs\n")
    with pytest.raises(SettingsError, match="token in use"):
        save_view(config, view)
    save_view(config, SavedView("failed", filter="status:errored"))
    assert len(LEAK.findall(config.read_text())) == 1
