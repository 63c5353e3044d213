"""Files of ours and the config, changed anywhere: none ends the program, none is lost without a word."""

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from wfdash.config.precedence import load
from wfdash.config.schema import SavedView
from wfdash.config.settings import Options, ProfileCard, SettingsError
from wfdash.config.writer import NewProfile, save_profile, save_view
from wfdash.live.records.journal import Journal
from wfdash.live.records.last_action import LastAction
from wfdash.live.records.notes import SessionStory
from wfdash.live.records.pins import Pin, Pins

PINS = json.dumps([["acme", "orders", f"order-{number}"] for number in range(4)]).encode()
CONFIG = b"""# mine
profile = "acme"
[profiles.acme]
account_id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
[poll]
interval = 5
[[views]]
name = "late"
key = "1"
filter = "status:errored"
"""
LINE = b'{"at":"2026-11-21T14:02:11Z","session":"1-2-ab","plan":"p","event":"sent","verb":"pause","id":"a"}\n'
RUBBISH = (
    b"\0",
    b"\xff\xfe",
    b"[" * 20_000,
    b"9" * 5000,
    b"Infinity",
    b"\n",
    b'"',
    b"{}",
    b"null",
    b"\xed\xa0\x80",
    b"=",
    b"[[views]]",
)


def spoilt(text):
    """The text with parts cut out of it, doubled, or replaced by rubbish."""

    def change(data, edits):
        for at, length, filling in edits:
            start = at % (len(data) + 1)
            data = data[:start] + filling + data[start + length :]
        return data

    filling = st.sampled_from(RUBBISH) | st.binary(max_size=8) | st.just(b"")
    edit = st.tuples(st.integers(0, 10_000), st.integers(0, 40), filling)
    return st.lists(edit, min_size=1, max_size=4).map(lambda edits: change(text, edits))


@settings(max_examples=100)
@given(spoilt(PINS))
def test_watched_instances_are_kept_or_set_aside(data):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "watched.json"
        path.write_bytes(data)
        pins = Pins(path)
        found = list(pins)
        if pins.trouble:
            (kept,) = path.parent.glob("*.unreadable-*")
            assert kept.read_bytes() == data
            assert kept.name in pins.trouble
        pins.toggle(Pin("acme", "orders", "new"))
        again = Pins(path)
        assert list(again) == [*found, Pin("acme", "orders", "new")]
        assert again.trouble == ""


@settings(max_examples=100)
@given(spoilt(LINE * 3))
def test_a_journal_is_read_past_rubbish_and_only_grows(data):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "actions.jsonl"
        path.write_bytes(data)
        journal = Journal(path.parent, profile="", account="", clock=lambda: 1e9)
        before = journal.read()
        journal.unfinished()
        LastAction(journal).done()
        assert journal.write("sent", plan="q", verb="resume", workflow="orders", id="b")
        journal.close()
        assert path.read_bytes().startswith(data)
        assert journal.read()[:-1] == before
        assert journal.read()[-1].id == "b"


@settings(max_examples=100)
@given(spoilt(LINE))
def test_notes_are_only_added_to(data):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "notes.jsonl"
        path.write_bytes(data)
        SessionStory(path).tell(1e9, "note", "mine")
        assert path.read_bytes().startswith(data)
        assert json.loads(path.read_bytes().split(b"\n")[-2])["text"] == "mine"


@settings(max_examples=150)
@given(spoilt(CONFIG))
@example(b"views = 3")
@example(b"views = [1]")
@example(b"[views]")
@example(b"profiles = 3")
@example(b"[profiles]\nmine = 3")
@example(b"[[profiles]]")
@example(b'views = [{name = "x"}]')
@example(b"views = []")
@example(b"profiles = {mine = {}}")
@example(b"profiles.mine.workflow = 'x'")
def test_a_config_is_read_or_named_and_never_cut(data):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(data)
        with suppress(SettingsError):
            load(Options(config=str(path)), {"CLOUDFLARE_API_TOKEN": "fake", "HOME": folder})
        for change in (
            lambda: save_view(path, SavedView("mine", filter="status:errored")),
            lambda: save_profile(path, NewProfile(ProfileCard("mine"))),
        ):
            before = path.read_bytes()
            try:
                change()
            except SettingsError:
                assert path.read_bytes() == before
