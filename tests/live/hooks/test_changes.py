"""What counts as a change: of a status, of causes, of a failure rate."""

import json

from tests.support.fakes.scripted import Scripted, item
from tests.support.harness.stage import staged
from wfdash.core.filter.query import EVERYTHING
from wfdash.core.model.detail import read_detail
from wfdash.core.model.times import iso
from wfdash.live.budget.budget import Budget
from wfdash.live.hooks.changes import ChangeWatch, SeenChange
from wfdash.live.hooks.runner import as_json
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


def watch_over(rows):
    """A watch over rows that are there already, at the moment 1,000,000, and its watcher."""
    clock = lambda: 1_000_000.0  # noqa: E731
    watcher = Watcher(Scripted(), clock=clock, budget=Budget(clock=clock), notify=lambda _: None)
    watch = ChangeWatch(watcher, clock)
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
