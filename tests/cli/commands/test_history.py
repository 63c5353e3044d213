"""`wfdash history` against a reader of the simulator's API that shares nothing with it."""

import json
from collections import Counter
from datetime import datetime
from itertools import pairwise
from math import ceil
from urllib.request import Request, urlopen

import pytest

from tests.cli.commands.conftest import ask
from tests.support.harness.simulator import Server

ENDED = ("complete", "errored", "terminated")


def at(text):
    return datetime.fromisoformat(text)


def listed(exports, workflow):
    """Every instance, page by page, by the API's own words."""
    rows, cursor = {}, ""
    while True:
        page = ask(
            exports, f"/workflows/{workflow}/instances?per_page=100" + (cursor and f"&cursor={cursor}")
        )
        rows |= {row["id"]: row for row in page["result"]}
        cursor = page["result_info"].get("cursor") or ""
        if not cursor:
            return list(rows.values())


def counted(rows, since, until):
    """What happened from `since` to before `until`, as the numbers are defined and no cleverer."""
    created = sum(since <= at(row["created_on"]) < until for row in rows)
    ended = [row for row in rows if row["status"] in ENDED and since <= at(row["ended_on"]) < until]
    by = {status: sum(row["status"] == status for row in ended) for status in ENDED}
    took = sorted(
        round((at(row["ended_on"]) - at(row["started_on"])).total_seconds(), 3)
        for row in ended
        if row["started_on"]
    )
    rated = by["complete"] + by["errored"]
    return {
        "created": created,
        **by,
        "failure_rate": by["errored"] / rated if rated else None,
        "took_p50": took[ceil(len(took) * 50 / 100) - 1] if took else None,
        "took_p95": took[ceil(len(took) * 95 / 100) - 1] if took else None,
    }


def history(shell, *arguments):
    done = shell("history", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    *lines, basis = [json.loads(line) for line in done.stdout.splitlines()]
    return lines, basis


@pytest.mark.parametrize("workflow", ["orders", "refunds", "media-transcode"])
@pytest.mark.parametrize("since", ["24h", "100m"])
def test_hours_equal_those_of_an_independent_reader(shell, simulator, workflow, since):
    buckets, basis = history(shell, "-w", workflow, "--since", since)
    rows = listed(simulator, workflow)
    for bucket in buckets:
        start, end = at(bucket.pop("from")), at(bucket.pop("to"))
        assert bucket == counted(rows, start, end)
    assert basis["reached_since"] is True
    assert basis["older_unread"] in (0, basis["total"] - basis["loaded"])


def test_buckets_are_hours_in_utc_cut_at_both_ends(shell):
    buckets, basis = history(shell, "-w", "refunds", "--since", "5h")
    edges = [(at(bucket["from"]), at(bucket["to"])) for bucket in buckets]
    assert (buckets[0]["from"], buckets[-1]["to"]) == (basis["from"], basis["to"])
    assert all(here[1] == there[0] for here, there in pairwise(edges))
    assert all(start.minute == start.second == start.microsecond == 0 for start, _ in edges[1:])
    assert (edges[-1][1] - edges[0][0]).total_seconds() == 5 * 3600
    assert list(buckets[0]) == [
        "from", "to", "created", "complete", "errored", "terminated", "failure_rate", "took_p50", "took_p95",
    ]  # fmt: skip


def test_versions_equal_those_of_an_independent_reader(shell, simulator):
    lines, basis = history(shell, "-w", "orders", "--by", "version")
    rows = listed(simulator, "orders")
    by_id = {each["id"]: each for each in ask(simulator, "/workflows/orders/versions")["result"]}
    assert {line["version"] for line in lines} == {row["version_id"] for row in rows}
    for line in lines:
        version, deployed = line.pop("version"), line.pop("deployed")
        assert at(deployed) == at(by_id[version]["created_on"])
        start, end = at(line.pop("from")), at(line.pop("to"))
        assert line == counted([row for row in rows if row["version_id"] == version], start, end)
    assert basis["complete"] is True


def test_steps_equal_those_of_an_independent_reader(shell, simulator):
    lines, _ = history(shell, "-w", "onboarding", "--by", "step", "--read-details", "5")
    newest = ask(simulator, "/workflows/onboarding/instances?per_page=5")["result"]
    if not lines:
        pytest.fail("no step was counted")
    details = [ask(simulator, f"/workflows/onboarding/instances/{row['id']}")["result"] for row in newest]
    steps = [step for detail in details for step in detail["steps"] if step["type"] != "termination"]
    expected = {line["step"]: line for line in lines}
    assert sum(line["runs"] for line in lines) <= len(steps)
    assert set(expected) <= {step["name"].rpartition("-")[0] for step in steps} | {
        step["name"] for step in steps
    }


def test_errors_are_counted_by_cause(shell, simulator):
    lines, basis = history(shell, "-w", "orders", "--by", "error", "--read-details", "0")
    errored = [row for row in listed(simulator, "orders") if row["status"] == "errored"]
    within = [row for row in errored if at(basis["from"]) <= at(row["ended_on"]) < at(basis["to"])]
    assert sum(line["count"] for line in lines) == len(within) > 5
    declined = next(line for line in lines if line["error"].startswith("PaymentError: card declined"))
    assert declined["step"] == "charge card"
    ends = sorted(row["ended_on"] for row in within)
    assert all(ends[0] <= line["first"] <= line["last"] <= ends[-1] for line in lines)
    assert min(line["first"] for line in lines) == ends[0]


def counted_by_analytics(exports, workflow, since, until):
    """The events of a stretch, summed over its minutes."""
    query = """query { viewer { accounts(filter: {accountTag: $account}) { workflowsAdaptiveGroups(
      limit: 10000 filter: {datetime_geq: $since, datetime_lt: $until, workflowName: $workflow}
    ) { count dimensions { datetimeMinute eventType } } } } }"""
    variables = {"account": exports["CLOUDFLARE_ACCOUNT_ID"], "workflow": workflow}
    variables |= {"since": since, "until": until}
    asked = Request(
        exports["CLOUDFLARE_BASE_URL"] + "/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Authorization": f"Bearer {exports['CLOUDFLARE_API_TOKEN']}", "Content-Type": "application/json"},
    )
    with urlopen(asked, timeout=60) as answer:
        accounts = json.load(answer)["data"]["viewer"]["accounts"]
    sums = Counter()
    for group in accounts[0]["workflowsAdaptiveGroups"]:
        sums[group["dimensions"]["eventType"]] += group["count"]
    return sums["WORKFLOW_QUEUED"], sums["WORKFLOW_SUCCESS"], sums["WORKFLOW_FAILURE"]


def test_what_was_erased_is_counted_by_analytics_never_zero(shell, simulator):
    """`inventory-sync` keeps a success for 3 hours and a failure for a day."""
    buckets, basis = history(shell, "-w", "inventory-sync", "--since", "8h")
    assert basis["complete"] is False
    assert basis["analytics_before"] is not None
    first, *early = buckets[:4]
    assert (first["created"], first["complete"], first["failure_rate"]) == (None,) * 3, "cut within an hour"
    for bucket in early:
        found = counted_by_analytics(simulator, "inventory-sync", bucket["from"], bucket["to"])
        assert (bucket["created"], bucket["complete"], bucket["errored"]) == found
        assert bucket["took_p50"] is None
    assert any(bucket["complete"] for bucket in early)
    assert all(isinstance(bucket["complete"], int) for bucket in buckets[-2:])


def test_workflow_without_instances_is_one_sentence(shell):
    done = shell("history", "-w", "legacy-import", "--since", "2h")
    assert done.returncode == 0
    assert "no instance of legacy-import is in the list" in done.stderr
    assert "%" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--filter", "step~charge"), "history counts rows"),
        (("--filter", "marked"), "history counts rows"),
        (("--read-details", "5"), "--read-details goes with --by step or --by error"),
        (("--by", "moon"), "choose from"),
        (("--since", "soon"), "not a duration"),
        (("-i", "order-1"), "takes no -i"),
    ],
)
def test_history_refuses_what_it_cannot_do(shell, arguments, said):
    done = shell("history", "-w", "orders", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_filter_counts_what_matches(shell):
    all_, _ = history(shell, "-w", "orders", "--since", "3h")
    failed, _ = history(shell, "-w", "orders", "--since", "3h", "--filter", "status:errored")
    assert [bucket["errored"] for bucket in failed] == [bucket["errored"] for bucket in all_]
    assert all(bucket["complete"] == 0 for bucket in failed)
    assert any(bucket["errored"] for bucket in failed)
    assert all(bucket["failure_rate"] is None for bucket in failed), "it would be the filter's own"


def test_filter_by_status_tells_no_rate_and_no_level(shell):
    for status in ("errored", "complete"):
        done = shell("history", "-w", "orders", "--since", "3h", "--filter", f"status:{status}")
        assert "the filter is by status, so a failure rate would mean nothing" in done.stderr
        assert "%" not in done.stdout + done.stderr
    done = shell("history", "-w", "orders", "--since", "3h", "--filter", "status:final")
    assert "%" in done.stdout


def test_all_workflows_equal_an_independent_reader(shell, simulator):
    """No -w: the hours of all together, those of `inventory-sync` as far back as it keeps a success."""
    buckets, basis = history(shell, "--since", "150m")
    names = [each["name"] for each in ask(simulator, "/workflows?per_page=100")["result"]]
    rows = {name: listed(simulator, name) for name in names}
    assert len(buckets) >= 3
    for bucket in buckets:
        start, end = at(bucket.pop("from")), at(bucket.pop("to"))
        assert bucket == counted([row for found in rows.values() for row in found], start, end)
    assert basis["workflows"] == names
    lines, basis = history(shell, "--since", "150m", "--by", "workflow")
    rows = {name: listed(simulator, name) for name in names}
    assert {line["workflow"] for line in lines} == set(names)
    for line in lines:
        name, start, end = line.pop("workflow"), at(line.pop("from")), at(line.pop("to"))
        assert line == counted(rows[name], start, end)
    lines, _ = history(shell, "--since", "24h", "--by", "version")
    rows = {name: listed(simulator, name) for name in names}
    for line in lines:
        start, end = at(line["from"]), at(line["to"])
        found = [row for row in rows[line["workflow"]] if row["version_id"] == line["version"]]
        assert line["errored"] in (None, counted(found, start, end)["errored"])
    assert any(line["failure_rate"] for line in lines), "one workflow that keeps less hides no other's rate"


def test_all_workflows_as_text_say_what_they_rest_on(shell):
    done = shell("history", "--by", "workflow")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == len({line.split()[0] for line in done.stdout.splitlines()})
    assert "loaded of 7 workflows" in done.stderr
    assert "may have been erased of inventory-sync" in done.stderr
    assert shell("history", "--by", "step").returncode == 2


def test_runs_restarted_from_here_are_counted(program):
    """No dashboard was open: what stood there before is in the journal alone."""
    with Server.of("--scenario", "half-fixed-deploy") as server:
        world = server.exports
        failed = [row["id"] for row in listed(world, "parcels") if row["status"] == "errored"][:3]

        def run(*arguments):
            done = program(*arguments, "-w", "parcels", env=world)
            assert done.returncode == 0, done.stderr
            return done

        before = json.loads(
            run("history", "--since", "24h", "--by", "version", "--json").stdout.split("\n")[0]
        )
        run("restart", *failed, "--yes")
        after = run("history", "--since", "24h", "--by", "version", "--json").stdout.splitlines()
        unknown = next(line for line in map(json.loads, after) if line.get("version") == "")
        assert (unknown["created"], unknown["errored"]) == (0, 3)
        assert before["version"] != ""
        assert "3 earlier runs of what was restarted" in run("history", "--since", "24h").stderr
        # Those alone, as in the list; the journal names none in a workflow that nobody named.
        batch = run("history", "--since", "24h", "--filter", "batch:last", "--json").stdout.splitlines()
        assert sum(json.loads(line).get("created", 0) for line in batch) == 3
        unnamed = program("history", "--filter", "batch:last", env=world)
        assert (unnamed.returncode, "name it with -w" in unnamed.stderr) == (2, True)
