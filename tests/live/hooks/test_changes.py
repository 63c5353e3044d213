"""What counts as a change: of a status, of causes, of a failure rate."""

import json

from tests.support.fakes.scripted import Scripted, item
from tests.support.harness.stage import staged
from wfdash.api.errors import InstanceNotFound
from wfdash.api.interface import DetailAnswer, InstancePage
from wfdash.core.filter.query import EVERYTHING
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.live.budget.budget import Budget
from wfdash.live.hooks.changes import ChangeWatch, SeenChange
from wfdash.live.hooks.earlier_causes import read_earlier_causes, redacted_cause
from wfdash.live.hooks.runner import as_json
from wfdash.live.polling.events import Update
from wfdash.live.records.record.redaction import redacted_message
from wfdash.live.watcher import Watcher


class Noting(list):
    """In place of a stage's updates: asks a watch about each of them at once."""

    def __init__(self, watch):
        super().__init__()
        self.watch, self.changes = watch, []

    def append(self, update):
        super().append(update)
        self.changes += self.watch.of(update)


def noting(on):
    on.updates = Noting(ChangeWatch(on.poller, on.loop.time))
    return on.updates


@staged("deploy-gone-wrong")
async def test_what_was_there_at_first_is_no_change(on):
    noted = noting(on)
    on.poller.show("orders", EVERYTHING)
    began = on.loop.time()
    await on.until(lambda: len({change.facts["to"] for change in noted.changes}) > 2, within=900)
    for change in noted.changes:
        row = on.poller.store.get(change.id)
        if change.on == "status" and change.facts["from"] == "-":
            assert row.created > began


def watch_over(rows, listed=None, **options):
    """A watch over rows that are there already, at the moment 1,000,000, and its watcher.

    The list brought `listed` of them, or all; a search by status the others.
    """
    clock = lambda: 1_000_000.0  # noqa: E731
    watcher = Watcher(Scripted(), clock=clock, budget=Budget(clock=clock), notify=lambda _: None)
    watch = ChangeWatch(watcher, clock, **options)
    page = rows if listed is None else listed
    created = [row.created for row in Instance.from_items(page)]
    watcher._context.contiguous.reach_up(min(created), max(created))
    watcher._context.contiguous.note_ends(page)
    return watch, watcher, watcher.store.apply(rows, seq=1, now=clock())


def ended(number, status, minutes_ago):
    at = 1_000_000.0 - minutes_ago * 60
    return {
        **item(f"{number}", status),
        "created_on": iso(at - 30),
        "started_on": iso(at - 30),
        "ended_on": iso(at),
    }


def failing(identity, message):
    return read_detail(
        "", identity, {"status": "errored", "error": {"name": "CardError", "message": message}}
    )


def test_a_cause_is_new_once_and_not_if_a_record_holds_it():
    rows = [ended(number, "errored", -1) for number in range(4)] + [ended("old", "errored", 5)]
    watch, watcher, _ = watch_over(rows)
    watch.learn([("", "CardError", redacted_message("CardError", "known before, order 7"), "")])
    messages = {
        "0": "declined, order 1",
        "1": "declined, order 2",
        "2": "known before, order 8",
        "old": "lost",
    }
    for identity, message in messages.items():
        watcher.row_details.remember(failing(identity, message))
    found = list(watch._of_details(messages))
    assert [(change.id, change.on, change.facts["error"]) for change in found] == [
        ("0", "cause", "CardError")
    ]
    watcher.row_details.remember(failing("3", "lost"))
    assert list(watch._of_details(["3"])) == []


def test_what_failed_before_the_start_is_no_new_cause():
    """The record is empty: only what the server still has tells which causes are old."""
    rows = [ended(number, "errored", -1) for number in range(3)] + [ended("old", "errored", 5)]
    watch, watcher, _ = watch_over(rows, holds=True)
    watcher.show("orders", EVERYTHING)
    watcher.store.apply(rows, seq=1, now=1_000_000.0)
    assert (watch.unlearned(), watch.unlearned()) == ("orders", ""), "it is asked once"
    for identity, message in {"0": "declined 1", "1": "lost", "2": "gone", "old": "gone"}.items():
        watcher.row_details.remember(failing(identity, message))
    assert not watch.of(Update(details=("0", "1", "2", "old"))), "held back until that is read"
    watch.learn_earlier("orders", [redacted_cause(failing("before", "declined 2"))])
    assert [change.id for change in watch.of(Update())] == ["1"]
    assert not watch.of(Update())


def test_what_a_record_tells_late_is_no_new_cause_either():
    """It is opened after the first rows: a failure may be read before it tells which causes are old."""
    watch, watcher, _ = watch_over([ended(number, "errored", -1) for number in range(2)], holds=True)
    watcher.show("orders", EVERYTHING)
    watcher.store.apply([ended(number, "errored", -1) for number in range(2)], seq=1, now=1_000_000.0)
    for identity, message in {"0": "declined 1", "1": "lost"}.items():
        watcher.row_details.remember(failing(identity, message))
    assert not watch.of(Update(details=("0", "1")))
    watch.learn([("orders", "CardError", redacted_message("CardError", "declined 9"), "")])
    watch.learn_earlier("orders", [])
    assert [change.id for change in watch.of(Update())] == ["1"]


async def test_earlier_causes_are_the_newest_that_ended_before():
    class Server(Scripted):
        read = ()

        async def list_instances(self, workflow, query):
            assert query.status == "errored"
            return InstancePage([ended(n, "errored", n - 2) for n in range(90)], None, 90)

        async def get_instance(self, workflow, instance, **_):
            self.read = (*self.read, int(instance))
            if instance == "4":
                raise InstanceNotFound("gone")
            return DetailAnswer({"status": "errored", "error": {"name": "E", "message": f"m{instance}"}})

    server = Server()
    budget = Budget(clock=lambda: 0.0, free=True)
    causes = await read_earlier_causes(server, budget, "orders", 1_000_000.0)
    assert server.read == tuple(range(3, 53))
    assert {cause[1] for cause in causes} == {
        redacted_cause(failing("", f"m{n}"))[1] for n in server.read if n != 4
    }


def test_a_rate_rises_only_over_a_past_that_was_read():
    """A first start lists the newest page, and beside it what runs and what failed, by status."""
    page = [ended(f"b{n}", "errored" if n % 2 else "complete", n / 10) for n in range(100)]
    since = [iso(1_000_000.0 - 60 * n) for n in range(15, 150)]
    runs = [{**item(at, "running"), "created_on": at, "started_on": at} for at in since]
    watch, _, _ = watch_over([*page, *runs], listed=page)
    assert not list(watch._of_rate())


def test_a_rate_that_rises_is_a_change_once():
    calm = [
        ended(f"a{number}", "errored" if number % 50 == 0 else "complete", 20 + number)
        for number in range(300)
    ]
    bad = [ended(f"b{number}", "errored" if number % 2 else "complete", number / 4) for number in range(60)]
    watch, _, _ = watch_over([*calm, *bad])
    found = [change for _ in range(3) for change in watch._of_rate()]
    assert [(change.on, change.id) for change in found] == [("rate", "")]
    assert found[0].facts["after"] > 0.3 > found[0].facts["before"]
    assert not list(watch_over(calm)[0]._of_rate())


def test_a_change_is_a_line_of_ascii_json():
    line = as_json(SeenChange(1.795e9, "cause", "or\nders", "\ud800\x1b[2J", {"message": "é"}))
    assert line.isascii()
    assert b"\n" not in line
    assert json.loads(line) == {
        "at": "2026-11-18T11:06:40Z", "workflow": "or\nders", "id": "\ud800\x1b[2J", "on": "cause",
        "message": "é",
    }  # fmt: skip
