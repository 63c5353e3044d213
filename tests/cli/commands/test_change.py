"""The writing commands: what is refused unsent, what is done once, and what is said of it."""

import json
import re
import signal
import socket
import socketserver
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest

from tests.cli.commands.conftest import ask
from wfdash.core.model.status import STATUSES

KEYS = ["at", "workflow", "id", "verb", "before", "answered", "after", "outcome", "error"]


def wait_until(reached) -> None:
    deadline = time.monotonic() + 90
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def relayed(exports: dict[str, str], method: bytes) -> Iterator[tuple[dict[str, str], Event]]:
    """The way to the simulator through a relay, and what is set once it has passed on such a request."""
    simulator, passed = urlsplit(exports["CLOUDFLARE_API_BASE_URL"]), Event()

    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
                if data.startswith(method):
                    passed.set()
            sink.shutdown(socket.SHUT_WR)

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((simulator.hostname, simulator.port)) as server:
                back = Thread(target=pass_on, args=(server, self.request))
                back.start()
                pass_on(self.request, server)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay) as relay:
        Thread(target=relay.serve_forever).start()
        here = f"127.0.0.1:{relay.server_address[1]}"
        yield {name: value.replace(simulator.netloc, here) for name, value in exports.items()}, passed
        relay.shutdown()


def objects(done) -> list[dict]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_writing_commands_say_what_truly_happened(shell, created):
    done = shell("pause", "-w", "orders", created, "--yes")
    [answer] = objects(done)
    assert (done.returncode, list(answer)) == (0, KEYS)
    assert (answer["verb"], answer["after"], answer["outcome"], answer["error"]) == (
        "pause",
        "paused",
        "done",
        None,
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["at"])

    again = shell("pause", "-w", "orders", created, "--yes")
    [answer] = objects(again)
    assert (again.returncode, answer["outcome"], answer["before"]) == (1, "skipped", "paused")

    assert objects(shell("resume", "-w", "orders", created, "--yes"))[0]["outcome"] == "done"
    [answer] = objects(shell("terminate", "-w", "orders", created, "--yes"))
    assert (answer["after"], answer["outcome"]) == ("terminated", "done")
    [answer] = objects(shell("restart", "-w", "orders", created, "--yes"))
    assert (answer["before"], answer["outcome"]) == ("terminated", "under way")


def test_a_step_that_is_not_there_is_named(shell, created):
    [answer] = objects(shell("restart", "-w", "orders", created, "--from-step", "load order-1", "--yes"))
    assert answer["outcome"] == "refused"
    assert "restarted from a step load order-1" in answer["error"]
    assert "without the -N" in answer["error"]


def test_an_id_that_was_never_there_is_not_said_to_be_gone(shell):
    [answer] = objects(shell("pause", "-w", "orders", "mistyped", "--yes"))
    assert answer["outcome"] == "skipped"
    assert "nothing sent: orders has no instance mistyped" in answer["error"]


def test_ids_from_stdin_count_once_and_the_worst_exits(shell, created):
    done = shell(
        "send", "-w", "orders", "-", "--type", "approval", "--payload", '{"ok": true}', "--yes",
        input=f"{created}\n\nnot-there\n{created}\n",
    )  # fmt: skip
    by_id = {each["id"]: each for each in objects(done)}
    assert set(by_id) == {created, "not-there"}
    assert by_id[created]["outcome"] == "done"
    assert done.returncode == 1


def test_a_taken_id_is_told(shell, created):
    done = shell("create", "-w", "orders", "--id", created)
    [answer] = objects(done)
    assert (done.returncode, answer["outcome"]) == (1, "refused")
    assert "taken" in answer["error"]


def test_wait_follows_until_it_is_final(shell):
    done = shell("create", "-w", "orders", "--id", "waits-in-vain", "--wait", "--timeout", "2s")
    [answer] = objects(done)
    assert (done.returncode, answer["outcome"], answer["id"]) == (4, "under way", "waits-in-vain")
    assert answer["ended"] is None
    assert done.stderr.startswith("wfdash: waits-in-vain: ")


def test_a_batch_tells_which_were_skipped(shell, created, tmp_path):
    batch = tmp_path / "batch.ndjson"
    entries = [{"instance_id": "batch-1", "params": {"n": 1}}, {"instance_id": created}, {"id": "batch-2"}]
    batch.write_text("\n".join(map(json.dumps, entries)) + "\n")
    done = shell("create", "-w", "orders", "--batch", str(batch))
    by_id = {each["id"]: each["outcome"] for each in objects(done)}
    assert by_id == {"batch-1": "done", created: "skipped", "batch-2": "done"}
    assert done.returncode == 1


def test_write_without_answer_is_looked_up_and_sent_once(program, faulty):
    env = faulty("--fault", "reset-after:1@^PATCH")
    identity = json.loads(program("create", "-w", "orders", "--id", "cut-off", env=env).stdout)["id"]
    done = program("terminate", "-w", "orders", identity, "--yes", env=env)
    [answer] = objects(done)
    assert (done.returncode, answer["after"], answer["outcome"]) == (0, "terminated", "done")
    assert answer["answered"] is None


def test_an_event_that_got_no_answer_is_unknown(program, faulty):
    env = faulty("--fault", "reset-after:1@^POST.*/events/")
    program("create", "-w", "orders", "--id", "cut-off", env=env)
    done = program("send", "-w", "orders", "cut-off", "--type", "approval", "--yes", env=env)
    [answer] = objects(done)
    assert (done.returncode, answer["outcome"]) == (4, "unknown")
    assert answer["error"]


def test_the_shells_actions_are_in_the_journal(shell, created, tmp_path):
    shell("pause", "-w", "orders", created, "--yes")
    [journal] = (tmp_path / "home").rglob("actions.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [each["event"] for each in lines if each["verb"] == "pause"] == [
        "planned",
        "sent",
        "answered",
        "settled",
    ]
    assert "made-here" not in journal.read_text()


@pytest.mark.parametrize("verb", ["pause", "terminate", "restart", "send", "create"])
def test_a_journal_that_cannot_be_written_refuses(shell, created, tmp_path, verb):
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    more = {"send": ["--type", "go", created], "create": ["--id", "never-made"]}.get(verb, [created])
    done = shell(verb, "-w", "orders", *more, "--yes", env={"XDG_STATE_HOME": str(blocked)})
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing was sent: the journal could not be written" in done.stderr
    assert "--no-journal" in done.stderr
    assert shell("show", "-w", "orders", "never-made").returncode == 1


def test_no_journal_goes_on_without(shell, created, tmp_path):
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    done = shell(
        "pause", "-w", "orders", created, "--yes", "--no-journal", env={"XDG_STATE_HOME": str(blocked)}
    )
    assert (done.returncode, objects(done)[0]["outcome"]) == (0, "done")
    assert "the journal could not be written" in done.stderr


@pytest.mark.parametrize(
    ("numbers", "code"),
    [((signal.SIGTERM,), 143), ((signal.SIGHUP, signal.SIGTERM), 129)],
    ids=["one", "two"],
)
def test_an_interrupted_write_says_what_is_known(program, faulty, numbers, code):
    env = faulty("--fault", "hang:1@^PATCH")
    identity = objects(program("create", "-w", "orders", "--id", "hangs", env=env))[0]["id"]
    detail = "/workflows/orders/instances/hangs"
    wait_until(lambda: ask(env, detail)["result"]["status"] in ("running", "waiting"))
    # Its line in the journal is written before it leaves: only the wire tells that it has.
    with relayed(env, b"PATCH ") as (through, passed):
        pausing = program.start("pause", "-w", "orders", identity, "not-there", "--yes", env=through)
        assert passed.wait(90)
        for number in numbers:
            pausing.send_signal(number)
        out, err = pausing.communicate(timeout=60)
    saved = {each["id"]: each for each in map(json.loads, out.splitlines())}
    assert pausing.returncode == code, err
    assert saved[identity]["outcome"] == "unknown"
    assert saved[identity]["before"] in STATUSES
    assert saved["not-there"]["outcome"] == "skipped"


def test_an_interrupted_wait_says_that_it_was_made(program, simulator):
    making = program.start("create", "-w", "orders", "--id", "made-and-left", "--wait", env=simulator)
    path = "/workflows/orders/instances?per_page=5"
    wait_until(lambda: "made-and-left" in [row["id"] for row in ask(simulator, path)["result"]])
    making.send_signal(signal.SIGINT)
    out, err = making.communicate(timeout=60)
    [saved] = map(json.loads, out.splitlines())
    assert making.returncode == 130, err
    assert (saved["id"], saved["verb"]) == ("made-and-left", "create")
    assert saved["outcome"] in ("under way", "unknown")


def test_a_read_only_profile_is_2(shell, tmp_path, simulator):
    config = tmp_path / "config.toml"
    config.write_text(
        f'[profiles.safe]\naccount_id = "{simulator["CLOUDFLARE_ACCOUNT_ID"]}"\nread_only = true\n'
        f'base_url = "{simulator["CLOUDFLARE_API_BASE_URL"]}"\ntoken_env = "CLOUDFLARE_API_TOKEN"\n'
    )
    config.chmod(0o600)
    done = shell("--config", str(config), "--profile", "safe", "pause", "-w", "orders", "a", "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert "read-only" in done.stderr


def test_what_is_sent_again_after_a_429_is_said(program, faulty):
    exports = faulty("--fault", "429:1@PATCH")
    found = program(
        "list", "-w", "orders", "--filter", "status:waiting", "--limit", "1", "--json", env=exports
    )
    identity = json.loads(found.stdout)["id"]
    done = program("pause", "-w", "orders", identity, "--yes", env=exports)
    assert done.returncode == 0
    assert f"wfdash: {identity}: 429: read again in" in done.stderr


def test_nothing_is_left_of_a_session_but_its_journal(shell, tmp_path):
    assert shell("create", "-w", "orders").returncode == 0
    state = tmp_path / "home" / "state" / "wfdash"
    assert (state / "actions.jsonl").exists()
    assert list((state / "sessions").iterdir()) == []
