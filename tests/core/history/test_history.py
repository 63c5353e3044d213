"""History against brute force: rows in any order, twice, with times missing, crossed or far away."""

from math import ceil, inf
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from wfdash.core.history.bucket import Bucket, Tally, durations_shift, pace_shift, percentile
from wfdash.core.history.history import SLICE, History, times_ahead
from wfdash.core.model.instance import Instance

NOON = 1_795_262_400.0
WIDTH = 60.0
MOMENTS = st.one_of(
    st.none(),
    st.integers(-90, 40).map(lambda tenths: NOON + tenths * 6.0),
    st.floats(NOON - 900, NOON + 400),
    st.sampled_from([0.0, NOON, NOON - WIDTH, NOON - 86_400 * 400]),
)
ROWS = st.lists(
    st.builds(
        Instance,
        st.sampled_from([f"order-{n}" for n in range(12)]),
        st.sampled_from(["queued", "running", "waiting", "complete", "errored", "terminated", "new-word"]),
        created=MOMENTS,
        started=MOMENTS,
        ended=MOMENTS,
        version=st.sampled_from(["", "ccf9", "77aa"]),
        trigger=st.sampled_from(["api", "cron"]),
    ),
    max_size=60,
)
FINAL = ("complete", "errored", "terminated")


def is_over(row):
    """Whether it has ended: a word that is new here may be of one that has, if it says when."""
    return row.status in FINAL or (row.status == "new-word" and row.ended is not None)


def begun(row):
    if row.started is not None or row.status == "queued" or is_over(row):
        return row.started
    return row.created


def stood(row, at):
    """Whether it was queued, running or neither just before a moment, the plain way."""
    came = begun(row) if row.created is None else row.created
    if came is None or (is_over(row) and row.ended is None):
        return ""
    came = came // WIDTH
    end = row.ended // WIDTH if is_over(row) else inf
    start = begun(row)
    start = inf if start is None else max(came, start // WIDTH)
    here = at // WIDTH - 1
    if not came <= here < end:
        return ""
    return "queued" if here < start else "running"


def counted(rows, start, end):
    within = [row for row in rows if row.created is not None and start <= row.created < end]
    ended = [row for row in rows if is_over(row) and row.ended is not None and start <= row.ended < end]
    # An end up to a second before the start is two clocks; earlier than that no duration is known.
    took = sorted(
        max(0.0, row.ended - row.started)
        for row in ended
        if row.started is not None
        and row.started - 1 <= row.ended
        and (row.created is None or row.created - 1 <= row.ended)
    )
    by = [sum(row.status == status for row in ended) for status in (*FINAL, "new-word")]
    return (len(within), *by, took)


@settings(max_examples=300, deadline=None)
@given(
    rows=ROWS, pages=st.integers(1, 7), dropped=st.sets(st.sampled_from([f"order-{n}" for n in range(12)]))
)
def test_history_equals_brute_force(rows, pages, dropped):
    history = History(WIDTH)
    for at in range(0, len(rows), pages):
        history.add(rows[at : at + pages])
        history.buckets(NOON - 600, NOON)  # what was reckoned before must not stay
    history.drop(dropped)
    last = {row.id: row for row in rows if row.id not in dropped}
    start, end = NOON - 15 * WIDTH, NOON + 7 * WIDTH
    buckets = history.buckets(start, end)
    assert [bucket.start for bucket in buckets] == [start + n * WIDTH for n in range(22)]
    for bucket in buckets:
        by = (bucket.complete, bucket.errored, bucket.terminated, bucket.other)
        found = (bucket.created, *by, list(bucket.took))
        assert found == counted(last.values(), bucket.start, bucket.end)
        stand = [stood(row, bucket.end) for row in last.values()]
        assert (bucket.queued, bucket.running) == (stand.count("queued"), stand.count("running"))
    undated = [row for row in last.values() if row.status in FINAL and row.ended is None]
    assert history.undated == len(undated)
    assert len(history) == len(last)


@settings(max_examples=200, deadline=None)
@given(rows=ROWS, cut=st.floats(0, 50))
def test_history_cut_at_both_ends_sums_up(rows, cut):
    since, until = NOON - 310 - cut, NOON - cut
    history = History(WIDTH, since=since, until=until)
    history.add(rows)
    last = {row.id: row for row in rows}.values()
    expected = counted(last, since, until)
    buckets = history.buckets(since, until)
    assert (buckets[0].start, buckets[-1].end) == (since, until)
    for tallies in (buckets, history.versions().values(), history.triggers().values()):
        sums = [sum(getattr(tally, name) for tally in tallies) for name in ("created", *FINAL, "other")]
        assert (*sums, sorted(t for tally in tallies for t in tally.took)) == expected
    for version in {row.version for row in last}:
        mine = [row for row in last if row.version == version]
        found = history.versions().get(version, Tally())
        assert [found.created, found.complete, found.errored] == [*counted(mine, since, until)[:3]]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=400), st.sampled_from([0.5, 0.95, 0.99]))
def test_percentile_is_exact(values, share):
    values.sort()
    found = percentile(values, share)
    hundredths = round(share * 100)
    assert found == values[max(1, ceil(hundredths * len(values) / 100)) - 1]
    assert sum(value <= found for value in values) * 100 >= hundredths * len(values)


def test_percentile_of_nothing_is_nothing():
    assert percentile([], 0.5) is None


def test_history_gives_way_after_each_slice():
    rows = [
        Instance(f"order-{n}", "complete", NOON, ended=NOON + n, started=NOON) for n in range(2 * SLICE + 1)
    ]
    history = History(WIDTH)
    sizes = [len(history) for _ in history.take(rows)]
    assert sizes == [SLICE, 2 * SLICE, 2 * SLICE + 1]


def test_many_versions_are_summed_up_in_between():
    rows = [
        Instance(f"order-{n}", "complete", NOON + n, ended=NOON + n + 5, started=NOON + n, version=f"{n}")
        for n in range(3 * SLICE)
    ]
    undisturbed, history, late = History(WIDTH), History(WIDTH), History(WIDTH, since=NOON + 5 * WIDTH)
    for each in (undisturbed, history, late):
        each.add(rows)
    assert len(list(undisturbed.reckon(NOON, NOON + 4 * SLICE))) > 1
    for _ in history.reckon(NOON, NOON + 4 * SLICE, NOON):
        # What is asked for in between may begin later: by now some of what was kept is erased.
        assert history.versions(late.since) == late.versions()
        assert history.triggers(late.since) == late.triggers()
    assert history.versions(late.since) == late.versions()
    assert sum(tally.created for tally in history.versions(NOON).values()) == len(rows)


def test_unknown_end_is_counted_apart_and_never_as_running():
    history = History(WIDTH)
    history.add([Instance("order-1", "errored", NOON)])
    (bucket,) = history.buckets(NOON, NOON + WIDTH)
    assert (bucket.created, bucket.ended, bucket.running, bucket.queued) == (1, 0, 0, 0)
    assert bucket.failure_rate is None
    assert history.undated == 1


def test_what_lies_after_now_is_in_no_line_and_counted_apart():
    """A server whose rows are ahead: the chart ends now, and so does what is told below it."""
    rows = [
        Instance(f"{n}", "errored", NOON - 30, started=NOON - 30, ended=NOON + n * 40, version="v1")
        for n in range(4)
    ]
    history = History(WIDTH)
    history.add(rows)
    assert history.versions(until=NOON - 1)["v1"].errored == 0
    assert history.versions(until=NOON + 1)["v1"].errored == 2
    assert history.triggers(until=NOON + 2 * WIDTH)[""].errored == 4
    assert history.versions(until=NOON + 1)["v1"].errored == 2
    assert [history.beyond(at).ended for at in (NOON - 1, NOON + 1, NOON + 2 * WIDTH)] == [4, 2, 0]
    assert times_ahead(rows, NOON - 30) == 3


def test_crossed_times_are_no_duration_and_counted():
    history = History(WIDTH)
    history.add(
        [
            Instance("fine", "complete", NOON, started=NOON, ended=NOON + 5),
            Instance("made after its end", "complete", NOON + 50, started=NOON + 1, ended=NOON),
            Instance("began after its end", "complete", NOON, started=NOON + 9, ended=NOON + 5),
            Instance("two clocks", "complete", NOON, started=NOON + 5.5, ended=NOON + 5),
        ]
    )
    (bucket,) = history.buckets(NOON, NOON + WIDTH)
    assert (bucket.complete, list(bucket.took), history.crossed) == (4, [0.0, 5.0], 2)
    history.drop(["made after its end", "began after its end"])
    assert history.crossed == 0


def test_end_in_an_unknown_status_is_an_end_and_in_no_rate():
    history = History(WIDTH)
    history.add(
        [
            Instance("a", "timedOut", NOON, started=NOON, ended=NOON + 5),
            Instance("b", "timedOut", NOON, started=NOON),
            Instance("c", "errored", NOON, started=NOON, ended=NOON + 5),
        ]
    )
    (bucket,) = history.buckets(NOON, NOON + WIDTH)
    assert (bucket.ended, bucket.other, bucket.running, bucket.sample) == (2, 1, 1, 1)
    assert history.others == {"timedOut": 1}


def test_few_rows_without_an_end_leave_the_others():
    """A server that tells some ends is no server that tells none; a dev session tells none of the list."""
    history = History(WIDTH)
    history.add([Instance(f"{n}", "complete", NOON, ended=NOON if n else None) for n in range(3)])
    assert not history.lacks_ends(local=False)
    assert history.lacks_ends(local=True)
    history.add([Instance("0", "complete", NOON, ended=NOON)])
    assert not history.lacks_ends(local=True)


def test_time_that_lay_errored_is_no_duration():
    """A restart from a step leaves the start of the first run in the row."""
    rows = [
        Instance("from a step", "complete", NOON, started=NOON + 1, ended=NOON + 50),
        Instance("from the start", "complete", NOON, started=NOON + 40, ended=NOON + 50),
    ]
    ends = {"from a step": NOON + 20, "from the start": NOON + 20}
    first, second = History(WIDTH), History(WIDTH)
    first.add(rows)
    first.had_ended(ends)
    second.had_ended(ends)
    second.add(rows)
    for history in (first, second):
        (bucket,) = history.buckets(NOON, NOON + WIDTH)
        assert (list(bucket.took), bucket.complete, history.resumed) == ([10.0], 2, 1)
        history.drop(["from a step"])
        assert history.resumed == 0


def minutes(took, created):
    """A bucket a minute, what ended in each by how long it took."""
    return [
        Bucket(came, len(times), 0, 0, sorted(times), start=NOON + n * WIDTH, end=NOON + (n + 1) * WIDTH)
        for n, (times, came) in enumerate(zip(took, created, strict=True))
    ]


def test_slower_runs_and_more_of_them_are_dated():
    random = Random(3)
    took = [[random.uniform(30, 90) * (6 if n >= 40 else 1) for _ in range(5)] for n in range(60)]
    created = [random.randrange(3, 6) * (3 if n >= 45 else 1) for n in range(60)]
    buckets = minutes(took, created)
    slower, more = durations_shift(buckets), pace_shift(buckets)
    assert slower.at == NOON + 40 * WIDTH
    assert slower.after > 4 * slower.before
    assert more.at == NOON + 45 * WIDTH
    assert more.after > 2 * more.before


def test_even_pace_and_durations_shift_in_none_of_100_hours():
    """Nor does a burst of one minute, or a few that took ten times as long."""
    random, found = Random(7), 0
    for _ in range(100):
        took = [
            [
                random.lognormvariate(4, 0.6) * random.choice([1] * 19 + [10])
                for _ in range(random.randrange(4))
            ]
            for _ in range(60)
        ]
        created = [random.randrange(8) + (80 if n == 30 else 0) for n in range(60)]
        buckets = minutes(took, created)
        found += (durations_shift(buckets) is not None) + (pace_shift(buckets) is not None)
    assert found == 0
    assert durations_shift([]) is None
    assert pace_shift(minutes([[]] * 60, [0] * 60)) is None
