"""`E` in several processes at a time: each failure is read by one of them, and all have its cause."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.support.clocks.simulated_time import EPOCH, simulate
from tests.support.harness.stage import asked, joined_stages
from wfdash.core.triage.error_groups import Sample
from wfdash.core.triage.fingerprint import Fingerprint
from wfdash.demo.engine import verbs
from wfdash.live.budget.joined_reads import JoinedReads
from wfdash.live.budget.shared_lines import SharedLines

CAUSE = Fingerprint("PaymentError", "card declined", "charge card", "v1")


def reads_of_errored(on):
    errored = {row.id for row in on.poller.store if row.status == "errored"}
    return [each for each in asked(on, "/instances/") if each.path.rsplit("/", 1)[1] in errored]


@pytest.mark.parametrize("apart", [0.0, 1.0, 20.0])
def test_two_that_look_at_failures_read_each_once(tmp_path, apart):
    async def main():
        async with AsyncExitStack() as stack:
            ons = await joined_stages(stack, tmp_path, 2)
            before = sum(len(reads_of_errored(on)) for on in ons)
            for on in ons:
                on.poller.error_samples.wanted = True
                on.poller._scheduler.wake()
                await asyncio.sleep(apart)
            samples = [on.poller.error_samples for on in ons]
            await ons[0].until(lambda: all(each.progress[0] >= 50 for each in samples), within=30)
            reads = [each.path for on in ons for each in reads_of_errored(on)][before:]
            # Fifty, and the few of other versions that are looked at first: those both ask for at once.
            assert len(set(reads)) <= 60
            assert len(reads) - len(set(reads)) <= 12
            causes = [{each.fingerprint.cause for each in feed.failures.groups} for feed in samples]
            assert causes[0] == causes[1]
            for feed in samples:
                feed.wanted = False
            await asyncio.sleep(2)
            assert not list(tmp_path.glob("*failures*")), "whoever leaves last takes the file along"

    simulate(main())


def test_one_that_failed_anew_is_read_anew_beside_another(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            ons = await joined_stages(stack, tmp_path, 2)
            ons[0].poller.error_samples.wanted = True
            ons[0].poller._scheduler.wake()
            await ons[0].until(lambda: ons[0].poller.error_samples.progress[0] >= 50, within=30)
            row = next(row for row in ons[0].poller.store if row.status == "errored")
            orders = ons[0].world.workflows["orders"].walk(newest_first=True)
            verbs.restart(ons[0].world, next(each for each in orders if each.id == row.id))
            await asyncio.sleep(5)
            ons[1].poller.error_samples.wanted = True
            ons[1].poller._scheduler.wake()
            await asyncio.sleep(10)
            groups = ons[1].poller.error_samples.failures.groups
            assert row.id not in {each.id for group in groups for each in group.samples}

    simulate(main())


class Clock:
    now = EPOCH

    def __call__(self):
        return self.now


def test_reading_of_another_run_or_of_long_ago_is_not_taken(tmp_path):
    clock = Clock()
    ours, theirs = (JoinedReads(tmp_path / "failures.jsonl", Sample, clock=clock) for _ in range(2))
    ours.look()
    theirs.look()
    asked_at = theirs.asks("a")
    ours.look()
    assert ours.is_asked("a")
    theirs.tell("a", asked_at, Sample("a", 90.0, CAUSE), "90.0")
    ours.look()
    assert not ours.is_asked("a")
    assert ours.take("a", "91.0", 60) is None
    assert ours.take("a", "90.0", 60) == Sample("a", 90.0, CAUSE)
    clock.now += 61
    assert ours.take("a", "90.0", 60) is None
    for each in (ours, theirs):
        each.close()
    assert not list(tmp_path.iterdir())


def test_cause_with_half_a_surrogate_pair_is_shared(tmp_path):
    """An escape in the API's JSON can name one, which has no UTF-8."""
    first, second = (JoinedReads(tmp_path / "failures", Sample, clock=lambda: EPOCH) for _ in range(2))
    first.look()
    second.look()
    sample = Sample("order-\ud800", EPOCH, Fingerprint("Error\udfff", "no \ud83d", "charge card", "v1"))
    first.tell(sample.id, first.asks(sample.id), sample, "failed\ud800")
    second.look()
    assert second.take(sample.id, "failed\ud800", 60) == sample
    first.close()
    second.close()


def test_file_of_a_million_empty_lines_is_gone_without(tmp_path):
    """A full one took two minutes and a gigabyte."""
    first, second = (SharedLines(tmp_path / "failures.jsonl") for _ in range(2))
    first.join()
    second.join()
    with (tmp_path / "failures.jsonl").open("ab") as file:
        file.write(b"\n" * 1_000_000)
    assert list(first.news()) == []
    assert list(second.news()) == []
    assert not list(tmp_path.iterdir())


def test_question_of_a_process_that_ended_is_asked_again(tmp_path):
    clock = Clock()
    ours, theirs = (JoinedReads(tmp_path / "failures.jsonl", Sample, clock=clock) for _ in range(2))
    for each in (ours, theirs):
        each.look()
    theirs.asks("a")
    ours.look()
    clock.now += 3.1
    assert not ours.is_asked("a")
    for each in (ours, theirs):
        each.close()


def test_file_of_failures_holds_no_payload(tmp_path):
    async def main():
        async with AsyncExitStack() as stack:
            (on,) = await joined_stages(stack, tmp_path, 1)
            on.poller.error_samples.wanted = True
            on.poller._scheduler.wake()
            await on.until(lambda: on.poller.error_samples.progress[0] >= 50, within=30)
            (file,) = tmp_path.glob("*failures*")
            text = file.read_text()
            assert text.count("\n") >= 100
            assert "Lisboa" not in text
            assert '"params"' not in text
            assert file.stat().st_mode & 0o077 == 0

    simulate(main())


def test_what_others_read_is_kept_of_the_last_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("wfdash.live.budget.joined_reads._KEPT", 20)
    ours, theirs = (JoinedReads(tmp_path / "failures.jsonl", Sample, clock=lambda: EPOCH) for _ in range(2))
    for each in (ours, theirs):
        each.look()
    for number in range(50):
        identity = f"i{number}"
        theirs.tell(identity, theirs.asks(identity), Sample(identity, EPOCH, CAUSE), "1.0")
        theirs.asks(f"unanswered-{number}")
        ours.look()
    assert [*ours._read] == [f"i{number}" for number in range(30, 50)]
    assert len(ours._asked) == 20
    for each in (ours, theirs):
        each.close()
