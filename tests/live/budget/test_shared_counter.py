"""The file in which processes count together: by whom, of which server, and what becomes of a bad one."""

import fcntl
import json
import os
from contextlib import suppress

import pytest

from tests.support.clocks.simulated_time import EPOCH
from wfdash.config.credential import Credential
from wfdash.live.budget.budget import Budget
from wfdash.live.budget.ledger import Priority
from wfdash.live.budget.shared_counter import SharedCounter, share_counter

API = "https://api.example.com/client/v4"


def counter_of(token, folder, url=API):
    return share_counter(Credential(token, source="test"), url, folder, what="list")


def budget_on(counter):
    return Budget(clock=lambda: EPOCH, counter=counter)


def seen_by(budget):
    """What it tells once its last look is old."""
    return Budget(clock=lambda: EPOCH + 1, counter=budget._counter)


def test_the_shared_file_tells_nothing_of_the_credential(tmp_path):
    folder = tmp_path / "state"
    counter = counter_of("top-secret-token", folder)
    assert budget_on(counter).take(Priority.VISIBLE, "list") == 0
    assert counter.path == counter_of("top-secret-token", folder).path
    assert counter.path != counter_of("another", folder).path
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        assert b"secret" not in file.read_bytes() + file.name.encode()
    assert "-".join(json.loads(counter.path.read_text())["spenders"]).startswith(str(os.getpid()))


@pytest.mark.parametrize(
    "other", ["http://127.0.0.1:8789/client/v4", "https://127.0.0.1:8788/", "http://[::1]:8788"]
)
def test_two_servers_never_share_a_counter(tmp_path, other):
    here = "http://127.0.0.1:8788/client/v4"
    assert counter_of("token", tmp_path, here).path == counter_of("token", tmp_path, f"{here}/").path
    assert counter_of("token", tmp_path, here).path != counter_of("token", tmp_path, other).path
    named = counter_of("token", tmp_path, "http://localhost:8788/client/v4")
    assert named.path == counter_of("token", tmp_path, here).path, "one server by two names"
    first, two = (budget_on(counter_of("token", tmp_path, url)) for url in (here, other))
    while not first.take(Priority.VISIBLE):
        pass
    assert two.take(Priority.VISIBLE) == 0
    assert two.others == (0, 0)


def test_each_process_tells_what_it_reads_and_for_whom(tmp_path):
    first, other = (budget_on(counter_of("token", tmp_path)) for _ in range(2))
    other.take(Priority.VISIBLE, "list")
    other.take(Priority.SWEEP, "sweep")
    other.take(Priority.SWEEP, "sweep")
    first.take(Priority.FOREGROUND, "list")
    (mine, ours), (_, theirs) = seen_by(first).spenders
    assert mine
    assert (ours.what, ours.pid, ours.purposes) == ("list", os.getpid(), [("list", 1)])
    assert theirs.purposes == [("sweep", 2), ("list", 1)]
    assert "@" in theirs.who
    assert first.others == (3, 1)
    assert first.meter[0] == seen_by(other).meter[0] == 4


@pytest.mark.parametrize(
    "content",
    ["", "[1]", "{", '{"spenders": {"a": {"x": 1}}}', '{"spenders": 3}', "\x00" * 50, '{"sent": "many"}'],
)
def test_a_torn_file_is_written_anew(tmp_path, content):
    path = tmp_path / "requests.json"
    path.write_text(content)
    counter = SharedCounter(path)
    assert budget_on(counter).take(Priority.VISIBLE) == 0
    assert counter.trouble == ""
    assert budget_on(SharedCounter(path)).others[0] == 1


def test_what_a_file_cannot_mean_is_not_believed(tmp_path):
    path = tmp_path / "requests.json"
    spent = {"9 x": {str(int(EPOCH // 10)): 5}, "1 list": {str(int(EPOCH // 10)): -7, "99999999999": 3}}
    ledger = {"spenders": {"one": {"spent": spent}}, "frozen_until": EPOCH * 9}
    ledger |= {"leases": {"one": EPOCH * 9}, "queue": {"one": {"2": [0.0, EPOCH * 9]}}}
    path.write_text(json.dumps(ledger))
    budget = budget_on(SharedCounter(path))
    assert budget.held_for <= 600
    assert budget.meter[0] == 0


def test_counter_in_a_locked_folder_shares_nothing_and_says_why(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    for counter in (counter_of("token", blocked), SharedCounter(tmp_path / "nowhere" / "requests.json")):
        budget = budget_on(counter)
        assert budget.take(Priority.VISIBLE) == 0
        assert budget.others == (0, 0)
        assert budget.meter[0] == 1
        assert budget.sharing_trouble


def locked(path):
    """A descriptor of it that holds its lock, as a process does that was stopped in there."""
    stopped = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(stopped, fcntl.LOCK_EX)
    return stopped


def taken_again(counter, times):
    """Reads that go while the lock is tried for so many times, each after the while it is left alone for."""
    for _ in range(times):
        counter._stuck_until = 0.0
        assert budget_on(counter).take(Priority.VISIBLE) == 0


def test_a_lock_that_a_stopped_process_holds_stops_nobody(tmp_path):
    path = tmp_path / "requests.json"
    stopped = locked(path)
    counter = SharedCounter(path)
    budget = budget_on(counter)
    assert [budget.take(Priority.VISIBLE) for _ in range(3)] == [0, 0, 0]
    assert not budget.sharing_trouble, "it may be over in a moment"
    counter._stuck_since -= 4
    assert "one that was stopped holds the counter" in budget.sharing_trouble
    os.close(stopped)
    counter._stuck_until = 0.0
    assert budget.take(Priority.VISIBLE) == 0
    assert not budget.sharing_trouble
    assert budget_on(SharedCounter(path)).others == (4, 1)


@pytest.mark.parametrize("torn", [False, True])
def test_processes_count_together_beside_a_stopped_one(tmp_path, torn):
    path = tmp_path / "requests.json"
    ended, goes_on, comes = (SharedCounter(path) for _ in range(3))
    for counter in (ended, goes_on):
        taken_again(counter, 2)
    stopped = locked(path)
    if torn:
        os.ftruncate(stopped, 40)
    taken_again(goes_on, 3)
    taken_again(comes, 4)
    taken_again(goes_on, 1)
    assert budget_on(SharedCounter(path)).meter[0] == 2 + 6 + 4, "what another had sent, and both of them"
    assert not budget_on(goes_on).sharing_trouble
    # It goes on in the file that it had opened, and comes to the others with all it spent.
    os.write(stopped, b"{}")
    os.close(stopped)
    assert json.loads(path.read_text())["sent"] == 12
    assert sorted(each.name for each in tmp_path.iterdir()) == ["requests.json", "sessions"]


def test_a_counter_that_was_replaced_meanwhile_is_opened_again(tmp_path, monkeypatch):
    path, before = tmp_path / "requests.json", tmp_path / "before.json"
    waits, other = SharedCounter(path), SharedCounter(path)
    taken_again(waits, 1)
    before.hardlink_to(path)
    stopped = locked(path)
    taken_again(other, 4)
    os.close(stopped)
    opened = waits._opened
    old = os.open(before, os.O_RDWR)
    found = iter([old])
    monkeypatch.setattr(waits, "_opened", lambda: next(found, None) or opened())
    taken_again(waits, 1)
    assert budget_on(SharedCounter(path)).meter[0] == 6


def test_processes_count_together_again_after_their_key_went(tmp_path):
    clock = [EPOCH]
    first = Budget(clock=lambda: clock[0], counter=counter_of("token", tmp_path))
    first.take(Priority.VISIBLE, "list")
    (tmp_path / "spent.key").unlink()
    other = Budget(clock=lambda: clock[0], counter=counter_of("token", tmp_path))
    other.take(Priority.VISIBLE, "list")
    assert first.others == (0, 0)
    clock[0] += 6.0
    first.take(Priority.VISIBLE, "list")
    assert first.others == (1, 1)
    clock[0] += 1.0
    assert other.others == (2, 1), "with what it had spent before"
    assert first.shared_file == other.shared_file


def test_disk_that_is_full_leaves_no_halves_of_a_key(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert counter_of("token", tmp_path).trouble == "No space left on device"
    assert list(tmp_path.iterdir()) == []


def test_what_another_wrote_meanwhile_is_read(tmp_path):
    """And what nobody wrote is as it was put down: a block that broke off changed nothing."""
    first, other = (counter_of("token", tmp_path) for _ in range(2))

    def spend(counter):
        with counter.open(EPOCH) as ledger:
            ledger.spend(counter.session, counter.mine, Priority.VISIBLE, "list", EPOCH)

    spend(first)
    spend(first)
    with first.open(EPOCH) as ledger:
        assert ledger.sent == 2
    spend(other)
    with first.open(EPOCH) as ledger:
        assert ledger.sent == 3
    with suppress(KeyError), first.open(EPOCH) as ledger:
        ledger.sent = 9
        raise KeyError
    with first.open(EPOCH) as ledger:
        assert ledger.sent == 3
