"""What is known of a stretch: nothing of one in which most that may have ended were not read since."""

import asyncio

from wfdash.core.history.analytics import Analytics
from wfdash.core.history.bucket import Tally
from wfdash.core.history.frame import Frame, frame
from wfdash.core.model.instance import Instance
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.history.findings import find_failures

NOW = 1_795_262_500.0


def loaded(answered):
    """Thirty that run, answered last then, and ten that failed lately and were listed by themselves."""
    history = LoadedHistory(frame(0, NOW, 100), local=False, retention=None)
    history.seen_at = lambda identity: answered
    history.floor = NOW - 86_400
    still_open = [Instance(f"o-{n}", "running", NOW - 900, NOW - 900, NOW - 900) for n in range(30)]
    failed = [
        Instance(f"f-{n}", "errored", NOW - 900, NOW - 20, NOW - 900, NOW - 20 - n / 10) for n in range(10)
    ]
    fine = [
        Instance(f"c-{n}", "complete", NOW - 7000, NOW - 6000, NOW - 7000, NOW - 6000 + n * 10)
        for n in range(300)
    ]
    history.add([*still_open, *failed, *fine], walked=True)
    return history


def test_a_stretch_that_few_are_answered_of_is_not_known():
    for answered, counts in ((NOW - 5, True), (NOW - 600, False)):
        history = loaded(answered)
        last = history.buckets(NOW)[-1]
        assert last.errored == 10
        assert history.is_seen(last, NOW) is counts
        assert history.total(NOW).errored == (10 if counts else 0)
        assert (history.answered_until(NOW) == NOW) is counts


def test_failures_that_were_listed_alone_make_no_rate():
    """A page that waited for its turn said 63 % of a workflow of which one in twelve fails."""
    finding = asyncio.run(find_failures(loaded(NOW - 600), NOW, utc=True))
    assert "10 of" not in finding.sentence
    assert "10 of" in asyncio.run(find_failures(loaded(NOW - 5), NOW, utc=True)).sentence


def test_few_that_are_behind_hide_nothing():
    history = loaded(NOW - 5)
    history.seen_at = lambda identity: 0.0 if identity in ("o-1", "o-2") else NOW - 5
    assert history.is_seen(history.buckets(NOW)[-1], NOW)


def test_one_that_is_behind_makes_a_count_too_low():
    """Some that ended while nobody read them are missing from what is said to have ended."""
    history = loaded(NOW - 5)
    assert not history.has_unread(NOW)
    history.seen_at = lambda identity: NOW - 600 if identity == "o-1" else NOW - 5
    assert history.has_unread(NOW + 2)
    history.add([Instance("o-1", "complete", NOW - 900, NOW - 9, NOW - 900, NOW - 300)], walked=True)
    assert not history.has_unread(NOW + 4)


def test_counts_say_when_the_still_open_were_read():
    history = loaded(NOW - 5)
    assert history.behind(NOW) == ""
    history.seen_at = lambda identity: NOW - 85 if identity == "o-1" else NOW - 5
    assert history.behind(NOW + 2) == "open ones read within 2 m"
    history.local = True
    assert history.behind(NOW + 2) == "", "its list has all, and is asked whenever something moved"


def test_what_is_known_to_have_ended_is_no_more_than_that():
    history = loaded(NOW - 5)
    said = asyncio.run(find_failures(history, NOW, utc=True)).sentence
    history.seen_at = lambda identity: NOW - 600 if identity == "o-1" else NOW - 5
    assert "that ended failed" in said
    behind = asyncio.run(find_failures(history, NOW + 2, utc=True)).sentence
    assert behind == said.replace("that ended", "known to have ended")


def test_what_analytics_count_is_counted_up_to_now():
    """Beside rows that nobody read since, all of it was said to have ended within four minutes."""
    history = loaded(NOW - 600)
    assert NOW - history.counted_until(NOW) > 600
    counts = {NOW // 60 * 60 - 60 * n: Tally(10, 9, 1) for n in range(200)}
    history.analytics = Analytics(NOW // 60 * 60 - 12_000, NOW // 60 * 60 + 60, 60.0, counts)
    assert NOW - history.counted_until(NOW) < 300, "within the bucket that still fills"
    assert not history.has_unread(NOW), "what is counted elsewhere has none that is to be read"


def test_what_filled_when_it_was_closed_stays_as_it_was():
    """Opened again its last bar was gone, and as many fewer had ended, until all was read anew."""
    history = loaded(NOW - 5)
    before, errored = history.total(NOW), history.buckets(NOW)[-1].errored
    history.until = NOW
    later = NOW + 3
    history.seen_at = lambda _: NOW - 5
    assert errored
    assert history.total(later) == before
    assert history.counted_until(later) == NOW, "and no later than that"
    assert not history.is_seen(history.buckets(NOW + 900)[-1], NOW + 900), "what came since is not known"


def test_no_change_is_told_while_rows_are_to_be_read():
    """Of what ended lately the quick ones are read first: beside what analytics count all seemed to fall."""
    history = loaded(NOW - 5)
    fine = (Instance(f"n-{n}", "complete", NOW - 300, NOW - 9, NOW - 300, NOW - 300 + n) for n in range(290))
    history.add(fine, walked=True)
    assert asyncio.run(find_failures(history, NOW, utc=True)).at is not None
    counts = {NOW // 60 * 60 - 60 * n: Tally(10, 90, 10) for n in range(200)}
    history.analytics = Analytics(NOW // 60 * 60 - 12_000, NOW // 60 * 60 + 60, 60.0, counts)
    history.is_short, history.floor = True, NOW - 600
    part = asyncio.run(find_failures(history, NOW, utc=True))
    assert part.at is None
    assert part.sentence.endswith("that ended failed so far")
    assert history.total(NOW).failure_rate == 0.1, "what is half read takes no place of what is counted"


def test_times_that_cannot_be_are_told():
    history = loaded(NOW - 5)
    history.add(
        [
            Instance("ahead", "errored", NOW - 90, NOW, NOW - 90, NOW + 36_000),
            Instance("year 1", "errored", NOW - 90, NOW, NOW - 90, -62135596800.0),
            Instance("no end", "errored", NOW - 90, NOW, NOW - 90),
            Instance("timed out", "timedOut", NOW - 90, NOW, NOW - 90, NOW - 80),
            Instance("never made", "complete", None, NOW, NOW - 90, NOW - 80),
        ],
        walked=True,
    )
    assert history.odd_times(NOW).sentence() == (
        "1 with times after now are left out: the clocks differ"
        " · 1 ended before they began, as they say: in no duration"
        " · 1 ended and do not say when: left out · 1 do not say when they were created"
        " · 1 ended as timedOut, a status not known here: in no rate"
    )


async def test_rows_that_passed_out_of_what_is_shown_go(monkeypatch):
    """The page stays open on a wall; whoever looks further back than before reads them again."""
    monkeypatch.setattr("wfdash.ui.history.counting._MOST_PASSED", 50)
    hour = 3600.0
    history = LoadedHistory(Frame(0.0, hour, 60.0, 1), local=False, retention=None)
    history.floor = 0.0
    for minute in range(600):
        at = minute * 60.0
        row = Instance(f"i{minute}", "complete", created=at + 1, started=at + 2, ended=at + 30)
        history.add([row, Instance(f"waits-{minute}", "waiting", created=at)] if minute % 100 == 0 else [row])
        shown = Frame(at + 60 - hour, at + 60, 60.0, 1)
        history.forget_passed(shown, at + 60)
        await history.show(shown, at + 60)
    complete = [row for row in history.rows.values() if row.is_over]
    assert 60 <= len(complete) <= 60 + 50 + 2
    assert len(history.rows) - len(complete) == 6
    buckets = history.buckets(600 * 60.0)
    assert [each.complete for each in buckets if each.end <= 600 * 60.0] == [1] * 60
    assert history.frame.start - 52 * 60.0 <= history.floor <= history.frame.start


async def test_earlier_runs_go_with_the_rows_that_passed(monkeypatch):
    monkeypatch.setattr("wfdash.ui.history.counting._MOST_PASSED", 50)
    history = LoadedHistory(Frame(0.0, 3600.0, 60.0, 1), local=False, retention=None)
    history.floor = 0.0
    history.add(Instance(f"i{n}", "complete", created=1.0, ended=2.0) for n in range(60))
    runs = [Instance(f"i{n}\n{n * 100}.000", "errored", created=None, ended=n * 100.0) for n in range(50)]
    history.add_runs({run.id: run for run in runs})
    assert history.forget_passed(Frame(3600.0, 7200.0, 60.0, 1), 7200.0) is False, "all of it is framed still"
    await history.show(Frame(3600.0, 7200.0, 60.0, 1), 7200.0)
    history._reach = 3600.0
    assert history.forget_passed(Frame(3600.0, 7200.0, 60.0, 1), 7200.0)
    assert not history.rows
    assert len(history.earlier) == 14, "of 50 those from minute 60 on"


async def test_narrower_look_keeps_the_rows_of_the_wider_one(monkeypatch):
    monkeypatch.setattr("wfdash.ui.history.counting._MOST_PASSED", 50)
    history = LoadedHistory(Frame(0.0, 36_000.0, 600.0, 1), local=False, retention=None)
    history.floor = 0.0
    history.add([Instance(f"i{n}", "complete", created=n * 60.0, ended=n * 60.0 + 30) for n in range(600)])
    for narrow in (Frame(32_400.0, 36_000.0, 60.0, 1), Frame(34_200.0, 36_000.0, 30.0, 1)):
        assert not history.forget_passed(narrow, 36_000.0)
        await history.show(narrow, 36_000.0)
        assert len(history.rows) == 600
