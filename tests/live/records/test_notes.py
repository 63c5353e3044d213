"""The story keeps what happened in order, notes on disk at once."""

import json

from wfdash.live.records.notes import SessionStory


def test_notes_are_on_disk_at_once_and_others_are_not(tmp_path):
    path = tmp_path / "notes.jsonl"
    story = SessionStory(path)
    story.tell(0.0, "change", "running, now errored", workflow="orders", id="order-1")
    story.tell(1.5, "note", "called the bank \ud83d", workflow="orders")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["at"], line["text"]) for line in lines] == [
        ("1970-01-01T00:00:01.500Z", "called the bank \ud83d")
    ]
    assert [entry.kind for entry in story] == ["change", "note"]


def test_what_is_said_again_is_told_once_but_notes_are():
    story = SessionStory()
    for at in range(3):
        story.tell(at, "cause", "38 of 50: TimeoutError", workflow="orders")
        story.tell(at, "note", "still down")
    assert [entry.kind for entry in story].count("cause") == 1
    assert [entry.kind for entry in story].count("note") == 3


def test_a_disk_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "state").write_text("a file where the folder should be")
    story = SessionStory(tmp_path / "state" / "notes.jsonl")
    story.tell(0.0, "note", "x")
    assert "this session only" in story.trouble
    assert len(story) == 1
