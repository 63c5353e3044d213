"""`wfdash show`: why it is there, the timeline as text, and the answer untouched."""

import json
import re
from datetime import datetime, timedelta

from tests.cli.commands.conftest import ask
from wfdash.cli.commands.show import sheet
from wfdash.core.model.detail import read_detail
from wfdash.core.why.why import TimeWords

AT = TimeWords(1_800_000_000.0)


def an_errored(shell) -> str:
    done = shell("list", "-w", "orders", "--filter", "status:errored", "--limit", "1", "--json")
    return json.loads(done.stdout)["id"]


def test_text_tells_why_and_draws_the_timeline(shell):
    errored = an_errored(shell)
    done = shell("show", "-w", "orders", errored)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"orders / {errored}: errored"
    assert "errored" in lines[1]
    assert any(re.search(r"✗ +attempt \d", line) for line in lines)
    assert all(line.isprintable() for line in lines)
    assert re.fullmatch(r"as of \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", lines[-1])


def test_json_holds_the_answer_untouched(shell, simulator):
    errored = an_errored(shell)
    done = shell("show", "-i", errored, "-w", "orders", "--json")
    answer = json.loads(done.stdout)
    assert list(answer) == ["workflow", "id", "why", "result"]
    assert answer["result"] == ask(simulator, f"/workflows/orders/instances/{errored}")["result"]
    assert (answer["workflow"], answer["id"]) == ("orders", errored)
    assert answer["why"]
    assert done.stdout.count("\n") == 1
    assert done.stdout.isascii()


def test_how_long_what_ended_is_kept_is_read_from_its_version(shell, simulator):
    listed = shell("list", "-w", "inventory-sync", "--filter", "status:complete", "--limit", "1", "--json")
    subject = json.loads(listed.stdout)
    answer = shell("show", "-w", "inventory-sync", subject["id"]).stdout
    ended = datetime.fromisoformat(subject["ended_on"]).replace(microsecond=0)
    assert f"kept      until about {ended + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}" in answer
    assert "; erased in about " in answer


def test_since_when_it_is_paused_is_said_by_show_and_tail(shell, created):
    assert json.loads(shell("pause", "-w", "orders", created, "--yes").stdout)["after"] == "paused"
    assert shell("show", "-w", "orders", created).stdout.splitlines()[1].startswith("paused for ")
    followed = shell("tail", "-w", "orders", "-i", created, "--until", "paused")
    assert followed.stdout.split("\t")[-1].startswith("paused for ")


def test_a_dashboard_url_names_it_all(shell, simulator):
    errored = an_errored(shell)
    account = simulator["CLOUDFLARE_ACCOUNT_ID"]
    url = f"https://dash.cloudflare.com/{account}/workers/workflows/orders/instance/{errored}"
    assert shell("show", url).stdout.startswith(f"orders / {errored}: ")
    assert shell("show", "-i", url, "-w", "refunds").returncode == 2


def test_exit_codes(shell):
    assert shell("show", "-w", "orders", "nope").returncode == 1
    assert shell("show", "-w", "orders").returncode == 2
    assert shell("show", "-w", "orders", "a", "b").returncode == 2


def test_id_that_no_address_can_hold_gets_one_short_line(shell):
    done = shell("show", "-w", "orders", "-i", "a" * 100_000)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 200


def test_an_id_cannot_write_a_line_of_its_own(shell):
    done = shell("show", "-w", "orders", "-i", "a\nwfdash: all is well")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 2, "the refusal, and what analytics tell of the id"


def test_of_one_that_ended_nobody_says_when_no_time_runs_on():
    seen = {"status": "complete", "start": "2026-11-21T10:00:00Z", "end": None, "steps": []}
    assert "so far" not in "\n".join(sheet(read_detail("orders", "a", seen), "finished", AT))
    seen["status"] = "running"
    assert "so far" in "\n".join(sheet(read_detail("orders", "a", seen), "running", AT))


def test_credential_in_use_is_masked_in_text_and_left_in_json(program, faulty):
    env = faulty()  # a world of its own: other tests name the newest order as it is listed, and look for it
    token = env["CLOUDFLARE_API_TOKEN"]
    identity = f"leak_{token}"
    created = program("create", "-w", "orders", "--id", identity, env=env)
    assert json.loads(created.stdout)["id"] == identity, "JSON is for programs, and stays as it is"
    shown = program("show", "-w", "orders", identity, env=env)
    assert "orders / leak_[hidden]: " in shown.stdout
    assert token not in shown.stdout + shown.stderr
    assert json.loads(program("show", "-w", "orders", identity, "--json", env=env).stdout)["id"] == identity
    listed = program("list", "-w", "orders", "--limit", "5", env=env)
    assert "leak_[hidden]" in listed.stdout
    assert token not in listed.stdout


def test_a_queued_one_says_how_many_may_run(faulty, program):
    env = faulty("--scenario", "incident")
    listed = program(
        "list", "-w", "media-transcode", "--filter", "status:queued", "--limit", "1", "--json", env=env
    )
    shown = program("show", "-w", "media-transcode", json.loads(listed.stdout)["id"], env=env)
    assert "3 that may run at once" in shown.stdout.splitlines()[1]


def test_what_became_of_an_erased_instance_is_said(shell):
    """`inventory-sync` keeps a success for 3 hours, and begins one at each half hour."""
    listed = shell("list", "-w", "inventory-sync", "--asc", "--limit", "1", "--json")
    oldest = json.loads(listed.stdout)["id"]
    cron, at = oldest.rsplit("-", 1)
    done = shell("show", "-w", "inventory-sync", "-i", f"{cron}-{int(at) - 6 * 1_800_000}")
    assert (done.returncode, done.stdout) == (1, "")
    first, second = done.stderr.splitlines()
    assert "expired, deleted or mistyped" in first
    assert re.fullmatch(r"wfdash: analytics counted it: created \S+Z, completed \S+Z", second)


def test_what_is_not_there_is_no_failure_of_analytics(faulty, program):
    """It was asked whether it is there: no exit code of the question after it takes that answer away."""
    env = faulty("--fault", "500@/graphql")
    done = program("show", "-w", "orders", "-i", "never-was", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert "orders has no instance never-was" in done.stderr
    assert "what became of it is not known" in done.stderr


def test_times_that_are_not_read_are_shown_as_they_came():
    """Beside them everything was counted as if they had not been there, and nothing said so."""
    attempt = {"start": "yesterday", "end": None, "success": None}
    steps = [
        {"name": "x", "type": "step", "start": "2026-11-21T10:00:00Z", "attempts": [attempt]},
        {"name": "nap", "type": "sleep", "start": 1_796_011_462, "end": 1_796_012_462, "finished": False},
    ]
    seen = {"status": "running", "queued": "2026-11-21T10:00:00Z", "start": "soon", "steps": steps}
    text = "\n".join(sheet(read_detail("orders", "a", seen), "running", AT))
    of_x = "start of attempt 1 of \"x\" 'yesterday'"
    said = f"not read as times: start 'soon', {of_x}, start of \"nap\" 1796011462"
    assert f"{said} and 1 more" in text
    seen |= {"start": "2026-11-21T10:00:00Z", "steps": []}
    assert "not read" not in "\n".join(sheet(read_detail("orders", "a", seen), "running", AT))
