"""History against brute force: rows in any order, twice, with times missing, crossed or far away."""

from math import ceil, inf

from hypothesis import given, settings
from hypothesis import strategies as st

from wfdash.core.history.bucket import percentile
from wfdash.core.history.history import SLICE, History
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


def begun(row):
    if row.started is not None or row.status in (*FINAL, "queued"):
        return row.started
    return row.created


def stood(row, at):
    """Whether it was queued, running or neither just before a moment, the plain way."""
    came = begun(row) if row.created is None else row.created
    if came is None or (row.status in FINAL and row.ended is None):
        return ""
    came = came // WIDTH
    end = row.ended // WIDTH if row.status in FINAL else inf
    start = begun(row)
    start = inf if start is None else max(came, start // WIDTH)
    here = at // WIDTH - 1
    if not came <= here < end:
        return ""
    return "queued" if here < start else "running"


def counted(rows, start, end):
    within = [row for row in rows if row.created is not None and start <= row.created < end]
    ended = [
        row for row in rows if row.status in FINAL and row.ended is not None and start <= row.ended < end
    ]
    # An end up to a second before the start is two clocks; earlier than that no duration is known.
    took = sorted(
        max(0.0, row.ended - row.started)
        for row in ended
        if row.started is not None and row.started - 1 <= row.ended
    )
    return (len(within), *(sum(row.status == status for row in ended) for status in FINAL), took)


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
        found = (bucket.created, bucket.complete, bucket.errored, bucket.terminated, list(bucket.took))
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
        sums = [sum(getattr(tally, name) for tally in tallies) for name in ("created", *FINAL)]
        assert (*sums, sorted(t for tally in tallies for t in tally.took)) == expected
    for version in {row.version for row in last}:
        of_it = history.version_tallies(version).values()
        mine = [row for row in last if row.version == version]
        assert sum(tally.created for tally in of_it) == counted(mine, since, until)[0]


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
