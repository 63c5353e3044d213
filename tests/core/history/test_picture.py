"""How a workflow fares by its newest rows."""

import pytest
from msgspec.structs import replace

from wfdash.core.history.picture import PARTS, age_of_oldest, picture, rank
from wfdash.core.model.instance import Instance
from wfdash.core.text.words import percent

NOW = 1_795_900_000.0 // 3600 * 3600 + 3600.0


def ended(number, status, at, took=20.0):
    return Instance(f"i-{number}", status, at - took, at, at - took, at)


def stretch(start, end, every, failing):
    """One that ended `every` so many seconds; of each ten `failing` failed."""
    count = int((end - start) / every)
    return [
        ended(f"{start}-{n}", "errored" if n % 10 < failing else "complete", start + n * every)
        for n in range(count)
    ]


def test_rise_is_told_with_both_rates():
    rows = stretch(NOW - 3600, NOW - 900, 20, 1) + stretch(NOW - 900, NOW, 10, 6)
    found = picture(rows, now=NOW, floor=NOW - 3650)
    assert found.finding.unusual
    assert found.now.failure_rate == pytest.approx(0.6, abs=0.05)
    assert found.since == pytest.approx(NOW - 900, abs=60)
    assert found.before.failure_rate == pytest.approx(0.1, abs=0.03)
    assert found.last_failure == max(row.ended for row in rows if row.status == "errored")
    assert rank(found)[0] == 0


def test_rate_beside_unread_ones_is_of_what_is_known():
    rows = [*stretch(NOW - 3600, NOW, 20, 1), Instance("o", "running", NOW - 900, seen=NOW - 80)]
    said = [picture(rows, now=NOW + later, floor=NOW - 3650).finding.sentence for later in (0, 20)]
    assert "18 of 180 that ended failed" in said[0]
    assert "18 of 180 known to have ended failed" in said[1]


def test_level_is_one_rate():
    found = picture(stretch(NOW - 3600, NOW, 20, 1), now=NOW, floor=NOW - 3650)
    assert not found.finding.unusual
    assert found.before is None
    assert found.now.failure_rate == pytest.approx(0.1)
    assert found.since == NOW - 3600


@pytest.mark.parametrize(
    ("counted", "seen", "oldest", "older"),
    [
        ((NOW - 30, 1), NOW, 100, False),
        ((NOW - 30, 2), NOW, 3650, True),
        (None, NOW, 100, True),
        ((NOW - 30, 1), NOW - 300, 9, True),
    ],
)
def test_oldest_open_one_rests_on_counts_and_fresh_rows(counted, seen, oldest, older):
    rows = [Instance("open", "running", NOW - 100, seen=seen), Instance("came since", "running", NOW - 9)]
    rows += stretch(NOW - 3600, NOW - 60, 20, 1)
    found = picture(rows, now=NOW, floor=NOW - 3650, counted=counted)
    assert (NOW - found.oldest_active, found.older_active) == (oldest, older)


@pytest.mark.parametrize("counted", [None, (NOW - 300, 2), (NOW - 5, 2)])
def test_oldest_open_one_stands_until_rows_are_read_again(counted):
    """Coming back to the page it was as if none were open, until a row was listed anew."""
    rows = [Instance(f"o-{n}", "waiting", NOW - 5000 + n, seen=NOW - 290) for n in range(2)]
    assert picture(rows, now=NOW, floor=NOW - 5400, counted=counted).oldest_active == NOW - 5000


def test_age_of_one_that_may_have_ended_does_not_grow():
    rows = [Instance("open", "waiting", NOW - 1200, seen=NOW - 200)]
    found = picture(rows, now=NOW, floor=None, exhausted=True)
    assert age_of_oldest(found, NOW) == age_of_oldest(found, NOW + 600) == "16m?"
    listed = picture([replace(rows[0], seen=NOW)], now=NOW, floor=None, exhausted=True)
    assert age_of_oldest(listed, NOW + 30) == "20m"
    assert age_of_oldest(listed, NOW + 600) == "20m?"


def newest_of_a_busy_hour():
    """The newest 100 of a workflow of which 9 in 10 complete, in ten minutes; failures end in seconds."""
    created = [NOW - 2.0 * n for n in range(1, 101)]
    fails = [n % 10 == 0 for n in range(100)]
    return [
        ended(n, "errored", at + 5, took=5.0)
        if failed
        else Instance(f"r-{n}", "running", at, NOW, at, seen=NOW)
        for n, (at, failed) in enumerate(zip(created, fails, strict=True))
        if not failed or at + 5 < NOW
    ]


def test_newest_rows_bear_no_level_while_the_hour_is_not_loaded():
    rows = newest_of_a_busy_hour()
    found = picture(rows, now=NOW, floor=NOW - 200)
    failed = sum(row.status == "errored" for row in rows)
    expected = f"{failed} of {failed} that ended failed; what was created before 21:56 is not loaded"
    assert found.finding.sentence == expected
    assert found.thin


def test_nothing_rises_out_of_what_a_record_missed():
    rows = stretch(NOW - 1200, NOW - 600, 10, 1) + stretch(NOW - 600, NOW, 5, 9)
    assert picture(rows, now=NOW, floor=NOW - 1250).finding.unusual
    found = picture(rows, now=NOW, floor=NOW - 1250, partial=True)
    assert not found.finding.unusual
    assert found.finding.sentence.endswith("is not recorded by then")
    assert found.before is None


def test_rows_of_which_most_have_not_ended_bear_no_level():
    older = [ended(f"old-{n}", "complete", NOW - 3500 + n) for n in range(20)]
    found = picture(newest_of_a_busy_hour() + older, now=NOW, floor=NOW - 3700)
    assert "that ended failed; 90 instances of those loaded have not ended" in found.finding.sentence


def test_quick_failures_are_no_fall_from_where_loading_ended():
    """Just after the oldest loaded row only failures have had the time to end."""
    created = [NOW - 4000 + n for n in range(3900)]
    rows = [
        ended(n, "errored", at + 40, took=40.0) if n % 2 else ended(n, "complete", at + 90, took=90.0)
        for n, at in enumerate(created)
    ]
    found = picture(rows, now=NOW, floor=NOW - 4000)
    assert found.finding.sentence.startswith("errors are level at 50 %"), found.finding.sentence


def test_what_fell_again_is_not_unusual():
    rows = stretch(NOW - 3600, NOW - 2400, 20, 0) + stretch(NOW - 2400, NOW - 1500, 10, 6)
    found = picture(rows + stretch(NOW - 1500, NOW, 20, 0), now=NOW, floor=NOW - 3650)
    assert found.finding.sentence.startswith("errors rose")
    assert not found.finding.unusual
    assert rank(found)[0] == 1


def test_parts_below_the_floor_are_not_zero():
    rows = stretch(NOW - 600, NOW, 10, 5)
    found = picture(rows, now=NOW - 1, floor=NOW - 620)
    unread = [number for number in found.failed if number is None]
    assert len(found.failed) == PARTS
    assert len(unread) == PARTS - 3
    assert sum(number or 0 for number in found.failed) == sum(row.status == "errored" for row in rows)
    assert None not in picture(rows, now=NOW - 1, floor=NOW - 620, exhausted=True).failed


def test_one_that_runs_passes_only_until_it_was_read():
    """A row that was read minutes ago may have failed since: it is no success of the time after."""
    failing = [ended(n, "errored", NOW - 1800 + n * 15, took=60.0) for n in range(110)]
    running = [
        Instance(f"r-{n}", "running", NOW - 200 + n, NOW, NOW - 200 + n, seen=NOW - 160) for n in range(60)
    ]
    found = picture(failing + running, now=NOW, floor=NOW - 1900)
    assert found.before is None, found.finding.sentence


def test_nothing_is_no_rate():
    found = picture([], now=NOW, floor=None, exhausted=True)
    assert found.now.failure_rate is None
    assert found.last_failure is None
    assert found.oldest_active is None
    assert found.failed == (0,) * PARTS


def test_oldest_active_is_the_earliest_created():
    rows = [Instance("a", "waiting", NOW - 50), Instance("b", "queued", NOW - 500), Instance("c", "running")]
    assert picture(rows, now=NOW, floor=NOW - 500).oldest_active == NOW - 500


def quick_failures(since, has_failed, *, completes_in, else_is):
    """One instance every ten seconds; a failure ends after 20 s, what completes takes longer."""
    rows = []
    for number in range(since // 10):
        at = NOW - since + number * 10
        failed = has_failed(number, at)
        took = 20.0 if failed else completes_in
        over = at + took < NOW
        status = ("errored" if failed else "complete") if over else else_is
        rows.append(Instance(f"i-{number}", status, at, NOW, at, at + took if over else None, seen=NOW))
    return rows


def test_rate_before_a_rise_counts_what_completes_slowly():
    """Of the oldest rows loaded the failures ended at once, and what completes takes 20 minutes."""
    rows = quick_failures(
        3600,
        lambda number, at: number % 10 < (1 if at < NOW - 1500 else 6),
        completes_in=1200.0,
        else_is="running",
    )
    found = picture(rows, now=NOW, floor=NOW - 3650)
    assert found.finding.sentence.startswith("errors rose from ~1"), found.finding.sentence
    assert found.before.failure_rate == pytest.approx(0.1, abs=0.04)


@pytest.mark.parametrize("exhausted", [True, False])
def test_columns_show_the_rates_of_the_sentence(exhausted):
    rows = stretch(NOW - 3600, NOW - 900, 20, 1) + stretch(NOW - 900, NOW, 10, 6)
    begun = [NOW - 3500 + n * 60 for n in range(58)]
    rows += [Instance(f"r-{at}", "running", at, NOW, at, seen=NOW) for at in begun]
    found = picture(rows, now=NOW, floor=NOW - 3650, exhausted=exhausted)
    rates = [percent(tally.failure_rate) for tally in (found.before, found.now)]
    about = "" if exhausted else "~"
    assert found.finding.sentence.startswith(f"errors rose from {about}{rates[0]} to {rates[1]} at ")


def test_rise_among_the_newest_has_the_percents_of_all():
    """A page with six hours of them counts by end, and its reader came from here."""
    rows = quick_failures(
        21600,
        lambda number, at: number % 20 < (1 if at < NOW - 2400 else 11),
        completes_in=600.0,
        else_is="waiting",
    )
    all_of_them = picture(rows, now=NOW, floor=None, exhausted=True).finding
    newest = picture(rows[-800:], now=NOW, floor=rows[-800].created).finding
    assert "~" not in all_of_them.sentence
    assert newest.sentence.replace("~", "") == all_of_them.sentence
    assert newest.sentence.startswith(f"errors rose from {newest.before} to ")
    assert (newest.before, all_of_them.before) == ("~5 %", "5 %")


def test_level_of_more_than_the_hour_says_since_when():
    rows = stretch(NOW - 7200, NOW, 20, 1)
    found = picture(rows, now=NOW, floor=None, exhausted=True)
    assert found.finding.sentence == "errors are level at 10 %: 36 of 360 that ended failed since 20:00"
    hour = picture(stretch(NOW - 3590, NOW, 20, 1), now=NOW, floor=None, exhausted=True)
    assert "since" not in hour.finding.sentence
