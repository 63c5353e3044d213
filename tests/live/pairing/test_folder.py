"""The folder of those who are here: whole files, modes, and whatever else may lie in it."""

import os
import subprocess
import sys
import time

import pytest

from wfdash.live.pairing.folder import PairingFolder
from wfdash.live.pairing.presence import LARGEST, Presence, written

KEY = "0123456789abcdef"
ANA = Presence("1-a", "ana@desk", "pts/1", "orders", "order-12")
BEN = Presence("2-b", "ben@desk", "pts/2", "mails")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "here"


def test_two_see_each_other_and_not_themselves(folder):
    ana, ben = (PairingFolder(folder, KEY, shared=False) for _ in range(2))
    ana.tell(ANA)
    ben.tell(BEN)
    assert (ana.others(), ben.others()) == ([BEN], [ANA])
    ben.leave()
    assert ana.others() == []
    assert [path.name for path in folder.iterdir()] == [f"here-{KEY}-1-a.json"]


def test_another_account_is_other_company(folder):
    ana, other = PairingFolder(folder, KEY, shared=False), PairingFolder(folder, "f" * 16, shared=False)
    ana.tell(ANA)
    other.tell(BEN)
    assert ana.others() == other.others() == []


@pytest.mark.parametrize(("shared", "mode"), [(False, 0o600), (True, 0o640)])
def test_who_may_read_it(folder, shared, mode):
    folder.mkdir()
    subject = PairingFolder(folder, KEY, shared=shared)
    subject.tell(ANA)
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == mode


def test_who_gave_no_word_lately_is_gone(folder):
    ana, ben = (PairingFolder(folder, KEY, shared=False) for _ in range(2))
    ana.tell(ANA)
    ben.tell(BEN)
    old = time.time() - 20
    os.utime(folder / f"here-{KEY}-2-b.json", (old, old))
    assert ana.others() == []
    assert (folder / f"here-{KEY}-2-b.json").exists()
    os.utime(folder / f"here-{KEY}-2-b.json", (old - 4000, old - 4000))
    assert ana.others() == []
    assert not (folder / f"here-{KEY}-2-b.json").exists()


ACTS = """
import sys, time
from pathlib import Path
from wfdash.live.pairing.folder import PairingFolder
from wfdash.live.pairing.presence import PeerAction, Presence
acts = (PeerAction("pause", "orders", ("order-1",), 1, time.time()),)
here = PairingFolder(Path(sys.argv[1]), "k", shared=False)
here.tell(Presence("1-a", "ana@desk", actions=acts))
print("told", flush=True)
time.sleep(600)
"""


def test_who_was_killed_is_gone_at_once(tmp_path):
    """Its last word is seconds old, and what it said it was doing it does no more."""
    looks = PairingFolder(tmp_path, "k", shared=False)
    acts = subprocess.Popen([sys.executable, "-c", ACTS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert acts.stdout.readline() == "told\n"
        (other,) = looks.others()
        assert other.actions[0].verb == "pause"
    finally:
        acts.kill()
        acts.communicate()
    assert looks.others() == []


def test_links_pipes_folders_and_large_files_are_not_read(folder, tmp_path):
    ana = PairingFolder(folder, KEY, shared=False)
    ana.tell(ANA)
    (tmp_path / "elsewhere").write_bytes(written(BEN))
    (folder / f"here-{KEY}-link.json").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / f"here-{KEY}-pipe.json")
    (folder / f"here-{KEY}-folder.json").mkdir()
    (folder / f"here-{KEY}-large.json").write_bytes(written(BEN) + b" " * LARGEST)
    (folder / f"here-{KEY}-other.json").write_bytes(b"\xff")
    assert ana.others() == []


def test_a_link_in_the_own_files_place_is_not_written_through(folder, tmp_path):
    folder.mkdir()
    prized = tmp_path / "prized"
    prized.write_text("mine")
    for name in (f".here-{KEY}-1-a.json.new", f"here-{KEY}-1-a.json"):
        (folder / name).symlink_to(prized)
    ana = PairingFolder(folder, KEY, shared=True)
    ana.tell(ANA)
    assert prized.read_text() == "mine"
    assert ana.trouble == ""
    assert not (folder / f"here-{KEY}-1-a.json").is_symlink()


@pytest.mark.parametrize("name", ["aaa {}.txt", f"here-{'f' * 16}-{{}}.json", f"here-{KEY}-0{{}}.json"])
def test_hundreds_of_other_names_hide_nobody(folder, name):
    """Files of others, and such as say that somebody was here once."""
    ana, ben = (PairingFolder(folder, KEY, shared=False) for _ in range(2))
    folder.mkdir()
    for number in range(500):
        path = folder / name.format(number)
        path.write_bytes(b"{}")
        os.utime(path, (time.time() - 60, time.time() - 60))
    ana.tell(ANA)
    ben.tell(BEN)
    assert (ana.others(), ben.others()) == ([BEN], [ANA])


def test_a_folder_that_is_not_there_is_told(folder):
    ana = PairingFolder(folder, KEY, shared=True)
    ana.tell(ANA)
    assert str(folder) in ana.trouble
    assert ana.others() == []
    folder.mkdir()
    ana.tell(ANA)
    assert ana.trouble == ""
