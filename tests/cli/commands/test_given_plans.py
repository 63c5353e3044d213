"""`--plan FILE` of every writing command: what --dry-run wrote, judged by what is read now."""

import json

import pytest

from tests.cli.commands.test_change import objects
from tests.cli.commands.test_redrive import planned


def write(file, *lines):
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return str(file)


def test_a_plan_of_each_verb_is_carried_out_once(shell, created, tmp_path):
    for command, more, after in (
        ("pause", [], "paused"),
        ("resume", [], None),
        ("terminate", [], "terminated"),
        ("restart", [], None),
    ):
        given = ["-w", "orders", *more]
        (line,) = objects(shell(command, *given, created, "--dry-run"))
        file = write(tmp_path / f"{command}.jsonl", line)
        done = shell(command, *given, "--plan", file, "--yes")
        (result,) = objects(done)
        assert (done.returncode, result["id"]) == (0, created), done.stderr
        assert result["answered"]
        assert after in (None, result["after"])
        again = shell(command, *given, "--plan", file, "--yes")
        assert not any(each["answered"] for each in objects(again)), again.stdout


def test_an_event_is_sent_to_those_of_a_plan(shell, created, tmp_path):
    event = ["-w", "orders", "--type", "approval", "--payload", '{"ok": true}']
    (line,) = objects(shell("send", *event, created, "--dry-run"))
    file = write(tmp_path / "send.jsonl", line)
    (result,) = objects(shell("send", *event, "--plan", file, "--yes"))
    assert (result["id"], result["outcome"]) == (created, "done")


def test_a_plan_of_restarts_has_each_begin_at_its_step(parcels, errored, steps, tmp_path):
    """Each from the step of its own line, a line with a reason stays out, what moved since is left alone."""
    lines = [line for line in planned(parcels, *errored()[-60:]) if not line["reason"]]
    late = [line for line in lines if line["from"]["name"] not in ("read order", "check address")][:4]
    first, second, left, moved = [line | {"verb": "restart_from"} for line in late]
    second = second | {"from": {"name": "read order", "count": 1, "type": "do"}}
    moved = moved | {"end": "2026-01-01T00:00:00.000Z"}
    given = (first, second, left | {"reason": "not this one"}, moved)
    file = write(tmp_path / "plan.jsonl", *given)
    kept = {line["id"]: steps(line["id"]) for line in given}
    shown = objects(parcels("restart", "--plan", file, "--dry-run"))
    assert [line["from"] for line in shown] == [line["from"] for line in given]
    assert [bool(line["reason"]) for line in shown] == [False, False, True, True]
    done = parcels("restart", "--plan", file, "--yes", "--wait", "--timeout", "2m")
    results = {line["id"]: line for line in objects(done)}
    assert [bool(results[line["id"]]["answered"]) for line in given] == [True, True, False, False]
    assert "ran again since" in results[moved["id"]]["error"]
    assert steps(first["id"])[0] == kept[first["id"]][0], "the steps before it keep their times"
    assert steps(second["id"])[0] != kept[second["id"]][0]
    again = parcels("restart", "--plan", file, "--yes")
    assert not any(line["answered"] for line in objects(again))


@pytest.fixture(scope="module")
def read_once():
    """What the first of these cases has read of two that errored, for all of them: nothing is sent."""
    return {}


STEP = {"name": "weigh", "count": 1, "type": "do"}


@pytest.mark.parametrize(
    ("command", "change", "said"),
    [
        ("restart", {"verb": "pause"}, "line 2: its verb is pause, not restart"),
        ("terminate", {"verb": "terminate_rollback"}, "its verb is terminate_rollback, not terminate"),
        ("restart", {"workflow": "orders"}, "its workflow is orders, not parcels"),
        ("restart", {"account": "0" * 32}, "its account or origin is"),
        ("restart", {"id": "order-1"}, "line 2: parcels has no instance order-1"),
        ("restart", {"from": STEP}, "from belongs to redrive and restart_from, not to restart"),
        ("restart_from", {"from": None}, "line 2: it does not say which step"),
        ("restart_from", {"from": STEP | {"name": "wiegh"}}, 'has no step "wiegh"; it has'),
    ],
)
def test_a_plan_that_is_not_for_here_is_exit_2(parcels, errored, read_once, tmp_path, command, change, said):
    if not read_once:
        former, other = errored()[-2:]
        read_once["lines"] = [objects(parcels("restart", each, "--dry-run"))[0] for each in (former, other)]
    line, twin = read_once["lines"]
    start = {"name": "read order", "count": 1, "type": "do"} if command == "restart_from" else None
    both = {"verb": command, "from": start}
    file = write(tmp_path / "plan.jsonl", line | both, twin | both | change)
    done = parcels(command.removesuffix("_from"), "--plan", file, "--yes")
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert said in done.stderr
