"""What Prometheus gets, read by its own parser: of the real program, and of names that would break it."""

import asyncio
import re
import socket
import struct
import threading
import urllib.error
import urllib.request
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as strict_families
from prometheus_client.parser import text_string_to_metric_families

from tests.support.fakes.scripted import Scripted, item
from wfdash.api.interface import NEWEST
from wfdash.live import metrics
from wfdash.live.budget.budget import Budget
from wfdash.live.metrics import MetricsServer
from wfdash.live.records.record.recorder import Recorder
from wfdash.live.watcher import Watcher

HOSTILE = 'a"b\\c\nwfdash_up{workflow="spoofed"} 1'
AT = 1_795_000_000.0


def scrape(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        return list(text_string_to_metric_families(answer.read().decode()))


def samples(families):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def scrape_strictly(address):
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    with urllib.request.urlopen(urllib.request.Request(address, headers=accept), timeout=60) as answer:
        assert answer.headers.get_content_type() == "application/openmetrics-text"
        return list(strict_families(answer.read().decode()))


class NewestPageOnly(Scripted):
    """Lists the newest; the older ones and those of one status are still on their way."""

    async def list_instances(self, workflow, query=NEWEST):
        if query.status or query.cursor:
            await asyncio.Event().wait()
        page = await super().list_instances(workflow, query)
        page.cursor = "older"
        return page


async def scraped(rows, scrape=scrape, began=AT, api=None, name=HOSTILE):
    """The metrics of a workflow with a hostile name and these rows, of a program that began then."""
    api = api or Scripted()
    api.pages[""] = rows
    budget = Budget(clock=lambda: AT)
    watcher = Watcher(api, clock=lambda: AT, budget=budget, notify=lambda _: None)
    watcher.show(name)
    running = asyncio.create_task(watcher.run())
    recorder, now = Recorder(clock=lambda: AT), began
    server = MetricsServer([watcher], budget=budget, recorder=recorder, clock=lambda: now)
    now = AT
    address = server.start(0)
    assert address.startswith("http://127.0.0.1:")
    try:
        for _ in range(6000):
            listed = watcher.sweep.period is not None or isinstance(api, NewestPageOnly)
            if len(watcher.store) and watcher.status_counts and listed:
                break
            await asyncio.sleep(0.01)
        return await asyncio.to_thread(partial(scrape, address))
    finally:
        server.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def statuses_by_host(address):
    """What a browser is answered that was led here by these names."""
    given = {}
    for host in (
        "127.0.0.1:9",
        "localhost",
        "[::1]:80",
        "LOCALHOST:1",
        "evil.example",
        "127.0.0.1.evil.example",
        "",
    ):
        try:
            asked = urllib.request.Request(address, headers={"Host": host})
            with urllib.request.urlopen(asked, timeout=60) as answer:
                given[host] = answer.status
        except urllib.error.HTTPError as refused:
            given[host] = refused.code if b"wfdash_" not in refused.read() else 200
    return given


async def test_another_name_of_this_machine_is_turned_away():
    given = await scraped([item("a")], statuses_by_host)
    assert [host for host, status in given.items() if status == 200] == [
        "127.0.0.1:9",
        "localhost",
        "[::1]:80",
        "LOCALHOST:1",
    ]
    assert set(given.values()) == {200, 421}


def statuses_by_path(address):
    given = {}
    for path in ("/metrics", "/", "/metrics/", "/favicon.ico", "/../etc/passwd"):
        connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        given[path] = answer.status
        assert (b"wfdash_up" in answer.read()) is (answer.status == 200)
        connection.close()
    return given


async def test_no_other_path_has_metrics():
    given = await scraped([item("a")], statuses_by_path)
    assert given == {"/metrics": 200, "/": 200, "/metrics/": 404, "/favicon.ico": 404, "/../etc/passwd": 404}


async def test_half_a_character_in_a_name_spoils_no_scrape():
    found = samples(await scraped([item("a")], name="half \ud800"))
    assert found[("wfdash_up", "half \\ud800")] == 1.0


def connected(address):
    place = urlsplit(address)
    return socket.create_connection((place.hostname, place.port), 60)


def threads_of_connections():
    return [each for each in threading.enumerate() if "process_request_thread" in each.name]


async def test_connections_that_say_nothing_are_few():
    """A page in a browser opens as many as it likes, and each has a thread."""

    def crowd(address):
        opened = [connected(address) for _ in range(2 * metrics._AT_ONCE)]
        for each in opened[: metrics._AT_ONCE]:
            assert each.recv(1) == b""
        held = len(threads_of_connections())
        # None of them keeps a scrape out.
        found = samples(scrape(address))
        for each in opened:
            each.close()
        for each in threads_of_connections():
            each.join(60)
        return held, found

    held, found = await scraped([item("a")], crowd)
    assert held <= metrics._AT_ONCE
    assert found[("wfdash_up", HOSTILE)] == 1.0


async def test_a_connection_that_fails_is_no_traceback(capsys):
    def cut(address):
        for said in (b"GET /metrics", b"GET /metrics HTTP/1.1\r\n", b"\xff\x00"):
            each = connected(address)
            each.sendall(said)
            # Closed by a reset, as of a program that was killed.
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.close()
        scrape(address)
        for each in threads_of_connections():
            each.join(60)

    await scraped([item("a")], cut)
    assert capsys.readouterr().err == ""


async def test_a_loop_that_does_not_look_is_said(monkeypatch, capsys):
    loop, over = asyncio.get_running_loop(), threading.Event()

    def refused(address):
        monkeypatch.setattr(metrics, "_PATIENCE", 0.01)
        loop.call_soon_threadsafe(over.wait, 60)
        try:
            with pytest.raises(urllib.error.HTTPError) as caught:
                scrape(address)
        finally:
            over.set()
        caught.value.close()
        return caught.value.code

    assert await scraped([item("a")], refused) == 503
    assert capsys.readouterr().err == ""


def ends(name, status, count, at="2026-11-18T11:00:00Z"):
    return [{**item(f"{name}{number}", status), "ended_on": at} for number in range(count)]


async def test_what_is_known_is_told_by_workflow_and_status_alone():
    families = await scraped(
        [
            *ends("a", "errored", 3),
            *ends("b", "complete", 9),
            {**item("d"), "created_on": "2026-11-18T10:06:40Z"},
        ],
        began=AT - 1800,
    )
    found = samples(families)
    assert found["wfdash_failure_ratio", HOSTILE] == 0.25
    assert found["wfdash_oldest_active_seconds", HOSTILE] == 3600
    assert found["wfdash_instances", "running", HOSTILE] == 1
    assert found["wfdash_instances", "errored", HOSTILE] == 0
    assert found["wfdash_up", HOSTILE] == 1
    assert found["wfdash_record_kept",] == 1
    assert {tuple(sample.labels) for family in families for sample in family.samples} <= {
        (), ("workflow",), ("status", "workflow"),
    }  # fmt: skip
    assert not any("spoofed" in part for key in found for part in key if part != HOSTILE)


@pytest.mark.parametrize(
    ("began", "ratio"),
    [
        (AT - 300, None),  # the ten ended a minute before
        (AT - 1800, 0.1),  # without the quick failures that ended before it began
        (AT - 90000, 0.5),  # the whole hour, no more
    ],
)
async def test_failure_ratio_rests_on_what_ended_since_the_begin(began, ratio):
    rows = [
        *ends("a", "complete", 9),
        *ends("b", "errored", 1),
        *ends("quick", "errored", 8, at="2026-11-18T10:30:00Z"),
        *ends("old", "errored", 20, at="2026-11-18T10:00:00Z"),
    ]
    assert samples(await scraped(rows, began=began)).get(("wfdash_failure_ratio", HOSTILE)) == ratio


async def test_failure_ratio_is_absent_below_ten_ends():
    found = samples(await scraped(ends("a", "errored", 9), began=AT - 1800))
    assert ("wfdash_failure_ratio", HOSTILE) not in found


async def test_format_names_and_help_are_as_prometheus_has_them():
    """What `promtool check metrics` asks of them, and the stricter reader of OpenMetrics."""
    families = await scraped([item("a", "complete"), item("b")], scrape=scrape_strictly)
    assert {"wfdash_instances", "wfdash_record_dropped", "wfdash_up"} <= {family.name for family in families}
    for family in families:
        assert family.documentation.endswith(".")
        assert re.fullmatch(r"wfdash_[a-z]+(_[a-z]+)*", family.name)
        assert not re.search(r"_(gauge|counter|total|bucket|count|sum|milliseconds|minutes|percent|kb)(_|$)",
                             family.name)  # fmt: skip
        for sample in family.samples:
            assert sample.name.endswith("_total") is (family.type == "counter")


async def test_what_is_not_known_has_no_sample():
    found = samples(await scraped([item("a", "complete")]))
    assert ("wfdash_failure_ratio", HOSTILE) not in found
    assert ("wfdash_oldest_active_seconds", HOSTILE) not in found


async def test_oldest_active_is_absent_before_all_were_listed():
    found = samples(await scraped([item("a")], api=NewestPageOnly()))
    assert found["wfdash_up", HOSTILE] == 1
    assert ("wfdash_oldest_active_seconds", HOSTILE) not in found
