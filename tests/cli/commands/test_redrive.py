"""`wfdash redrive` against the simulator: planned, reviewed, the canary, held, and followed to the end."""

import json
import os
import re
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from tests.cli.commands.conftest import PARCELS
from tests.cli.commands.test_change import KEYS, objects
from tests.support.harness.simulator import Server
from wfdash.cli.commands.results import Printer
from wfdash.core.model.times import iso, parse_time
from wfdash.core.verbs.outcome import Outcome
from wfdash.live.actions.plan import Plan, Target
from wfdash.live.records.journal import UNDER_WAY

RESTARTED = ("done", "under way", "failed again")


def planned(parcels, *arguments):
    done = parcels("redrive", *arguments, "--dry-run")
    assert done.returncode == 0, done.stderr
    return objects(done)


def test_a_reviewed_plan_repairs_and_keeps_what_was_done(parcels, tmp_path, errored, steps):
    plan = planned(parcels, *errored()[-80:])
    keys = ["account", "workflow", "id", "verb", "before", "from", "end", "reason"]
    assert all(list(line) == keys for line in plan)
    skipped = [line for line in plan if line["reason"]]
    assert skipped
    assert all("rolled back" in line["reason"] and line["from"] is None for line in skipped)
    chosen = [line for line in plan if line["from"] == {"name": "reserve item", "count": 2, "type": "do"}][
        -4:
    ]
    file = tmp_path / "plan.jsonl"
    file.write_text("\n".join(map(json.dumps, [*chosen, skipped[0]])))
    before = {line["id"]: steps(line["id"]) for line in chosen}

    done = parcels("redrive", "--plan", str(file), "--wait", "--timeout", "2m", "--yes")
    by_id = {line["id"]: line for line in objects(done)}
    assert by_id.keys() == {*before, skipped[0]["id"]}
    assert all(list(line) == [*KEYS, "from", "ended"] for line in by_id.values())
    assert by_id[skipped[0]["id"]]["outcome"] == "skipped"
    for line in chosen:
        result = by_id[line["id"]]
        assert result["outcome"] == ("done" if result["ended"] == "complete" else "failed again")
        assert result["from"] == line["from"]
        assert result["ended"] == result["after"]
        assert steps(line["id"])[:2] == before[line["id"]][:2]
    assert done.returncode == 1, "one was skipped"
    again = parcels("list", "--filter", "batch:last", "--limit", "0", "--json")
    assert {json.loads(line)["id"] for line in again.stdout.splitlines()} == by_id.keys()


def test_a_plan_is_judged_again_by_what_is_read(parcels, tmp_path, errored, steps):
    lines = planned(parcels, *errored()[-80:])
    plan = [line for line in lines if not line["reason"] and line["from"]["name"] != "read order"]
    undone = next(line for line in lines if line["reason"])
    start = {"name": "read order", "count": 1, "type": "do"}
    early, bare, spent, undated, gone_on, later = plan[-6:]
    edited = {
        undone["id"]: undone | {"reason": None, "from": start},
        early["id"]: early | {"from": start},
        bare["id"]: bare | {"from": None},
        spent["id"]: spent | {"end": "2020-01-01T00:00:00.000Z"},
        undated["id"]: undated | {"end": None},
        gone_on["id"]: gone_on | {"end": "2020-01-01T00:00:00.000Z", "from": start | {"name": "other"}},
        later["id"]: later | {"reason": "not this one"},
    }
    file = tmp_path / "plan.jsonl"
    file.write_bytes("\r\n".join(map(json.dumps, edited.values())).encode())

    done = parcels("redrive", "--plan", str(file), "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "2 would be sent, 5 skipped" in done.stderr
    again = {line["id"]: line for line in objects(done)}
    assert again.keys() == edited.keys()
    assert again[bare["id"]] == bare, "what a plan leaves open is looked for"
    assert again[early["id"]] == early | {"from": start}, "an earlier step may be meant"
    for line, said in (
        (undone, "rolled back: "),
        (spent, "it ran again since the plan and failed at "),
        (gone_on, "it ran again since the plan and failed at "),
        (undated, "the plan does not say when it ended"),
        (later, "not this one"),
    ):
        assert again[line["id"]]["reason"].startswith(said), line["id"]

    done = parcels("redrive", "--plan", str(file), "--yes")
    sent = {line["id"]: line for line in objects(done)}
    assert {each for each in sent if sent[each]["answered"]} == {early["id"], bare["id"]}
    assert sent[early["id"]]["from"] == start
    assert steps(undone["id"])
    done = parcels("redrive", "--plan", str(file), "--yes", "--wait", "--timeout", "2m")
    assert not any(line["answered"] for line in objects(done)), "a plan that was carried out sends nothing"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"account": "0" * 32}, "its account or origin is"),
        ({"workflow": "orders"}, "its workflow is orders, not parcels"),
        ({"verb": "restart"}, "its verb is restart, not redrive"),
        ({"from": {"name": "", "count": 1}}, "from needs a name"),
        ({"from": {"name": "weigh", "count": 1}}, "from has no type: a step is named by"),
        ({"from": {"name": "weigh"}}, "from has no count and no type"),
        ({"from": {"name": "weigh", "count": 0}}, "a count from 1"),
        ({"from": {"name": "x", "type": "teleport"}}, "the type of its from is none of do, sleep, "),
        ({"from": {"name": "x", "count": "2"}}, "the count of its from is a text, where a whole number"),
        ({"end": "yesterday"}, "its end is not a time"),
        ({"id": 7}, "not an object of a plan, as --dry-run prints them: its id is a number, where a text is"),
    ],
)
def test_a_plan_of_elsewhere_or_a_spoilt_one_is_exit_2(parcels, half_fixed, tmp_path, change, said):
    account = half_fixed["CLOUDFLARE_ACCOUNT_ID"]
    good = {
        "account": account,
        "workflow": "parcels",
        "id": "a",
        "verb": "redrive",
        "from": None,
        "end": None,
    }
    file = tmp_path / "plan.jsonl"
    file.write_text(f"{json.dumps(good)}\n\n{json.dumps(good | {'id': 'b'} | change)}\n")
    done = parcels("redrive", "--plan", str(file), "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert "line 3" in done.stderr
    assert said in done.stderr


def test_a_plan_with_an_id_or_step_that_is_not_there_is_exit_2(parcels, tmp_path, errored):
    good, spoilt = [line for line in planned(parcels, *errored()[-8:]) if not line["reason"]][:2]
    file, step = tmp_path / "plan.jsonl", spoilt["from"]
    for change, said in (
        ({"from": step | {"count": 9}}, f'has "{step["name"]}" 1 time, not 9; it failed at "{step["name"]}"'),
        ({"from": step | {"type": "sleep"}}, f'has "{step["name"]}" as do, not as sleep; it failed at'),
        ({"from": step | {"name": "wiegh"}}, 'has no step "wiegh"; it failed at'),
        ({"id": "order-1"}, "parcels has no instance order-1"),
    ):
        file.write_text(f"{json.dumps(good)}\n{json.dumps(spoilt | change)}\n")
        done = parcels("redrive", "--plan", str(file), "--yes")
        assert (done.returncode, done.stdout) == (2, "")
        assert "line 2" in done.stderr
        assert said in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which ones?"),
        (["a", "--filter", "status:errored"], "one of these"),
        (["--filter", "status:errored", "--yes"], "needs --expect"),
        (["a", "--expect", "2", "--yes"], "--expect belongs to --filter"),
        (["a", "--within", "1m", "--yes"], "--within belongs to --canary"),
        (["a", "--timeout", "1m", "--yes"], "--timeout belongs to --wait"),
        (["a"], "add --yes"),
        (["--filter", "status:errored id:nowhere", "--expect", "1", "--yes"], "there is no field id"),
        (["--filter", "status:errored nowhere", "--expect", "1", "--yes"], "nothing that errored matches"),
        (["--filter", "status:errored", "--expect", "7", "--yes"], "match; nothing was sent"),
        (["--filter", "status:nope", "--expect", "7", "--yes"], "no status nope is known"),
        (["order-1", "order-2", "--yes"], "parcels has no instance order-1"),
        (["--filter", "batch:abc", "--expect", "7", "--yes"], "no batch abc in parcels is in the journal"),
    ],
)
def test_what_is_no_sense_is_exit_2_and_sends_nothing(parcels, arguments, said):
    done = parcels("redrive", *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert said in done.stderr


def test_a_canary_larger_than_the_set_is_exit_2(parcels, errored):
    done = parcels("redrive", *errored()[-3:], "--canary", "4", "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--canary 4: only" in done.stderr


def test_a_canary_that_has_not_ended_in_time_is_exit_4(parcels, errored):
    plan = [line for line in planned(parcels, *errored()[-20:]) if not line["reason"]]
    ids = [line["id"] for line in plan if line["from"]["name"] == "read order"][:2]
    done = parcels("redrive", *ids, "--canary", "1", "--within", "0.2s", "--yes")
    first, second = objects(done)
    assert done.returncode == 4
    assert (first["outcome"], first["ended"]) == ("under way", None)
    assert (second["outcome"], second["answered"]) == ("skipped", None)
    assert "had not ended in time" in second["error"]
    (said,) = [line for line in done.stderr.splitlines() if "held and not sent" in line]
    assert said.startswith("wfdash: 1 sent, 1 held and not sent: 1 of the first 1 had not ended in time; ")
    assert said.endswith("To go on: wfdash redrive -w parcels --resume sends them")


def test_a_plan_that_is_held_names_itself_to_go_on(parcels, tmp_path, errored):
    plan = [line for line in planned(parcels, *errored()[-40:-20]) if not line["reason"]]
    file = tmp_path / "the plan.jsonl"
    file.write_text(
        "\n".join([json.dumps(line) for line in plan if line["from"]["name"] == "read order"][:3])
    )
    canary = ("--canary", "1", "--within", "0.2s", "--yes")
    done = parcels("redrive", "--plan", str(file), *canary)
    assert "wfdash: 1 sent, 2 held and not sent: " in done.stderr
    assert f"To go on: run it again with --plan '{file}'; what ran again since is left out" in done.stderr
    done = parcels("redrive", "--plan", "-", *canary, input=file.read_text())
    assert "wfdash: 1 sent, 1 held and not sent: " in done.stderr
    assert "To go on: wfdash redrive -w parcels --resume sends them" in done.stderr


def test_what_a_canary_held_is_resumed_without_its_ids(parcels, errored):
    plan = [line for line in planned(parcels, *errored()[-130:-80]) if not line["reason"]]
    ids = [line["id"] for line in plan if line["from"]["name"] == "read order"][:4]
    assert len(ids) == 4
    canary = ("--canary", "1", "--within", "0.2s", "--yes")
    held = [line["id"] for line in objects(parcels("redrive", *ids, *canary)) if not line["answered"]]
    assert len(held) == 3
    # One of them is put right by its id: it is held no longer.
    by_hand = held.pop()
    assert parcels("redrive", by_hand, "--yes").returncode == 0
    done = parcels("redrive", "--resume", "--dry-run")
    assert [line["id"] for line in objects(done)] == held
    assert "2 held and not sent" in done.stderr
    assert "had not ended in time" in done.stderr
    done = parcels("redrive", "--resume", *canary)
    first, second = objects(done)
    assert [first["id"], second["id"]] == held
    assert (first["outcome"], second["outcome"]) == ("under way", "skipped")
    done = parcels("redrive", "--resume", "--yes")
    assert [(line["id"], line["outcome"]) for line in objects(done)] == [(held[1], "under way")]
    done = parcels("redrive", "--resume", "--yes")
    assert held[1] not in done.stdout


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("pause", []),
        ("resume", []),
        ("terminate", ["--rollback"]),
        ("restart", []),
        ("restart", ["--from-step", "weigh"]),
        ("send", ["--type", "go"]),
    ],
)
def test_every_verb_plans_without_sending(parcels, command, more, errored, steps):
    identity = errored()[-1]
    before = steps(identity)
    done = parcels(command, identity, "never-made", *more, "--dry-run")
    first, other = objects(done)
    assert done.returncode == 0
    assert (first["id"], first["before"], other["before"]) == (identity, "errored", None)
    assert (first["reason"] is None) == (command == "restart")
    assert other["reason"]
    assert (first["from"] or {}).get("name") == ("weigh" if len(more) == 2 and command == "restart" else None)
    assert steps(identity) == before


def test_create_plans_without_creating(parcels):
    done = parcels("create", "--id", "made-by-nobody", "--dry-run")
    [line] = objects(done)
    assert (done.returncode, line["id"], line["verb"]) == (0, "made-by-nobody", "create")
    assert parcels("show", "-i", "made-by-nobody").returncode == 1


def test_restart_waits_for_the_end(parcels, errored):
    done = parcels("restart", errored()[-1], "--wait", "--timeout", "2m", "--yes")
    [answer] = objects(done)
    assert answer["ended"] == answer["after"]
    assert done.returncode == (0 if answer["ended"] == "complete" else 1)


def test_restart_takes_a_canary_and_its_bounds(parcels, errored):
    ids = errored()[-2:]
    done = parcels("restart", *ids, "--canary", "3", "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--canary 3: only 2 can be restarted" in done.stderr
    done = parcels("restart", *ids, "--within", "1m", "--yes")
    assert (done.returncode, "--within belongs to --canary" in done.stderr) == (2, True)
    done = parcels("restart", *ids, "--canary", "1", "--within", "0.2s", "--pace", "60", "--yes")
    first, second = objects(done)
    assert (done.returncode, first["outcome"], first["ended"]) == (4, "under way", None)
    assert (second["outcome"], second["answered"]) == ("skipped", None)
    assert "had not ended in time" in second["error"]


@pytest.mark.parametrize(
    ("verb", "outcome", "after", "ended", "said"),
    [
        ("redrive", Outcome.DONE, "queued", "", "under way"),
        ("restart", Outcome.DONE, "running", "", "under way"),
        ("restart", Outcome.DONE, "complete", "", "done"),
        ("restart", Outcome.DONE, "errored", "", "failed again"),
        ("redrive", Outcome.DONE, "errored", "errored", "failed again"),
        ("redrive", Outcome.DONE, "terminated", "terminated", "terminated"),
        ("restart", Outcome.UNKNOWN, "errored", "", "unknown"),
        ("restart", Outcome.UNDER_WAY, "errored", "", "under way"),
        ("resume", Outcome.DONE, "running", "", "done"),
    ],
)
def test_outcome_is_what_the_run_bears_out(capsys, verb, outcome, after, ended, said):
    plan = Plan("k", 0.0, verb, "parcels", (Target("a"),))
    result = plan.result("a", 0.0, outcome, after=after)
    Printer(plan).print(replace(result, ended=ended))
    assert json.loads(capsys.readouterr().out)["outcome"] == said


@pytest.fixture
def broken():
    """A world of failed parcels as a process: its exports, `mend()`, and `restarts()` of each by now."""
    with Server("tests.support.fakes.repair_world:main", 40) as server:
        yield SimpleNamespace(
            exports=server.exports,
            mend=lambda: server.send_signal(signal.SIGUSR1),
            restarts=lambda: json.loads((server.send_signal(signal.SIGUSR2), server.line())[1]),
        )


@pytest.fixture
def all_requests():
    """All requests that the API lets a user make: each command reads every parcel, and else waits for it."""
    config = Path(os.environ["XDG_CONFIG_HOME"]) / "wfdash" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[poll]\nshare = 1.0\n")
    config.chmod(0o600)


def age_journal(seconds):
    """What was sent, was sent so much earlier: what came of it is waited for no longer."""
    journal = Path(os.environ["XDG_STATE_HOME"]) / "wfdash" / "actions.jsonl"

    def earlier(found):
        return f'"at": "{iso(parse_time(found[1]) - seconds)}"'

    journal.write_text(re.sub('"at": "([^"]+)"', earlier, journal.read_text()))


@pytest.mark.usefixtures("all_requests")
def test_faults_a_kill_and_a_resume_restart_each_once(program, broken, tmp_path):
    run = (*PARCELS, "--yes")
    done = program("redrive", *PARCELS, "--filter", "status:errored", "--dry-run", env=broken.exports)
    plan = {line["id"]: line for line in objects(done) if not line["reason"]}
    assert len(plan) > 40
    file = tmp_path / "plan.jsonl"
    file.write_text("\n".join(map(json.dumps, plan.values())))
    broken.mend()

    killed = program.start("redrive", *run, "--plan", str(file), env=broken.exports)
    entries = [json.loads(killed.stdout.readline()) for _ in range(15)]
    killed.kill()
    out, _ = killed.communicate(timeout=60)
    entries += [json.loads(line) for line in out.splitlines() if line.endswith("}")]

    age_journal(2 * UNDER_WAY)
    assert program("redrive", *run, "--resume", "--dry-run", env=broken.exports).returncode == 0
    resumed = program("redrive", *run, "--resume", env=broken.exports)
    entries += objects(resumed)
    assert "not sent" in resumed.stderr
    assert {line["id"] for line in entries} == plan.keys(), "every id is accounted for"
    # What still ran then is read by the next one, which sends nothing; then nothing is left.
    before, again = broken.restarts(), resumed
    for _ in range(20):
        if not (again := program("redrive", *run, "--resume", env=broken.exports)).stdout:
            break
    assert (again.returncode, again.stdout) == (1, "")
    assert broken.restarts() == before
    assert "nothing to resume" in again.stderr

    restarts = broken.restarts()
    last = {line["id"]: line for line in entries}
    assert {identity for identity in plan if restarts[identity] > 1} == set()
    never = {identity for identity in plan if restarts[identity] == 0}
    assert never == {identity for identity, line in last.items() if line["outcome"] not in RESTARTED}
