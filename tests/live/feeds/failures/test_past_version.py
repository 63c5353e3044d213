"""What a version is set against: enough of its own runs, and the last of the others."""

from wfdash.core.model.instance import Instance
from wfdash.core.triage.error_groups import Sample, group
from wfdash.core.triage.fingerprint import Fingerprint
from wfdash.live.feeds.failures.first_failure import FirstFailureSearch
from wfdash.live.feeds.failures.past_version import AGAIN, PastVersion

NOW = 1_795_262_400.0
NEW, OLD = "2015ddd3-1", "78fd0e63-1"
DEPLOYED = {OLD: NOW - 90 * 86_400, NEW: NOW - 3_600}


def canary(begin, end):
    """One of twenty is of the new version, of which three of five fail; a run each ten seconds."""
    rows = []
    for number in range(begin, end):
        created, mine = NOW - 60 - number * 10.0, number % 20 == 0
        status = "errored" if mine and number // 20 % 5 < 3 else "complete"
        rows.append(
            Instance(f"run-{number}", status, created, None, created, created + 5, NEW if mine else OLD)
        )
    return rows


def test_canary_of_which_few_ended_is_looked_for_further_back():
    past, loaded = PastVersion(), canary(0, 100)
    before = past.further(loaded, DEPLOYED, NOW)
    assert before == NOW - 60 - 990
    past.asks_below(before, NOW)
    past.listed_below(canary(99, 199), before)
    rows = past.above(loaded)
    assert len(rows) == 199
    mine = [row.status for row in rows if row.version == NEW]
    assert (mine.count("errored"), len(mine)) == (6, 10)
    assert past.further(loaded, DEPLOYED, NOW + 5) is None, "ten are enough"
    assert past.further(loaded, DEPLOYED, NOW + AGAIN) == before, "some of them may have ended since"


def test_no_more_than_a_few_pages_are_listed_for_a_canary():
    past, loaded, asked = PastVersion(), canary(0, 8), 0
    loaded += [Instance(f"bad-{n}", "errored", NOW - 90, None, NOW - 90, NOW - 80, NEW) for n in range(3)]
    while (before := past.further(loaded, {NEW: NOW - 86_400}, NOW)) is not None:
        past.asks_below(before, NOW)
        number = 8 + asked * 3
        past.listed_below([row for row in canary(number, number + 3) if row.version == OLD], before)
        asked += 1
    assert asked == 3


def test_nothing_is_listed_below_what_is_loaded_in_full():
    loaded = canary(0, 100)
    assert PastVersion().further(loaded, {NEW: NOW - 900, OLD: NOW - 9e6}, NOW) is None
    fine = [row for row in canary(0, 100) if row.version == OLD]
    assert PastVersion().further(fine, DEPLOYED, NOW) is None
    past = PastVersion()
    past.asks_below(NOW - 1_050, NOW)
    past.listed_below([], NOW - 1_050)
    assert past.further(loaded, DEPLOYED, NOW + 5) is None, "there is nothing older"


def test_rows_below_a_gap_are_in_no_count():
    past = PastVersion()
    past.asks_below(NOW - 1_050, NOW)
    past.listed_below(canary(99, 120), NOW - 1_050)
    assert len(past.above(canary(0, 50))) == 50


def test_last_failures_of_other_versions_are_read_first():
    """Of two that failed a minute before the deploy it stayed unknown whether they failed of it."""
    search, mark = FirstFailureSearch(), Fingerprint("Error", "no connection", "charge", NEW)
    own = [Instance(f"n-{n}", "errored", NOW - 900, None, None, NOW - 800 + n, NEW) for n in range(12)]
    others = [Instance(f"p-{n}", "errored", NOW - 990, None, None, NOW - 980 + n, OLD) for n in range(7)]
    search.note([*own, *others])
    top = group([Sample(f"s-{n}", NOW - 100 + n, mark) for n in range(50)])[0]
    asked = []
    while (found := search.next(top, lambda each: each not in asked)) is not None:
        asked.append(found)
        search.looked += 1
    assert asked == ["p-6", "p-5", "p-4", "p-3", "p-2", "n-0", "n-1", "n-2", "n-3", "n-4"]
    search.looked = 0
    assert search.next(top, lambda each: True, elsewhere=True) == "n-0", "one of it is known already"
