"""Groups by cause, and how versions fare."""

from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.model.instance import Instance
from wfdash.core.triage.error_groups import Sample, blame, group
from wfdash.core.triage.fingerprint import Fingerprint

TIMEOUT = Fingerprint("TimeoutError", "timed out after <duration>", "charge card", "9f2c0000-1111")
OLD = Fingerprint("TimeoutError", "timed out after <duration>", "charge card", "77aa0000-1111")
OTHER = Fingerprint("TypeError", "x is not a function", "", "9f2c0000-1111")
NOON = 1_795_262_400.0


def samples(mark, count, start=NOON):
    return [Sample(f"{mark.error}-{mark.version}-{n}", start + n, mark) for n in range(count)]


def test_the_largest_group_comes_first_with_its_share():
    groups = group(samples(OTHER, 12) + samples(TIMEOUT, 38))
    assert [(each.fingerprint, each.count, each.total) for each in groups] == [
        (TIMEOUT, 38, 50),
        (OTHER, 12, 50),
    ]
    assert groups[0].share == 0.76
    assert (groups[0].first, groups[0].last) == (NOON, NOON + 37)


def test_failures_over_time_fall_where_they_came():
    [only] = group([Sample(str(n), at, TIMEOUT) for n, at in enumerate([0.0, 9.0, 10.0, 95.0, 100.0])])
    assert only.over_time(10, start=0, end=100) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2], (
        "the last moment is the last"
    )


@given(
    st.lists(st.tuples(st.sampled_from([TIMEOUT, OLD, OTHER]), st.none() | st.floats(0, 1e9)), max_size=40)
)
def test_every_sample_is_in_exactly_one_group(drawn):
    all_samples = [Sample(str(n), at, mark) for n, (mark, at) in enumerate(drawn)]
    groups = group(all_samples)
    assert sorted(sample.id for each in groups for sample in each.samples) == sorted(
        s.id for s in all_samples
    )
    assert all(each.total == len(all_samples) for each in groups)
    assert [each.count for each in groups] == sorted((each.count for each in groups), reverse=True)


@given(st.lists(st.floats(0, 100), max_size=50))
def test_bins_hold_every_sample_of_the_stretch(times):
    groups = group([Sample(str(n), at, TIMEOUT) for n, at in enumerate(times)])
    assert sum(sum(each.over_time(7, start=0, end=100)) for each in groups) == len(times)


def test_blame_counts_finished_ones_only():
    rows = [
        Instance("a", "errored", created=10, version="new"),
        Instance("b", "running", created=11, version="new"),
        Instance("c", "complete", created=1, version="old"),
        Instance("d", "errored", created=2, version="old"),
        Instance("e", "errored"),
        Instance("f", "terminated", created=3, version="old"),
    ]
    shares = blame(rows, 100.0)
    assert [(s.version, s.errored, s.finished, s.first_seen) for s in shares] == [
        ("new", 1, 1, 10),
        ("old", 1, 2, 1),
    ]


def test_blame_tells_open_ones_and_what_outlived_failures():
    failed = [Instance(f"f{n}", "errored", started=1, ended=10 + n, version="new") for n in range(10)]
    young = [Instance(f"y{n}", "running", started=85, version="new") for n in range(3)]
    old = [Instance(f"o{n}", "waiting", started=5, version="new") for n in range(4)]
    rows = [*failed, *young, *old, Instance("t", "terminated", started=1, ended=5, version="new")]
    (share,) = blame(rows, 100.0)
    assert (share.rows, share.finished, share.open, share.outlived) == (18, 10, 7, 4)


def test_sample_read_for_its_age_counts_but_is_not_drawn():
    early = Sample("early", NOON - 3600, TIMEOUT, apart=True)
    (only,) = group([early, *samples(TIMEOUT, 3)])
    assert (only.count, only.first) == (4, NOON - 3600)
    assert sum(only.over_time(5, start=NOON - 4000, end=NOON + 60)) == 3
