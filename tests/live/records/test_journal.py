"""The journal: every line whole, whoever writes; nothing private; what a dropped session left behind."""

import fcntl
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from wfdash.core.model.instance import Instance
from wfdash.core.verbs.outcome import Outcome
from wfdash.live.actions.plan import Guard, make_plan
from wfdash.live.actions.plan_journal import PlanJournal
from wfdash.live.records import locked_file
from wfdash.live.records.journal import Journal
from wfdash.live.records.journal_entries import KEYS, MOST_READ, ActionResult, read_entries
from wfdash.live.records.last_action import LastAction
from wfdash.live.records.locked_file import SessionLock, session_is_over

ROOT = Path(__file__).parents[3]


def journal(folder, **changes):
    return Journal(folder, **({"profile": "", "account": "acc", "clock": time.time} | changes))


def write(to, event, identity="order-1", **fields):
    return to.write(
        event, plan="p1", verb="pause", workflow="orders", id=identity, result=ActionResult(**fields)
    )


def in_child(folder, code):
    start = (
        "import sys,time,pathlib; from wfdash.live.records.journal import Journal;"
        "j=Journal(pathlib.Path(sys.argv[1]),profile='',account='acc',clock=time.time);"
        "w=lambda event,id: j.write(event,plan='p1',verb='terminate',workflow='orders',id=id);"
    )
    return subprocess.Popen(
        [sys.executable, "-c", start + code, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_a_line_has_the_listed_keys_and_is_private(tmp_path):
    folder = tmp_path / "state" / "wfdash"
    kept = journal(folder, profile="prod")
    assert write(kept, "sent", "*/30 * * * *-17\ud800\n", before="running", http=200, code=10001, ray="r-1")
    (line,) = (folder / "actions.jsonl").read_text("ascii").splitlines()
    value = json.loads(line)
    assert tuple(value) == KEYS
    assert value["v"] == 1
    assert value["id"] == "*/30 * * * *-17\ud800\n"
    assert value["after"] is None
    assert "@" in value["who"]
    for path in folder.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_last_action_of_an_account_found_later_is_an_old_one(tmp_path):
    write(journal(tmp_path, account=""), "sent")
    write(journal(tmp_path, account="other"), "sent", "order-2")
    kept = journal(tmp_path, account="")
    kept.learn_account("acc")
    assert (LastAction(kept).done().id, LastAction(kept).done().workflow) == ("order-1", "orders")
    write(kept, "sent", "order-3")
    assert LastAction(journal(tmp_path)).done().id == "order-3"


def test_last_action_says_what_had_no_effect(tmp_path):
    kept = journal(tmp_path)
    write(kept, "sent")
    assert LastAction(kept).done().without_effect == ""
    write(kept, "settled", reason="refused: it has ended (400)", outcome=Outcome.REFUSED)
    assert LastAction(kept).done().without_effect == "refused"
    write(kept, "settled", "order-2", reason="done: paused", outcome=Outcome.DONE)
    assert LastAction(kept).done().without_effect == ""


def test_outcome_of_a_journal_of_an_older_version_is_read(tmp_path):
    """Its lines have it in the first words of the reason only."""
    kept = journal(tmp_path)
    write(kept, "sent", end=50.0)
    write(kept, "settled", reason="refused: it has ended (400)")
    path = tmp_path / "actions.jsonl"
    older = [json.loads(text) for text in path.read_text().splitlines()]
    path.write_text(
        "".join(json.dumps({k: v for k, v in line.items() if k != "outcome"}) + "\n" for line in older)
    )
    assert [entry.outcome for entry in read_entries(tmp_path)] == [None, Outcome.REFUSED]
    assert LastAction(kept).done().without_effect == "refused"
    assert read_entries(tmp_path)[1].sentence == "it has ended (400)"


def test_words_of_a_reason_are_no_outcome(tmp_path):
    kept = journal(tmp_path)
    write(kept, "sent")
    write(kept, "settled", reason="done: refused: so it says", outcome=Outcome.DONE)
    assert read_entries(tmp_path)[1].sentence == "refused: so it says"
    write(kept, "settled", reason="refused: in the words of a server")
    assert read_entries(tmp_path)[2].outcome is None
    assert LastAction(kept).done().without_effect == ""


def test_sent_is_on_the_disk_before_the_call_returns(tmp_path, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(descriptor), real(descriptor)))
    kept = journal(tmp_path)
    write(kept, "planned")
    assert not synced
    write(kept, "sent")
    assert len(synced) == 2, "the file and its folder"
    write(kept, "sent")
    assert len(synced) == 3


def test_it_rotates_and_keeps_five_old_files(tmp_path):
    kept = journal(tmp_path, max_bytes=2000)
    for number in range(100):
        write(kept, "settled", f"order-{number}")
    files = sorted(path.name for path in tmp_path.glob("actions.jsonl*"))
    assert files == ["actions.jsonl", *(f"actions.jsonl.{number}" for number in range(1, 6))]
    assert all(path.stat().st_size <= 2000 for path in tmp_path.glob("actions.jsonl*"))
    ids = [entry.id for entry in kept.read()]
    assert ids == [f"order-{number}" for number in range(100 - len(ids), 100)]
    assert len(ids) > 20


def test_two_processes_do_not_cut_each_others_lines(tmp_path):
    code = "[w('settled', f'{sys.argv[1][-1]}-{k}') for k in range(150)]"
    children = [in_child(tmp_path, code) for _ in range(2)]
    for child in children:
        child.communicate()
        assert child.returncode == 0
    lines = (tmp_path / "actions.jsonl").read_text("ascii").splitlines()
    assert len(lines) == 300
    assert len({json.loads(line)["session"] for line in lines}) == 2


def test_two_processes_rotate_together_without_losing_a_line(tmp_path):
    code = "j._file.max_bytes=30000; [w('settled', str(k)) for k in range(120)]"
    children = [in_child(tmp_path, code) for _ in range(2)]
    for child in children:
        child.communicate()
        assert child.returncode == 0
    assert len(read_entries(tmp_path)) == 240


def test_writer_without_the_lock_appends_and_rotates_nothing(tmp_path, monkeypatch):
    kept = journal(tmp_path, max_bytes=1)
    write(kept, "settled", "first")
    monkeypatch.setattr(locked_file, "_PATIENCE", 0.0)
    with (tmp_path / "actions.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert write(kept, "settled", "second")
    assert not (tmp_path / "actions.jsonl.1").exists()
    assert write(kept, "settled", "third")
    assert (tmp_path / "actions.jsonl.1").read_bytes().count(b"\n") == 2


def test_sent_line_without_the_lock_is_refused_until_it_is_free(tmp_path, monkeypatch):
    kept = journal(tmp_path)
    monkeypatch.setattr(locked_file, "_PATIENCE", 0.0)
    write(kept, "planned")
    with (tmp_path / "actions.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert not write(kept, "sent")
        assert "another process holds its lock" in kept.trouble
        assert write(kept, "skipped"), "what promises nothing is written all the same"
        assert kept.trouble
        assert kept.check()
    assert kept.check() == ""
    assert write(kept, "sent")


def test_a_session_lock_that_was_removed_is_taken_anew(tmp_path):
    kept = journal(tmp_path)
    write(kept, "sent")
    [lock] = (tmp_path / "sessions").iterdir()
    lock.unlink()
    write(kept, "answered")
    assert not session_is_over(tmp_path, kept.session)


def test_a_check_leaves_nothing_behind_and_finds_a_full_disk(tmp_path, monkeypatch):
    kept = journal(tmp_path)
    assert kept.check() == ""
    assert [path.name for path in tmp_path.iterdir()] == ["actions.lock"]
    monkeypatch.setattr(locked_file.os, "write", lambda *_: 0)
    assert "No space left on device" in kept.check()
    monkeypatch.undo()
    assert kept.check() == ""


def test_cut_foreign_and_binary_lines_are_passed_over(tmp_path):
    kept = journal(tmp_path)
    write(kept, "sent", "first")
    path = tmp_path / "actions.jsonl"
    with path.open("ab") as file:
        file.write(b'\xff\xfe\n[1]\n{"at": 3}\n' + b"[" * 100_000 + b'\n{"v": 1, "at": "2026-11-2')
    write(kept, "settled", "second")
    assert [entry.id for entry in kept.read()] == ["first", "second"]


@pytest.mark.parametrize(
    "start", [r'"\ud800"', r'{"\ud800": 1}', r'{"name": "\ud800"}', "[1]", '{"name": 1}']
)
def test_line_whose_start_is_none_is_read_without_it(tmp_path, start):
    kept = journal(tmp_path)
    write(kept, "settled")
    path = tmp_path / "actions.jsonl"
    path.write_text(path.read_text().replace('"from": null', f'"from": {start}'))
    assert start in path.read_text()
    assert [entry.id for entry in kept.read()] == ["order-1"]
    assert LastAction(kept).done().id == "order-1"


@contextmanager
def room_for(size):
    """No file grows beyond so many bytes, as on a disk that is full by then."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_is_told_and_breaks_nothing(tmp_path):
    kept = journal(tmp_path)
    write(kept, "planned")
    with room_for((tmp_path / "actions.jsonl").stat().st_size + 20):
        assert not write(kept, "sent")
    assert "could not be written" in kept.trouble
    assert write(kept, "settled", "after")
    assert not kept.trouble
    assert [entry.event for entry in kept.read()] == ["planned", "settled"]


async def test_batch_that_a_full_disk_cut_leaves_nothing_to_resume(tmp_path):
    """It was refused whole: the third of it that had fitted was offered, and sent, as if it were all."""
    kept = journal(tmp_path)
    rows = [Instance(f"order-{number}", "errored") for number in range(100)]
    plan = make_plan("restart", "orders", rows, now=time.time(), guard=Guard())
    with room_for(10_000):
        assert "could not be written" in await PlanJournal(plan, kept).planned()
    kept.close()
    after = journal(tmp_path)
    assert after.unfinished() == []
    assert await PlanJournal(plan, after).planned() == ""
    assert len(after.read()) == 100


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "state").write_text("a file in the way")
    kept = journal(tmp_path / "state" / "wfdash")
    assert not write(kept, "sent")
    assert "could not be written" in kept.trouble
    assert kept.read() == []
    assert kept.unfinished() == []


def test_a_dropped_session_is_found_by_what_it_left(tmp_path):
    code = (
        "[w('planned', i) for i in 'abcde'];"
        "w('sent','a'); w('answered','a'); w('settled','a');"
        "w('sent','b'); w('answered','b'); w('sent','c'); w('unknown','c'); w('sent','d');"
        "print('written', flush=True); sys.stdin.read()"
    )
    kept = journal(tmp_path)
    with in_child(tmp_path, code) as child:
        assert child.stdout.readline()
        assert kept.unfinished() == [], "the session still lives"
        child.kill()
    (left,) = kept.unfinished()
    assert (left.verb, left.workflow) == ("terminate", "orders")
    assert left.settled == ("a",)
    assert left.sent == ("b", "d")
    assert left.unknown == ("c",)
    assert left.unsent == ("e",)
    kept.close_unfinished(left)
    assert kept.unfinished() == []
    assert journal(tmp_path).unfinished() == []


def test_another_accounts_leftovers_are_not_told_here(tmp_path):
    dropped = journal(tmp_path, account="other")
    write(dropped, "sent")
    dropped.close()
    assert journal(tmp_path).unfinished() == []
    assert len(journal(tmp_path, account="other").unfinished()) == 1


def test_a_finished_plan_leaves_nothing(tmp_path):
    done = journal(tmp_path)
    for event in ("planned", "sent", "answered", "settled"):
        write(done, event)
    done.close()
    assert journal(tmp_path).unfinished() == []
    assert not list((tmp_path / "sessions").iterdir())


@pytest.mark.parametrize("session", ["../../etc/passwd", "a/b", ""])
def test_session_name_from_the_file_reaches_no_other_path(tmp_path, session):
    lock = SessionLock(tmp_path, session)
    lock.hold()
    assert [path.parent for path in tmp_path.rglob("*.lock")] == [tmp_path / "sessions"]
    lock.release()


def test_of_a_long_journal_the_newest_are_read(tmp_path):
    kept = journal(tmp_path, max_bytes=MOST_READ // 3)
    write(kept, "sent", "now")
    line = (tmp_path / "actions.jsonl").read_bytes()
    for number in (5, 4, 3, 2, 1):
        older = line.replace(b"now", b"file %d" % number)
        (tmp_path / f"actions.jsonl.{number}").write_bytes(older * (MOST_READ // 3 // len(older)))
    entries = read_entries(tmp_path)
    assert [entries[-2].id, entries[-1].id] == ["file 1", "now"]
    assert entries[0].id in ("file 3", "file 4")
    assert sum(entry.id == "file 4" for entry in entries) < 10
    assert kept.size() > MOST_READ


def test_what_was_left_open_long_ago_is_found(tmp_path):
    kept = journal(tmp_path)
    write(kept, "sent", "left open")
    write(kept, "planned", "never sent")
    write(kept, "settled", "over")
    kept.close()
    os.rename(tmp_path / "actions.jsonl", tmp_path / "actions.jsonl.5")
    other = json.dumps(
        {"session": "s", "plan": "q", "event": "settled", "id": "x", "at": "2026-11-21T10:00:00Z"}
    )
    (tmp_path / "actions.jsonl").write_text((other + '\n[]\n{\n""\n') * 30_000)
    (left,) = journal(tmp_path).unfinished()
    assert (left.sent, left.unsent, left.settled) == (("left open",), ("never sent",), ("over",))
    assert left.remaining == 2, "what is over is none of it"


@pytest.mark.parametrize(
    ("events", "end", "taken"),
    [
        (["sent"], 50.0, True),
        (["sent"], 52.0, True),
        (["sent"], 90.0, False),
        (["sent", "answered"], 50.0, True),
        (["sent", "answered", "settled", "ended"], 50.0, True),
        (["sent", "answered", "settled", "ended"], 52.0, False),
        (["sent", "skipped"], 50.0, False),
        (["sent", "taken over"], 50.0, False),
        (["sent", "refused"], 50.0, False),
        (["planned"], 50.0, False),
    ],
)
def test_restart_of_another_plan_goes_first(tmp_path, events, end, taken):
    first, second = journal(tmp_path), journal(tmp_path)
    of = {"verb": "redrive", "workflow": "orders", "id": "order-1"}
    for event in events:
        result = ActionResult(end=50.0, outcome=Outcome.REFUSED if event == "refused" else None)
        first.write("settled" if event == "refused" else event, plan="p1", result=result, **of)
    second.write("sent", plan="p2", result=ActionResult(end=end), **of)
    asked = {"workflow": "orders", "id": "order-1", "end": end}
    assert second.restarted_by_another(plan="p2", **asked) is taken
    if "sent" in events:
        assert not first.restarted_by_another(plan="p1", **asked), "only the later one gives way"
    first.close()
    second.close()


def test_ends_before_restarts_are_read_back(tmp_path):
    """The list forgets the run that a restart took away; what was read before sending stands here."""
    now = time.time()
    kept = journal(tmp_path)

    def sent(identity, *, verb="redrive", workflow="orders", event="sent", to=kept, **fields):
        result = ActionResult(**({"before": "errored", "end": now - 60} | fields))
        to.write(event, plan="p", verb=verb, workflow=workflow, id=identity, result=result)

    sent("a")
    sent("b", verb="restart", before="complete")
    sent("other event", event="planned")
    sent("other verb", verb="terminate")
    sent("other workflow", workflow="billing")
    sent("other account", to=journal(tmp_path, account="another"))
    sent("had not ended", before="running", end=None)
    sent("long ago", end=now - 9000)
    found = kept.restarted_ends("orders", now - 3600)
    assert [(row.id, row.status, round(now - row.ended)) for row in found] == [
        ("a", "errored", 60),
        ("b", "complete", 60),
    ]
