"""Watched instances outlive the run, and trouble with the file is said, never fatal."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.live.records.locked_file import exclusively
from wfdash.live.records.pins import Pin, Pins

A = Pin("0" * 32, "orders", "order-1")
B = Pin("0" * 32, "billing", "*/30 * * * *-1786001400000")


def test_pins_are_read_back_in_order(tmp_path):
    path = tmp_path / "state" / "watched.json"
    pins = Pins(path)
    assert pins.toggle(A)
    assert pins.toggle(B)
    assert list(Pins(path)) == [A, B]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not pins.toggle(A)
    assert list(Pins(path)) == [B]


@given(st.lists(st.builds(Pin, st.text(), st.text(), st.text()), max_size=5))
def test_any_id_survives(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("state") / "watched.json"
    pins = Pins(path)
    for pin in drawn:
        pins.add(pin)
    assert list(Pins(path)) == list(dict.fromkeys(drawn))


def test_of_gives_one_workflow_of_one_account():
    pins = Pins()
    for pin in (A, B, Pin("1" * 32, "orders", "order-1")):
        pins.add(pin)
    assert pins.of("0" * 32, "orders") == ["order-1"]


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[1, [2], [3, 4, 5]]", b'"x"', b"null"])
def test_a_broken_file_watches_nothing_and_loses_nothing(tmp_path, content):
    path = tmp_path / "watched.json"
    path.write_bytes(content)
    pins = Pins(path)
    assert list(pins) == []
    kept = [each for each in tmp_path.iterdir() if each.read_bytes() == content]
    assert kept
    pins.toggle(A)
    assert list(Pins(path)) == [A]


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "state").write_text("a file where the folder should be")
    pins = Pins(tmp_path / "state" / "watched.json")
    assert pins.toggle(A)
    assert "could not be written" in pins.trouble
    assert A in pins


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "watched.json"
    pins = Pins(path)
    pins.toggle(A)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    pins.toggle(B)
    assert "No space left" in pins.trouble
    assert json.loads(path.read_text()) == [[A.account, A.workflow, A.id]]
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["watched.json"]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=25))
def test_pins_of_several_programs_are_merged(tmp_path_factory, changes):
    path = tmp_path_factory.mktemp("state") / "watched.json"
    programs = [Pins(path) for _ in range(3)]
    watched = {}
    for program, number in changes:
        pin = Pin("0" * 32, "orders", str(number))
        if programs[program].toggle(pin):
            watched[pin] = None
        else:
            watched.pop(pin, None)
        assert set(Pins(path)) == set(watched)


def test_pins_merged_into_a_spoilt_file_lose_neither(tmp_path):
    path = tmp_path / "watched.json"
    pins = Pins(path)
    pins.toggle(A)
    path.write_text("[[1, 2]]")
    pins.toggle(B)
    assert "kept as watched.unreadable-1" in pins.trouble
    assert list(Pins(path)) == [B], "what another program took out is out"
    assert (tmp_path / "watched.unreadable-1").read_text() == "[[1, 2]]"


def test_watching_at_once_in_many_programs_loses_none(tmp_path):
    path = tmp_path / "watched.json"

    def watch(program: int) -> None:
        pins = Pins(path)
        for number in range(10):
            pins.add(Pin("", "orders", f"{program}-{number}"))
        pins.save()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(watch, range(4)))
    assert len(Pins(path)) == 40


def test_pins_wait_for_a_file_that_another_holds(tmp_path):
    path = tmp_path / "watched.json"
    ours, theirs = Pins(path), Pins(path)
    with exclusively(tmp_path, "watched") as alone:
        assert alone
        assert ours.toggle(A)
        assert "another wfdash is writing" in ours.trouble
        assert not path.exists()
    theirs.toggle(B)
    ours.save()
    assert ours.trouble == ""
    assert set(Pins(path)) == {A, B}
