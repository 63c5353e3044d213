"""The one-shots over the real engine: what they print, what they leave with, what the engine then says."""

import json

import pytest

from tests.engine.engine import WORKFLOW


@pytest.fixture
def wfdash(program, engine):
    """`wfdash("show", "-i", ID)` on the engine's workflow."""
    return lambda command, *arguments, **options: program(
        command, "--local", str(engine.port), "-w", WORKFLOW, *arguments, **options
    )


def steps(count):
    return lambda detail: len(detail["steps"]) >= count


def test_list_is_what_the_engine_lists(wfdash, engine, fresh):
    identity = engine.create(fresh("quick"), "quick")
    engine.wait(identity, "complete")
    done = wfdash("list", "--json", "--limit", "0")
    assert done.returncode == 0, done.stderr
    rows = {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}
    wanted = next(row for row in engine.listing(per_page="100")["result"] if row["id"] == identity)
    assert rows[identity] == wanted


def test_show_says_why_and_tells_the_steps(wfdash, engine, fresh):
    identity = engine.create(fresh("exhausted"), "exhausted")
    engine.wait(identity, "errored")
    done = wfdash("show", "-i", identity)
    assert done.returncode == 0, done.stderr
    for text in ("errored", '"charge card" gave up after 3 attempts', "insufficient funds", "load order"):
        assert text in done.stdout
    shown = json.loads(wfdash("show", "-i", identity, "--json").stdout)
    assert shown["result"] == engine.detail(identity)
    assert shown["why"].startswith('"charge card" gave up after 3 attempts')


def test_show_tells_the_run_s_error_from_its_steps_errors(wfdash, engine, fresh):
    """What the engine makes of a Promise.any, of an error thrown after a caught one, and of a long one."""
    said = {
        (
            "anyOf",
            "one",
        ): 'the run failed: AggregateError: All promises were rejected; before it "one" failed at',
        ("anyOf", "one", "two"): 'before it "one" and "two" failed, "two" last: PaymentError: two declined',
        (
            "rethrown",
        ): 'the run failed: TypeError: payment impossible; before it "charge card" failed at its only',
        ("wordy",): '"charge card" failed at its only attempt: PaymentError: declined: so it was said',
    }
    for (kind, *names), words in said.items():
        identity = engine.create(fresh(kind), kind, names=names)
        engine.wait(identity, "errored")
        done = wfdash("show", "-i", identity)
        assert words in done.stdout
        assert "outside any step" not in done.stdout


def test_an_id_that_is_not_there_is_exit_1_and_leaves_no_ghost(wfdash, engine):
    before = engine.listing()["result_info"]["total_count"]
    for command in (["show", "-i", "never-made"], ["pause", "--yes", "never-made"]):
        done = wfdash(*command)
        assert done.returncode == 1, done.stderr
    assert engine.listing()["result_info"]["total_count"] == before


def test_pause_resume_and_terminate_tell_the_truth(wfdash, program, engine, fresh):
    gate = fresh("gate")
    identity = engine.create(fresh("busy"), "busy", gate=gate)
    engine.wait(identity, steps(2))
    pausing = program.start("pause", "--local", str(engine.port), "-w", WORKFLOW, "--yes", identity)
    engine.wait(identity, "waitingForPause")
    engine.release(gate)  # the command follows until the pause has settled
    out, err = pausing.communicate(timeout=180)
    assert pausing.returncode == 0, err
    saved = json.loads(out)
    assert (saved["id"], saved["verb"], saved["before"]) == (identity, "pause", "running")
    assert saved["answered"] == "waitingForPause"
    assert saved["after"] == engine.status(identity) == "paused"
    assert json.loads(wfdash("resume", "--yes", identity).stdout)["before"] == "paused"
    engine.wait(identity, "complete")
    again = wfdash("terminate", "--yes", identity)
    assert again.returncode == 1
    assert engine.status(identity) == "complete"


def test_tail_follows_to_the_end(wfdash, engine, fresh):
    identity = engine.create(fresh("flaky"), "flaky", delay=1200)
    done = wfdash("tail", "-i", identity, "--until", "final", "--timeout", "60s")
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[2] for line in lines] == [identity] * len(lines)
    assert lines[0][3] == "-"
    assert lines[-1][4] == "complete"


def test_tail_prints_each_attempt_of_what_runs(wfdash, engine, fresh):
    identity = engine.create(fresh("retry"), "slowRetry", delay="1 second")
    done = wfdash("tail", "-i", identity, "--until", "complete", "--timeout", "8s")
    whys = [line.split("\t")[-1] for line in done.stdout.splitlines()]
    assert any(why.startswith('attempt 2 of 6 of "charge card" failed') for why in whys)
    assert {line.split("\t")[4] for line in done.stdout.splitlines()} == {"running"}


def test_tail_gives_up_in_time(wfdash, engine, fresh):
    identity = engine.create(fresh("sleeper"), "sleeper")
    engine.wait(identity, steps(2))
    done = wfdash("tail", "-i", identity, "--until", "complete", "--timeout", "1s")
    assert done.returncode == 5
    assert wfdash("terminate", "--yes", identity).returncode == 0
    done = wfdash("tail", "-i", identity, "--until", "complete", "--timeout", "30s")
    assert done.returncode == 1


def test_create_waits_and_events_arrive(wfdash, engine, fresh):
    identity = fresh("made")
    done = wfdash("create", "--yes", "--id", identity, "--params", '{"kind": "quick", "order": 5}', "--wait")
    assert done.returncode == 0, done.stderr
    assert engine.detail(identity)["output"] == {"shipped": 5}
    waiter = engine.create(fresh("approval"), "approval")
    engine.wait(waiter, steps(2))
    done = wfdash("send", "--yes", "--type", "approve", "--payload", '{"by": "ada"}', waiter)
    assert done.returncode == 0, done.stderr
    assert engine.wait(waiter, "complete")["output"] == {"by": "ada"}


def test_restart_from_a_step_keeps_what_came_before(wfdash, engine, fresh):
    identity = engine.create(fresh("loop"), "loop")
    before = engine.wait(identity, "complete")
    done = wfdash("restart", "--yes", "--from-step", "load page", "--count", "2", identity)
    assert done.returncode == 0, done.stderr
    after = engine.wait(
        identity,
        lambda now: now["status"] == "complete" and now["steps"][2]["start"] != before["steps"][2]["start"],
    )
    same = [
        each["start"] == other["start"] for each, other in zip(before["steps"], after["steps"], strict=True)
    ]
    assert same == [True, False, False]


def test_terminate_with_rollback_waits_for_the_handlers(wfdash, engine, fresh):
    identity = engine.create(fresh("booking"), "booking")
    engine.wait(identity, steps(4))
    done = wfdash("terminate", "--yes", "--rollback", identity)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["answered"] == "terminated"


def test_history_counts_errors_whose_end_no_list_tells(wfdash, engine, fresh):
    identity = engine.create(fresh("fatal"), "fatal")
    engine.wait(identity, "errored")
    done = wfdash("history", "--by", "error", "--json")
    assert done.returncode == 0, done.stderr
    causes = [json.loads(line) for line in done.stdout.splitlines()][:-1]
    assert any(cause["step"] == "check address" and "no such street" in cause["error"] for cause in causes)
