"""`wfdash list`, byte for byte against the simulator."""

import asyncio
import json
import re
import subprocess
from argparse import Namespace

import pytest

from tests.api.dev_session import DevSession
from tests.cli.commands.conftest import ask
from tests.support.fakes.loopback import reply, serving
from tests.support.harness.program import environment
from wfdash.api.errors import Forbidden
from wfdash.api.interface import DetailAnswer, InstancePage
from wfdash.cli.commands.list import Listing, run
from wfdash.cli.session import CommandSession
from wfdash.config.settings import Settings
from wfdash.core.filter.query import parse
from wfdash.live.budget.budget import Budget

WORKFLOWS = "billing, inventory-sync, legacy-import, media-transcode, onboarding, orders, refunds"


def test_json_is_the_apis_items_untouched_newest_first(shell, simulator):
    done = shell("list", "-w", "legacy-import", "-w", "orders", "--filter", "status:errored", "--json")
    assert done.returncode == 0
    items = [json.loads(line) for line in done.stdout.splitlines()]
    expected = {
        each["id"]: each
        for each in ask(simulator, "/workflows/orders/instances?status=errored&per_page=100")["result"]
    }
    assert len(items) > 20
    assert all(
        expected[item["id"]] == item and list(expected[item["id"]]) == list(item)
        for item in items
        if item["id"] in expected
    )
    times = [item["created_on"] for item in items]
    assert times == sorted(times, reverse=True)
    assert done.stdout.isascii()


def test_text_is_plain_lines_and_the_words_go_to_stderr(shell):
    done = shell("list", "-w", "orders", "--limit", "3")
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    shape = r"\w+ +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ +\w+ +[0-9a-f-]{36} \S+"
    assert all(re.fullmatch(shape, line) for line in lines), lines
    assert re.fullmatch(r"3 of \d+; --limit 0 for all\n", done.stderr)


def test_oldest_first_and_all_of_them(shell):
    first = shell("list", "-w", "orders", "--asc", "--limit", "2", "--json")
    every = shell("list", "-w", "orders", "--limit", "0", "--json")
    ids = [json.loads(line)["id"] for line in every.stdout.splitlines()]
    assert len(ids) == len(set(ids)) > 200
    oldest = [json.loads(line)["id"] for line in first.stdout.splitlines()]
    assert oldest[0] in ids[-5:]


def test_a_filter_says_how_much_was_read(shell):
    done = shell("list", "-w", "orders", "--filter", "status:errored age>1h", "--limit", "2")
    assert len(done.stdout.splitlines()) == 2
    assert re.search(
        r"^2 of \d+ listed match; more may follow; --limit 0 for all$", done.stderr, re.MULTILINE
    )
    done = shell("list", "-w", "orders", "--filter", "status:paused", "--limit", "0")
    assert re.search(r"^\d+ of \d+ listed match$", done.stderr, re.MULTILINE)


def test_a_status_nobody_knows_is_matched_here_and_doubted(shell):
    done = shell("list", "-w", "orders", "--filter", "status:errord")
    assert (done.returncode, done.stdout) == (0, "")
    assert "did you mean errored?" in done.stderr


def test_terms_that_need_details_are_refused_or_read(shell):
    refused = shell("list", "-w", "orders", "--filter", "error~declined")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--read-details N" in refused.stderr
    done = shell(
        "list", "-w", "orders", "--filter", "status:errored error~paymenterror", "--read-details", "5"
    )
    assert done.returncode == 0
    assert "5 read in full, " in done.stderr
    stopped = shell("list", "-w", "orders", "--filter", "status:errored error~e", "--read-details", "5",
                    "--limit", "2")  # fmt: skip
    assert stopped.stderr.count("read in full") == 1
    assert "0 more" not in stopped.stderr
    assert "more may follow; --limit 0 for all" in stopped.stderr


def test_without_a_workflow_the_choices_are_named(shell):
    done = shell("list")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"wfdash: there are 7 workflows, name one with -w: {WORKFLOWS}\n"


def test_what_is_not_there(shell):
    done = shell("list", "-w", "order")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no workflow order" in done.stderr


def test_without_credentials_it_leaves_with_3(program):
    done = program("list", "-w", "orders")
    assert (done.returncode, done.stdout) == (3, "")
    assert "CLOUDFLARE_API_TOKEN" in done.stderr


def test_a_wrong_token_is_3(shell):
    done = shell("list", "-w", "orders", env={"CLOUDFLARE_API_TOKEN": "wrong-on-purpose"})
    assert (done.returncode, done.stdout) == (3, "")
    assert "wrong-on-purpose" not in done.stderr


def test_a_closed_pipe_is_silent_and_0(program, simulator):
    listing = subprocess.Popen(
        program.argv("list", "-w", "orders", "--limit", "0", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**simulator),
    )
    assert listing.stdout.readline().startswith(b'{"id"')
    listing.stdout.close()
    assert listing.stderr.read() == b""
    listing.stderr.close()
    assert listing.wait(timeout=60) == 0


@pytest.mark.parametrize(("limit", "ids"), [("2", ["i0", "i1"]), ("0", [f"i{n}" for n in range(150)])])
async def test_a_dev_session_is_listed_oldest_first_too(program, limit, ids):
    rows = [
        {"id": f"i{n}", "status": "running", "created_on": f"2026-11-21T10:{n // 60:02}:{n % 60:02}.000Z"}
        for n in reversed(range(150))
    ]
    async with serving(DevSession("C", rows=rows)) as server:
        arguments = ("list", "-w", "orders", "--local", str(server.port), "--asc", "--json", "--limit", limit)
        done = await asyncio.to_thread(program, *arguments)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ids


def test_nobody_there_is_5(shell):
    done = shell("list", "-w", "orders", env={"CLOUDFLARE_API_BASE_URL": "http://127.0.0.1:9/client/v4"})
    assert (done.returncode, done.stdout) == (5, "")
    assert "trying again" in done.stderr


@pytest.mark.parametrize("fault", ["500:2", "html:1", "429:1", "reset-before:1", "truncate:1"])
def test_a_read_is_tried_again_after_a_passing_failure(program, faulty, fault):
    done = program("list", "-w", "orders", "--limit", "1", "--json", env=faulty("--fault", fault))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"]
    assert "trying again" in done.stderr


@pytest.mark.parametrize(
    "answer",
    [reply(200, "<html>sign in</html>", content_type="text/html"), reply(302, location="/login")],
    ids=["a page", "a redirect"],
)
async def test_what_another_server_answers_is_told_at_once(shell, answer):
    async with serving(lambda request, writer: answer) as server:
        env = {"CLOUDFLARE_API_BASE_URL": f"{server.url}/client/v4"}
        done = await asyncio.to_thread(shell, "list", "-w", "orders", env=env)
    assert (done.returncode, done.stdout, len(server.seen)) == (5, "", 1)
    assert "heck the base URL" in done.stderr
    assert "trying again" not in done.stderr


def test_a_lasting_failure_is_5(program, faulty):
    done = program("list", "-w", "orders", env=faulty("--fault", "500"))
    assert (done.returncode, done.stdout) == (5, "")


@pytest.mark.parametrize("place", ["city", "lines.sku"])
def test_search_by_contents_finds_what_brute_force_finds(shell, simulator, place):
    rows = ask(simulator, "/workflows/orders/instances?per_page=30&status=complete")["result"]
    params = {row["id"]: ask(simulator, f"/workflows/orders/instances/{row['id']}")["result"] for row in rows}
    # Those that another test created have params of their own.
    params = {identity: detail for identity, detail in params.items() if "city" in (detail["params"] or {})}
    first = next(iter(params.values()))["params"]
    city, sku = first["city"], first["lines"][0]["sku"]
    wanted = city if place == "city" else sku
    done = shell(
        "list", "-w", "orders", "--json", "--limit", "0", "--read-details", "30",
        "--filter", f'status:complete params.{place}:"{wanted}"',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    listed = [json.loads(text)["id"] for text in done.stdout.splitlines()]
    holds = {
        identity
        for identity, detail in params.items()
        if (detail["params"]["city"] == city if place == "city" else sku in str(detail["params"]["lines"]))
    }
    assert holds - set(listed) <= {rows[-1]["id"]}  # one more may have ended meanwhile
    assert len(holds) > len(rows) // 40
    assert all(identity in holds or identity not in params for identity in listed)


class LaggingList:
    """Its list tells of each instance a status that its own answer has left behind."""

    local = False
    account_id = "acme"
    began = "2026-11-30T06:43:09.444Z"

    async def list_instances(self, workflow, query):
        queued = {"status": "queued", "created_on": self.began, "started_on": None, "ended_on": None}
        return InstancePage([{"id": name, **queued} for name in ("started", "over", "queued")], None, 3)

    async def get_instance(self, workflow, identity):
        status = {"started": "running", "over": "complete"}.get(identity, "queued")
        start, end = None if status == "queued" else self.began, self.began if status == "complete" else None
        steps = [{"type": "step", "name": "ship-1", "start": self.began, "end": end, "success": None}]
        return DetailAnswer({"status": status, "start": start, "end": end, "steps": steps})


@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        ("blocked:step", {"started": "running"}),
        ("-blocked:step", {"over": "complete", "queued": "queued"}),
    ],
)
async def test_a_row_that_was_read_tells_what_its_answer_tells(text, statuses):
    clock = asyncio.get_running_loop().time
    session = CommandSession(Settings(), LaggingList(), Budget(clock=clock), "list", _workflow="orders")
    listing = Listing(Namespace(limit=0, query=parse(text), asc=False, read_details=0), session)
    found = [(item, row) async for item, row in listing.matching()]
    assert {row.id: row.status for _, row in found} == statuses
    assert {item["id"]: item["status"] for item, _ in found} == statuses
    assert [item["started_on"] for item, _ in found] == [
        None if status == "queued" else LaggingList.began for status in statuses.values()
    ]
    for end in session.endings:
        end()


class BrokenList(LaggingList):
    """Its second page is refused."""

    async def list_instances(self, workflow, query):
        if query.cursor:
            raise Forbidden("the token may not read this")
        page = await super().list_instances(workflow, query)
        return InstancePage(page.items, "next", 300)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", True), ("started", True), ("nowhere", False)],
)
async def test_list_that_breaks_off_says_that_it_is_a_part(text, said, capsys):
    clock = asyncio.get_running_loop().time
    session = CommandSession(Settings(), BrokenList(), Budget(clock=clock), "list", _workflow="orders")
    parsed = Namespace(limit=0, query=parse(text) if text else None, asc=False, read_details=0, json=True)
    with pytest.raises(Forbidden):
        await run(parsed, session)
    part = "wfdash: the lines printed are a part: 3 of 300 instances were listed\n"
    assert capsys.readouterr().err == part * said
