"""Change points: found where a rate rises, silent on noise and on a surge, dated beside the deploy."""

import re
from random import Random

import pytest
from msgspec.structs import replace

from wfdash.core.history.bucket import Tally
from wfdash.core.history.history import History
from wfdash.core.history.picture import picture
from wfdash.core.history.rate.change import Outcomes, RateChange, changes_of, find_changes, outcomes
from wfdash.core.history.sentence import durations, failures, read_within, throughput
from wfdash.core.model.instance import Instance
from wfdash.demo.engine.world import build
from wfdash.demo.http.render import row

NOON = 1_795_262_400.0
HOUR = 3600.0


def series(seed, *parts):
    """One ended a stretch, failing by chance."""
    random = Random(seed)
    failed = [int(random.random() < rate) for number, rate in parts for _ in range(number)]
    return Outcomes(0.0, 60.0, failed, [1 - each for each in failed])


def finding(rows, *, hours=10, now=NOON, deployed=()):
    start = now - hours * HOUR
    deployed = dict(deployed)
    _, changes = changes_of(rows, start=start, now=now, deployed=deployed)
    history = History(hours * HOUR, since=start, until=now)
    history.add(rows)
    tallies = history.versions().values()
    total = Tally(
        *(sum(getattr(tally, name) for tally in tallies) for name in ("created", "complete", "errored"))
    )
    return failures(changes, total, rows, deployed=deployed, now=now)


def world(scenario, seed):
    built = build(scenario, clock=lambda: NOON, seed=seed)
    for name, workflow in built.workflows.items():
        rows = [Instance.from_item(row(instance)) for instance in workflow.walk(newest_first=True)]
        yield name, rows, {version.id: version.created for version in workflow.versions}


def test_rise_from_2_to_10_percent_is_found_over_200_ended():
    found = [find_changes(series(seed, (800, 0.02), (200, 0.10))) for seed in range(40)]
    rises = [[change for change in changes if change.rose] for changes in found]
    assert sum(bool(rise) for rise in rises) >= 36
    late = [abs(rise[-1].at - 800 * 60.0) for rise in rises if rise]
    assert sorted(late)[len(late) // 2] <= 40 * 60.0


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.1, 0.6, 1.0])
def test_even_rate_is_silent(rate):
    """400 stretches of 10 hours of 60 ended: 4,000 calm hours, of which 40 may be called a rise."""
    alarms = 0
    for seed in range(400 if rate in (0.02, 0.1) else 20):
        alarms += any(change.rose for change in find_changes(series(seed, (600, rate))))
    assert alarms <= 10


def test_calm_world_is_silent_over_100_hours():
    """Ten seeds, ten hours each, every workflow; arrivals become eight times as many an hour before noon."""
    alarms = [
        (seed, name, found.sentence)
        for seed in range(10)
        for name, rows, deployed in world("calm", f"calm {seed}")
        if (found := finding(rows, deployed=deployed.items())).unusual
    ]
    assert len(alarms) <= 1, alarms


@pytest.mark.parametrize("seed", ["a", "b", "c", "d"])
@pytest.mark.parametrize(("scenario", "minutes"), [("deploy-gone-wrong", 11), ("incident", 38)])
def test_bad_deploy_is_named_with_its_minute(scenario, minutes, seed):
    name, rows, deployed = next(iter(world(scenario, seed)))
    found = finding(rows, hours=8, deployed=deployed.items())
    assert name == "orders"
    assert found.version
    assert deployed[found.version] == NOON - minutes * 60
    assert 0 <= found.at - deployed[found.version] <= 240
    assert f"after version {found.version[:8]}" in found.sentence


def flow(
    start, number, every, *, fails=0.0, took=600.0, failing=30.0, prefix="order", version="77aa", seed=1
):
    random = Random(seed)
    rows = []
    for n in range(number):
        created = start + n * every
        failed = random.random() < fails
        ended = created + (failing if failed else took * random.uniform(0.7, 1.3))
        status = "errored" if failed else "complete"
        if ended >= NOON:
            status, ended = "running", None
        rows.append(Instance(f"{prefix}-{n}", status, created, None, created, ended, version))
    return rows


def test_surge_of_new_instances_is_no_trouble():
    """Failures take 30 s and successes 2 h: by end alone a surge would fail at 80 %."""
    for seed in range(10):
        rows = flow(NOON - 30 * HOUR, 1700, 60.0, fails=0.05, took=2 * HOUR, seed=seed)
        rows += flow(NOON - HOUR, 700, 5.0, fails=0.05, took=2 * HOUR, prefix="surge", seed=seed + 50)
        assert not finding(rows, hours=24).unusual


def test_long_runs_that_fail_at_once_are_found():
    rows = flow(NOON - 12 * HOUR, 700, 60.0, fails=0.02, took=300.0)
    rows += [
        Instance(f"old-{n}", "errored", NOON - 9 * HOUR, None, NOON - 9 * HOUR, NOON - HOUR + n)
        for n in range(60)
    ]
    found = finding(rows)
    assert found.unusual
    assert abs(found.at - (NOON - HOUR)) <= 60


def test_few_that_ended_before_a_rise_are_counted():
    rows = flow(NOON - HOUR, 12, 60.0, fails=0.0, took=60.0)
    rows += flow(NOON - 45 * 60, 80, 30.0, fails=0.8, took=60.0, prefix="bad")
    assert re.match(r"errors rose from 0 of 1\d to \d\d % at ", finding(rows).sentence)


def test_rise_and_fall_are_both_dated():
    rows = flow(NOON - 9 * HOUR, 360, 60.0, fails=0.02, took=60.0)
    rows += flow(NOON - 3 * HOUR, 120, 30.0, fails=0.5, took=60.0, prefix="bad", version="ccf9aaaa-1")
    rows += flow(NOON - 2 * HOUR, 230, 30.0, fails=0.02, took=60.0, prefix="good")
    found = finding(rows, deployed={"ccf9aaaa-1": NOON - 3 * HOUR - 60, "good": NOON - 2 * HOUR - 30}.items())
    assert found.version == "ccf9aaaa-1"
    assert found.sentence.startswith("errors rose from ")
    assert " at 09:0" in found.sentence
    assert "after version ccf9aaaa, and fell to " in found.sentence
    assert " at 10:0" in found.sentence


def test_rise_in_steps_is_dated_at_the_step_of_its_deploy():
    """What is restarted fails again all at once: that is no second beginning."""
    rows = flow(NOON - 9 * HOUR, 400, 60.0, fails=0.05, took=60.0)
    bad = {"took": 60.0, "version": "ccf9aaaa-1"}
    rows += flow(NOON - 2 * HOUR, 200, 30.0, fails=0.4, prefix="bad", **bad)
    rows += flow(NOON - 0.3 * HOUR, 200, 3.0, fails=0.95, prefix="again", **bad)
    found = finding(rows, deployed={"ccf9aaaa-1": NOON - 2 * HOUR - 60}.items())
    assert " at 10:0" in found.sentence
    assert "after version ccf9aaaa, and on to 9" in found.sentence
    assert found.sentence.endswith("at 11:39")
    assert found.sentence.count("ccf9aaaa") == 1
    assert abs(found.at - (NOON - 2 * HOUR)) <= 300


def test_failures_of_another_version_are_not_laid_to_the_deploy():
    rows = flow(NOON - 9 * HOUR, 500, 60.0, fails=0.02, took=60.0)
    rows += flow(NOON - HOUR, 100, 30.0, fails=0.5, took=60.0, prefix="bad", version="77aa")
    found = finding(rows, deployed={"ccf9aaaa-1": NOON - HOUR - 60}.items())
    assert found.unusual
    assert found.version == ""
    assert "ccf9" not in found.sentence


def test_nothing_ended_is_no_rate():
    assert finding([]).sentence == "no instance completed or failed in this time"
    open_ = [Instance("order-1", "running", NOON - 60, started=NOON - 60)]
    assert finding(open_).sentence == "no instance completed or failed in this time"


def test_fall_is_dated_to_what_ended_next():
    """Nothing ended for forty minutes after the failures: that time fell to no rate."""
    rows = flow(NOON - 4 * HOUR, 100, 60.0, took=30.0)
    rows += flow(NOON - 2 * HOUR, 40, 10.0, fails=1.0, failing=5.0, prefix="bad")
    rows += flow(NOON - HOUR, 50, 60.0, took=30.0, prefix="fine")
    found = finding(rows)
    assert " to 100 % at 10:00" in found.sentence
    assert ", and fell to 0 % at 11:00" in found.sentence


def test_thin_version_that_always_fails_is_no_level():
    """`errors are level at 7 %` stood above `100 % failed, 3 of 3` of the version that had just come."""
    rows = flow(NOON - 2 * HOUR, 40, 150.0, took=30.0)
    rows += flow(NOON - 300, 3, 60.0, fails=1.0, failing=5.0, version="6e8cb420-1", prefix="new")
    found = finding(rows, deployed={"77aa": NOON - 9 * HOUR, "6e8cb420-1": NOON - 310})
    said = "3 of 43 that ended failed: 3 of 3 under version 6e8cb420, 0 of 40 under others"
    assert found.sentence == said
    of_all = finding(rows)
    assert of_all.sentence.startswith("errors are level"), "where no version stands there is none to name"


def test_version_that_fails_beside_another_is_no_level():
    """`errors are level at 3 %` stood above `60 % failed, 6 of 10` of a canary that runs beside the other."""
    rows = flow(NOON - 3_500, 190, 18.0, took=20.0)
    canary = flow(NOON - 3_500, 10, 344.0, took=20.0, version="6e8cb420-1", prefix="new")
    for number, each in enumerate(canary):
        each.status = "errored" if number % 5 < 3 else "complete"
    deployed = {"77aa": NOON - 9 * HOUR, "6e8cb420-1": NOON - HOUR}
    found = finding(rows + canary, deployed=deployed)
    assert found.sentence == (
        "6 of 200 that ended failed: 6 of 10 under version 6e8cb420, 0 of 190 under others"
    )


def test_version_of_which_only_failures_ended_is_no_exception():
    """What fails ends at once and what completes takes an hour: nothing says that the new one fares worse."""
    rows = flow(NOON - 3 * HOUR, 100, 72.0, took=HOUR - 60)
    rows += flow(NOON - 3 * HOUR, 10, 720.0, fails=1.0, failing=5.0, prefix="bad")
    rows += flow(NOON - 900, 10, 60.0, fails=1.0, failing=5.0, version="6e8cb420-1", prefix="new")
    running = [
        Instance(f"open-{n}", "running", NOON - 880 + n, None, NOON - 880 + n, version="6e8cb420-1")
        for n in range(90)
    ]
    deployed = {"77aa": NOON - 9 * HOUR, "6e8cb420-1": NOON - 910}
    tally = Tally(110, 100, 20)
    assert "under version" in failures((), tally, rows, deployed=deployed, now=NOON).sentence
    said = failures((), tally, rows, deployed=deployed, now=NOON, running=running).sentence
    assert said == "errors are level at 17 %: 20 of 120 that ended failed"


def test_throughput_and_durations_in_words():
    tally = Tally(12, 9, 1, 0, [10.0] * 9 + [700.0])
    assert throughput(tally, HOUR) == "12 created, 10 ended: 10.0 per hour"
    assert throughput(tally, HOUR, shown=6 * HOUR) == "12 created, 10 ended: 10.0 per hour over 1 h"
    assert throughput(Tally(), HOUR) == "nothing was created and nothing ended in this time"
    assert durations(tally) == "half took 10 s or less, 95 of 100 11 m 40 s or less"
    some = throughput(tally, HOUR, unread=True, until="01:35")
    assert some == "12 created, at least 10 ended up to 01:35: 10.0 per hour"
    assert throughput(Tally(12), HOUR, unread=True) == "12 created, none known to have ended"
    said = throughput(Tally(12), HOUR, undated=9)
    assert said == "12 created; 9 have ended, this server does not say when"
    assert durations(Tally(12), undated=9) == "this server's list does not say how long they took"
    assert durations(Tally()) == "no instance that ended in this time says how long it took"


def test_change_is_never_dated_before_the_deploy_that_it_names():
    rows = flow(NOON - 9 * HOUR, 480, 60.0, fails=0.02, took=60.0)
    rows += flow(
        NOON - HOUR, 100, 30.0, fails=0.6, took=60.0, failing=1.0, prefix="bad", version="ccf9aaaa-1"
    )
    for seconds in (1, 20, 59):
        deploy = NOON - HOUR - 1 + seconds / 100
        found = finding(rows, deployed={"ccf9aaaa-1": deploy}.items())
        assert found.version == "ccf9aaaa-1"
        assert found.at >= deploy


def test_no_level_is_told_of_what_was_not_looked_through():
    """Nine minutes that all fail say nothing of the six hours of which the rest is only counted."""
    tally = Tally(created=1200, complete=700, errored=281)
    rows = [Instance(f"a{n}", "errored", ended=NOON - 300) for n in range(92)]
    rows += [Instance(f"b{n}", "complete", ended=NOON - 300) for n in range(8)]
    said = failures((), tally, rows, deployed={}, now=NOON, looked_since=NOON - 540, so_far=True).sentence
    assert said == "281 of 981 that ended failed so far"
    said = failures((), tally, rows, deployed={}, now=NOON, looked_since=NOON - 540).sentence
    assert (
        said == "29 % failed: 281 of 981 that ended; only since 11:51 a change can be seen, and there is none"
    )
    assert failures((), tally, [], deployed={}, now=NOON).sentence.startswith("errors are level at 29 %")


def test_rise_after_nothing_ended_is_told_by_the_test():
    """The test dates a success by the time that it outlived failures: its own end may lie after the rise."""
    rows = [Instance(f"a{number}", "errored", ended=NOON - 600 + number) for number in range(60)]
    rise = RateChange(NOON - 700, NOON, 0.04, 1.0, 30.0, sample=25)
    said = failures([rise], Tally(errored=60), rows, deployed={}, now=NOON).sentence
    assert said.startswith("errors rose from 1 of 25 to 100 %")


def test_level_is_not_told_of_the_first_rows_read():
    tally = Tally(complete=12, errored=100, terminated=3)
    said = failures((), tally, [], deployed={}, now=NOON, so_far=True).sentence
    assert said == "100 of 112 that ended failed so far"
    none = failures((), Tally(terminated=1042), [], deployed={}, now=NOON).sentence
    assert none == "no instance completed or failed in this time: all 1,042 that ended were terminated"
    partly = failures((), Tally(terminated=4), [], deployed={}, now=NOON, so_far=True).sentence
    assert partly == "none of those loaded so far completed or failed: all 4 that ended were terminated"


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (None, ""),
        (0, ""),
        (14, ""),
        (15, "open ones read within 1 m"),
        (60, "open ones read within 1 m"),
        (61, "open ones read within 2 m"),
    ],
)
def test_age_of_what_was_read_is_told_from_15_s_on(ago, said):
    assert read_within(None if ago is None else NOON - ago, NOON) == said


def test_rise_under_two_versions_at_once_blames_neither():
    """A dependency is down: what is older fails as much since, however little it failed before."""
    older = [Instance(f"a{n}", "complete", ended=NOON - 9000 + n * 20, version="v1") for n in range(300)]
    since = [
        Instance(f"{version}{n}", ("errored", "complete")[n % 2], ended=NOON - 1200 + n * 20, version=version)
        for version in ("v1", "v2")
        for n in range(60)
    ]
    rise = RateChange(NOON - 1200, NOON, 0.0, 0.5, 40.0, sample=300)
    deployed = {"v1": NOON - 90_000, "v2": NOON - 1260}
    tally = Tally(complete=360, errored=60)
    said = failures([rise], tally, [*older, *since], deployed=deployed, now=NOON)
    assert said.version == ""
    assert said.sentence == "errors rose from 0 % to 50 % at 11:40, under version v1 as under v2"
    alone = [*older, *(row for row in since if row.version == "v2")]
    alone += [replace(row, status="complete") for row in since if row.version == "v1"]
    assert failures([rise], tally, alone, deployed=deployed, now=NOON).version == "v2"
    # The test dates it to the stretch: nothing that a deploy made came before it.
    early = failures([replace(rise, at=NOON - 1290)], tally, alone, deployed=deployed, now=NOON)
    assert (early.version, early.at) == ("v2", NOON - 1260)
    assert " at 11:39" in early.sentence


def test_fall_under_two_versions_at_once_is_of_neither():
    rows = [Instance(f"a{n}", "errored", ended=NOON - 2000 + n * 10, version="v1") for n in range(80)]
    rows += [
        Instance(f"{version}{n}", "complete", ended=NOON - 1200 + n * 20, version=version)
        for version in ("v1", "v2")
        for n in range(60)
    ]
    fall = RateChange(NOON - 1200, float("inf"), 1.0, 0.0, 40.0, sample=80)
    deployed = {"v1": NOON - 90_000, "v2": NOON - 1260}
    tally = Tally(complete=120, errored=80)
    both = failures([fall], tally, rows, deployed=deployed, now=NOON).sentence
    assert both.startswith("errors fell from 100 % to 0 % at 11:40, under version v1 as under v2: ")
    newer = [row for row in rows if row.status == "errored" or row.version == "v2"]
    assert ", 1 m after version v2" in failures([fall], tally, newer, deployed=deployed, now=NOON).sentence


def test_fall_tells_the_rate_of_what_ended_since():
    rows = [Instance(f"a{number}", "errored", ended=NOON - 900 + number) for number in range(60)]
    rows += [Instance(f"b{number}", "complete", ended=NOON - 500 + number) for number in range(37)]
    rows += [Instance("c", "errored", ended=NOON - 550)]
    fall = RateChange(NOON - 600, float("inf"), 1.0, 0.0, 30.0, sample=60)
    said = failures([fall], Tally(errored=61, complete=37), rows, deployed={}, now=NOON).sentence
    assert said.startswith("errors fell from 100 % to 3 % at 11:50: 61 of 98")


def test_fall_is_told_by_what_the_bars_count():
    """Others that began then ended later: the test counts them then, and no bar does."""
    rows = flow(NOON - 3 * HOUR, 180, 30.0, fails=1.0, failing=30.0, prefix="bad")
    rows += flow(NOON - 3 * HOUR, 90, 60.0, fails=0.0, took=2.5 * HOUR, prefix="slow")
    rows += flow(NOON - 1.5 * HOUR, 170, 30.0, fails=0.0, took=60.0, prefix="good")
    assert finding(rows).sentence.startswith("errors fell from 100 % to 0 % at 10:3")


def test_change_is_the_same_however_long_the_span():
    rows = flow(NOON - HOUR, 300, 11.0, fails=0.97, took=30.0, failing=5.0)
    rows += flow(NOON - 240, 20, 11.0, fails=0.0, took=5.0, prefix="good")
    found = []
    for days in (1, 7, 31):
        found.append(changes_of(rows, start=NOON - days * 24 * HOUR, now=NOON, deployed={})[1])
    assert [not change.rose for change in found[0]] == [True]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("days", [3, 7, 31])
def test_change_is_dated_to_the_minute_in_a_month(days):
    """Wide stretches would date it to before the deploy that made it, which then goes unnamed."""
    rise = NOON - 26 * HOUR - 400
    rows = flow(NOON - days * 24 * HOUR, days * 240, 360.0, fails=0.02, took=30.0, failing=5.0)
    rows += flow(rise, 600, 20.0, fails=0.5, took=5.0, failing=5.0, prefix="bad", version="ccf9")
    seen, changes = changes_of(rows, start=NOON - days * 24 * HOUR, now=NOON, deployed={"ccf9": rise})
    assert seen.width == 60
    assert abs(changes[0].at - rise) <= 300
    assert changes[0].rose
    assert [change.until for change in changes[:-1]] == [change.at for change in changes[1:]]
    total = Tally(errored=1, complete=1)
    said = failures(changes, total, rows, deployed={"ccf9": rise}, now=NOON).sentence
    assert "version ccf9" in said


@pytest.mark.parametrize("seed", ["c", "e"])
def test_rise_is_dated_alike_by_few_rows_and_by_all(seed):
    """The workflows page has the newest ones, the history page hours: one rise had two dates."""
    now = NOON
    built = build("deploy-gone-wrong", clock=lambda: now, seed=seed)
    orders = built.workflows["orders"]
    dates = []
    for _ in range(3):
        now += 170
        built.look()
        rows = [Instance.from_item(row(instance)) for instance in orders.walk(newest_first=True)]
        deployed = {version.id: version.created for version in orders.versions}
        _, changes = changes_of(rows, start=now - 6 * HOUR, now=now, deployed=deployed)
        dates.append([change.at for change in changes if change.rose][-1])
        for number in (300, 400):
            few = rows[:number]
            found = picture(few, now=now, floor=min(each.created for each in few), deployed=deployed)
            dates += [found.finding.at] * found.finding.unusual
    assert len(dates) > 3
    assert len(set(dates)) == 1


def test_what_is_loaded_in_part_says_so():
    some = Tally(created=12, complete=2, took=[4.0, 9.0])
    assert throughput(Tally(created=3), 60.0, so_far=True) == "so far 3 created, none ended"
    assert throughput(some, 60.0, so_far=True).startswith("so far 12 created, 2 ended: ")
    assert throughput(Tally(), 60.0, so_far=True).startswith("nothing that is loaded so far was created")
    assert durations(some, so_far=True) == "so far half took 4 s or less, 95 of 100 9 s or less"
    assert durations(Tally(created=3), so_far=True) == "none that is loaded so far says how long it took"


def test_no_level_is_told_of_a_few():
    tally = Tally(created=9, complete=1, errored=2)
    assert failures((), tally, [], deployed={}, now=NOON).sentence == "2 of 3 that ended failed"


def test_incident_that_was_restarted_still_shows_its_end():
    """A restarted instance may keep its start: its success was dated into the failures that it mended."""
    failed = flow(NOON - 2 * HOUR, 319, 10.0, fails=1.0, failing=30.0, prefix="bad")
    earlier = [
        replace(row, id=f"{row.id}\n{row.ended:.3f}", created=None, started=row.created) for row in failed
    ]
    mended = [
        replace(row, status="complete", started=row.created, ended=NOON - 600 + n)
        for n, row in enumerate(failed)
    ]
    good = flow(NOON - HOUR, 300, 10.0, fails=0.0, took=40.0, prefix="good")
    rows = [*earlier, *mended, *good]
    changes = find_changes(outcomes(rows, start=NOON - 3 * HOUR, end=NOON, width=60.0))
    assert [change.rose for change in changes] == [False]
    assert changes[0].before > 0.9
