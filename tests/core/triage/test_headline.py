"""The headline: a cause after enough was read, and blame only beside what fares better."""

import pytest

from wfdash.core.model.instance import Instance
from wfdash.core.triage.error_groups import Sample, VersionShare, group
from wfdash.core.triage.failure_rate import FailureRate, Thirds, stands_out
from wfdash.core.triage.fingerprint import DEPLOYED, Fingerprint
from wfdash.core.triage.headline import Evidence, Trend, headline
from wfdash.core.triage.version_blame import too_few_to_blame, worst_version

NEW, OLD = "9f2c0000-1111", "77aa0000-1111"
TIMEOUT = Fingerprint("TimeoutError", "timed out after <duration>", "charge card", NEW)
SAME_ON_OLD = Fingerprint("TimeoutError", "timed out after <duration>", "charge card", OLD)
APPROVAL = Fingerprint("WorkflowTimeoutError", "timed out", "approval", OLD)
NOON = 1_795_262_400.0


def samples(mark, count, start=NOON):
    return [Sample(f"{mark.error}-{mark.version}-{n}", start + n, mark) for n in range(count)]


def said(groups, evidence, now=NOON + 3_600):
    return headline(groups, evidence, now=now)


def ended(failed, fine, at):
    statuses = ["errored"] * failed + ["complete"] * fine
    return [Instance(f"{at}-{n}", status, ended=at + n) for n, status in enumerate(statuses)]


WORSE = (VersionShare(NEW, 40, 45, NOON), VersionShare(OLD, 3, 96, NOON - 900))


def test_headline_names_cause_step_version_and_times():
    groups = group(samples(TIMEOUT, 38) + samples(APPROVAL, 12))
    found = said(groups, Evidence(50, 50, WORSE, deployed={NEW: NOON - 8 * 60}))
    assert found.sentence == (
        'TimeoutError at "charge card", 38 of 50 read: only on version 9f2c0000 (40 of 45 failed, '
        "others 3 of 96), deployed 11:52:00, first failure 8 m later"
    )
    assert found.unusual
    assert found.version == NEW


def test_a_cure_is_named_with_its_time_and_an_old_deploy_is_not():
    shares = (VersionShare(OLD, 190, 191, NOON), VersionShare(NEW, 1, 9, NOON + 3_000))
    deployed = {OLD: NOON - 90 * 86_400, NEW: NOON + 3_000}
    found = said(group(samples(APPROVAL, 20)), Evidence(20, 50, shares, deployed=deployed))
    assert found.sentence == (
        'WorkflowTimeoutError at "approval", 20 of 20 read: only on version 77aa0000 (190 of 191 failed), '
        "since 12:00:00; the newer 9f2c0000, deployed 12:50:00: 1 of 9 failed"
    )


def test_a_part_of_a_record_accuses_nobody():
    groups, rows = group(samples(TIMEOUT, 12)), ended(9, 1, NOON)
    found = said(groups, Evidence(12, 331, WORSE, rows, partial=True, exact=False))
    assert found.sentence.endswith("; others are not recorded, so there is nothing to compare it with")
    few = said(group(samples(TIMEOUT, 5)), Evidence(5, 331, WORSE, rows, partial=True))
    assert few.sentence == "5 of 331 errored instances recorded by then: too few to name a cause"
    assert [(each.unusual, each.version) for each in (found, few)] == [(False, "")] * 2


def test_good_version_is_never_blamed():
    groups = group(samples(APPROVAL, 8) + samples(TIMEOUT, 4))
    found = said(groups, Evidence(12, 50, WORSE))
    assert found.version == NEW
    assert "WorkflowTimeoutError" not in found.sentence


@pytest.mark.parametrize(
    ("read", "of", "named"), [(5, 50, False), (9, 50, False), (10, 50, True), (4, 4, True)]
)
def test_cause_is_not_named_on_a_thin_sample(read, of, named):
    found = said(group(samples(TIMEOUT, read)), Evidence(read, of))
    assert ("TimeoutError" in found.sentence) is named
    if not named:
        assert found.sentence == f"{read} of 50 errored instances read so far; a cause is named after 10"


def test_worse_version_is_named_before_its_cause_is():
    found = said(group(samples(APPROVAL, 2)), Evidence(2, 50, WORSE))
    assert found.unusual
    assert found.sentence == (
        "2 of 50 errored instances read so far; version 9f2c0000 fails more: 40 of 45 failed, others 3 of 96"
    )


def test_the_newest_alone_are_named_as_such():
    shares = (VersionShare(NEW, 40, 40, NOON, 104, 63, 50), WORSE[1])
    found = said(group(samples(TIMEOUT, 12)), Evidence(12, 50, shares))
    assert "9f2c0000 (40 of the 40 that ended failed, newest 104, others 3 of 96)" in found.sentence


def test_version_whose_failures_end_sooner_is_not_blamed():
    many = VersionShare(NEW, 10, 10, NOON, 110, 100, 95)
    assert worst_version((many, VersionShare(OLD, 9, 100, NOON - 900))) is None
    assert worst_version((VersionShare(NEW, 10, 10, NOON), VersionShare(OLD, 9, 100, NOON - 900)))


def run(name, status, version, begun, took=5.0):
    return Instance(name, status, begun, None, begun, begun + took, version)


def both(failed, fine, version, begun):
    statuses = ["errored"] * failed + ["complete"] * fine
    return [run(f"{version}-{begun}-{n}", each, version, begun + n) for n, each in enumerate(statuses)]


def test_version_is_not_blamed_for_what_others_fail_of_too():
    """The other one ran well only before that began."""
    rows = both(0, 200, OLD, NOON - 7_200) + both(20, 0, OLD, NOON) + both(40, 0, NEW, NOON)
    shares = (VersionShare(NEW, 40, 40, NOON), VersionShare(OLD, 20, 220, NOON - 7_200))
    assert worst_version(shares) is not None
    found = said(group(samples(TIMEOUT, 34) + samples(SAME_ON_OLD, 16)), Evidence(50, 60, shares, rows))
    assert found.version == ""
    assert "version" not in found.sentence
    assert found.unusual
    assert '"charge card", 50 of 50 read' in found.sentence, "its versions are taken together"


def test_version_that_ran_well_itself_is_not_blamed():
    """A switch was thrown hours after it came; the other one had ended before."""
    rows = both(0, 20, OLD, NOON - 9_000) + both(0, 40, NEW, NOON - 7_200) + both(30, 0, NEW, NOON)
    shares = (VersionShare(NEW, 30, 70, NOON - 7_200), VersionShare(OLD, 0, 20, NOON - 9_000))
    assert worst_version(shares) is not None
    assert said(group(samples(TIMEOUT, 30)), Evidence(30, 30, shares, rows)).version == ""
    deploy = both(0, 20, OLD, NOON - 9_000) + both(30, 0, NEW, NOON)
    assert said(group(samples(TIMEOUT, 30)), Evidence(30, 30, shares, deploy)).version == NEW


def test_what_failed_lately_is_what_is_named():
    """Forty of another cause two hours ago were named beside the ten that fail now."""
    bug = Fingerprint("Error", "bug in parser", "charge", NEW)
    other = Fingerprint("Error", "bank is closed", "charge", NEW)
    rows = both(0, 67, NEW, NOON) + both(0, 23, NEW, NOON + 100) + both(10, 0, NEW, NOON + 200)
    read = samples(bug, 40, NOON - 7_200) + samples(other, 10, NOON + 205)
    found = said(group(read), Evidence(50, 50, (VersionShare(NEW, 10, 100, NOON),), rows))
    assert found.sentence.startswith('Error at "charge" (bank is closed), 10 of 50 read')
    assert found.sentence.endswith("10 of 33 failed lately, 0 of 67 before, of any cause")


def read_of(mark, rows):
    """Samples of those that failed, as if each had been read."""
    return [Sample(row.id, row.ended, mark) for row in rows if row.status == "errored"]


LEDGER = Fingerprint("Error", "ledger says no", "ledger", OLD)
PRINTER = Fingerprint("Error", "printer on fire", "print", NEW)


def mixed(mark, version, begun, *, of=100, every=10, failing=3, apart=10.0):
    """Rows of a version of which some of each ten fail, and what was read of them."""
    rows = [
        run(
            f"{version}-{begun}-{n}",
            "errored" if n % every < failing else "complete",
            version,
            begun + n * apart,
        )
        for n in range(of)
    ]
    return rows, read_of(mark, rows)


def test_cause_of_one_version_is_judged_by_itself():
    """As many fail as ever, of another cause: the new one was `not unusual .., of any cause`."""
    old, of_old = mixed(LEDGER, OLD, NOON)
    new, of_new = mixed(PRINTER, NEW, NOON + 3)
    shares = (VersionShare(NEW, 30, 100, NOON), VersionShare(OLD, 30, 100, NOON))
    deployed = {OLD: NOON - 90 * 86_400, NEW: NOON - 60}
    found = said(group([*of_new, *of_old[10:]]), Evidence(50, 60, shares, [*old, *new], deployed))
    assert found.sentence == (
        'Error at "print", 30 of 50 read: so far seen only on version 9f2c0000 (30 of 100 failed of it; of '
        "others 0 of 100, 20 of other causes), deployed 11:59:00, since at least 12:00:08"
    )
    assert (found.unusual, found.version) == (True, NEW)
    every = said(group([*of_new, *of_old]), Evidence(60, 60, shares, [*old, *new], deployed)).sentence
    assert "read: only on version 9f2c0000 (30 of 100 failed of it" in every
    assert every.endswith("deployed 11:59:00, first failure 1 m 8 s later")


def test_cause_of_both_versions_is_blamed_on_none():
    old, of_old = mixed(SAME_ON_OLD, OLD, NOON)
    new, of_new = mixed(TIMEOUT, NEW, NOON + 3)
    shares = (VersionShare(NEW, 30, 100, NOON), VersionShare(OLD, 30, 100, NOON))
    found = said(group([*of_new, *of_old]), Evidence(60, 60, shares, [*old, *new], {NEW: NOON - 60}))
    assert (found.version, "version" in found.sentence) == ("", False)
    unread = said(group(of_new), Evidence(30, 60, shares, [*old, *new], {NEW: NOON - 60}))
    assert unread.version == "", "what was not read of the other may be the same"


def test_worse_version_is_told_with_what_it_has_alone():
    """It fails of the old cause as well, and a little oftener than of its own."""
    rows, read = mixed(LEDGER, OLD, NOON, of=200, failing=4)
    new, of_new = mixed(PRINTER, NEW, NOON + 3, failing=9)
    for number, sample in enumerate(of_new):
        if number % 9 < 5:
            of_new[number] = Sample(
                sample.id, sample.at, Fingerprint("Error", "ledger says no", "ledger", NEW)
            )
    shares = (VersionShare(NEW, 90, 100, NOON), VersionShare(OLD, 80, 200, NOON))
    found = said(group([*of_new, *read]), Evidence(170, 170, shares, [*rows, *new], {NEW: NOON - 60}))
    assert found.sentence.startswith('Error at "print", 40 of 170 read: only on version 9f2c0000 (90 of 100')


def test_cause_that_rises_while_another_falls_is_unusual():
    gone, of_gone = mixed(LEDGER, NEW, NOON, of=80, failing=2)
    here, of_here = mixed(PRINTER, NEW, NOON + 900, of=40, failing=3)
    found = said(group([*of_gone, *of_here]), Evidence(28, 28, rows=[*gone, *here]))
    assert found.sentence.startswith('Error at "print", 12 of 28 read, since 12:15:05; ')
    assert found.sentence.endswith("; 12 of 40 failed lately, 0 of 80 before, of this cause")
    assert found.unusual


def test_what_fails_since_all_that_is_loaded_is_level():
    """Whether that is usual nothing before it tells."""
    rows, read = mixed(LEDGER, NEW, NOON, of=60, failing=3)
    found = said(group(read), Evidence(18, 18, rows=rows)).sentence
    assert found.endswith("; level since 12:00: 6 of 20 failed lately, 12 of 40 before")
    older = said(group(read), Evidence(18, 40, rows=rows, exact=False)).sentence
    assert "; not unusual since 12:00: " in older


def test_deploy_after_others_failed_in_a_row_is_not_blamed():
    """Two of the older one failed right before it: the history names no version for that rise either."""
    rows = both(0, 38, OLD, NOON - 3_600) + both(2, 0, OLD, NOON - 60) + both(50, 0, NEW, NOON)
    shares = (VersionShare(NEW, 50, 50, NOON), VersionShare(OLD, 2, 40, NOON - 3_600))
    newest = group(read_of(TIMEOUT, rows[-50:]))
    found = said(newest, Evidence(50, 52, shares, rows, {NEW: NOON - 30}, exact=False))
    assert (found.version, "version" in found.sentence) == ("", False)
    beside = both(0, 40, OLD, NOON + 60)
    fine = (shares[0], VersionShare(OLD, 2, 80, NOON - 3_600))
    found = said(newest, Evidence(50, 52, fine, [*rows, *beside], {NEW: NOON - 30}, exact=False))
    assert found.version == NEW, "the older one runs well beside it"


def test_deploy_in_the_middle_of_a_fault_is_not_blamed():
    """The database went away under both; of the older version only the end of that was read."""
    before = both(0, 30, OLD, NOON - 3_600) + both(15, 5, OLD, NOON - 600)
    after = both(45, 15, NEW, NOON)
    groups = group(read_of(TIMEOUT, after) + read_of(SAME_ON_OLD, before)[-5:])
    shares = (VersionShare(NEW, 45, 60, NOON), VersionShare(OLD, 15, 50, NOON - 3_600))
    found = said(groups, Evidence(50, 60, shares, [*before, *after], {NEW: NOON - 30}))
    assert (found.version, "version" in found.sentence) == ("", False)


def test_only_is_not_said_while_others_are_unread():
    rows = both(2, 38, OLD, NOON - 3_600) + both(50, 0, NEW, NOON)
    shares = (VersionShare(NEW, 50, 50, NOON), VersionShare(OLD, 2, 40, NOON - 3_600))
    deployed, newest = {NEW: NOON - 30}, read_of(TIMEOUT, rows[-50:])
    unread = said(group(newest), Evidence(50, 52, shares, rows, deployed)).sentence
    assert ": so far seen only on version 9f2c0000 (50 of 50 failed, others 2 of 40)" in unread
    assert ", since at least 12:00:0" in unread
    every = group([*newest, *read_of(APPROVAL, rows[:2])])
    assert ": only on version 9f2c0000 " in said(every, Evidence(52, 52, shares, rows, deployed)).sentence


def test_cause_that_is_over_has_an_end_and_no_blame():
    rows = both(0, 100, OLD, NOON - 7_200) + both(30, 0, NEW, NOON) + both(0, 60, NEW, NOON + 600)
    shares = (VersionShare(NEW, 30, 90, NOON), VersionShare(OLD, 0, 100, NOON - 7_200))
    found = said(group(read_of(TIMEOUT, rows)), Evidence(30, 30, shares, rows, {NEW: NOON - 40}))
    assert found.sentence.endswith(
        ", 30 of 30 read, from 12:00:05 to 12:00:34, none of the 60 of version 9f2c0000 that ended since"
    )
    assert (found.unusual, found.version) == (False, "")
    alone = [*both(8, 2, NEW, NOON), *both(0, 100, NEW, NOON + 600)]
    over = said(group(read_of(TIMEOUT, alone)), Evidence(8, 8, rows=alone)).sentence
    assert ", from 12:00:05 to 12:00:12, none of the 102 that ended since" in over
    assert "since 12:00:05" not in over


def test_cause_that_goes_on_comes_before_one_that_is_over():
    gone, here = both(30, 0, OLD, NOON), both(12, 36, OLD, NOON + 1_200)
    for number, row in enumerate(here):
        row.ended = NOON + 1_200 + number % 4 * 300 + number
    groups = group(read_of(TIMEOUT, gone) + read_of(APPROVAL, here))
    assert said(groups, Evidence(42, 42, rows=[*gone, *here])).sentence.startswith("WorkflowTimeoutError")


def test_rare_cause_is_not_over_because_little_is_loaded():
    """Twenty in nine hours were held against the fifty that are loaded, as if a third of them failed so."""
    rare = samples(TIMEOUT, 20, NOON - 9 * 3_600)
    rare[-1] = Sample("last", NOON - 20, TIMEOUT)
    rows = both(0, 52, NEW, NOON - 40)
    groups = group([*rare, *samples(Fingerprint("PaymentError", "declined", "pay", NEW), 12, NOON - 10)])
    found = said(groups, Evidence(32, 32, rows=rows)).sentence
    assert found.startswith('TimeoutError at "charge card", 20 of 32 read, since 03:00:00')
    few = samples(TIMEOUT, 8, NOON - 9 * 3_600)
    over = said(group(few), Evidence(8, 8, rows=rows)).sentence
    assert "from 03:00:00 to 03:00:07, none of the 52 that ended since" in over


def test_few_that_ended_first_are_no_measure():
    rows = [*both(10, 0, NEW, NOON), *(run(f"open-{n}", "waiting", NEW, NOON + n) for n in range(90))]
    found = said(group(read_of(TIMEOUT, rows)), Evidence(10, 10, rows=rows))
    assert found.sentence.endswith("; of the newest 100, 90 have not ended; 10 of 10 that did failed")
    assert not found.unusual


def test_others_of_days_ago_are_dated():
    rows = both(0, 30, OLD, NOON - 3 * 86_400) + both(14, 0, NEW, NOON)
    shares = (VersionShare(NEW, 14, 14, NOON), VersionShare(OLD, 0, 30, NOON - 3 * 86_400))
    found = said(group(read_of(TIMEOUT, rows)), Evidence(14, 14, shares, rows, {NEW: NOON - 60}))
    assert "others 0 of 30, the last 3 d ago)" in found.sentence


@pytest.mark.parametrize(
    ("trend", "words", "unusual"),
    [
        (Trend(NOON, 0.0, 0.91), "errors rose from 0 % to 91 % at 12:00", True),
        (Trend(NOON, 0.91, 0.0), "errors fell from 91 % to 0 % at 12:00", False),
        (
            Trend(NOON, 0.1, 0.3, (NOON, NOON + 7_200)),
            "rose from 10 % to 30 % little by little, 12:00 to",
            True,
        ),
    ],
)
def test_change_of_the_rate_is_judged_by_its_moment(trend, words, unusual):
    """A third of what ended, taken by count, cuts through a burst: as many failed before as lately."""
    rows = ended(2, 38, NOON) + ended(2, 38, NOON + 100) + ended(2, 38, NOON + 200)
    found = said(group(samples(TIMEOUT, 12)), Evidence(12, 12, rows=rows, trend=trend))
    assert words in found.sentence
    assert found.unusual is unusual


def test_two_without_a_message_have_no_empty_brackets():
    null = [Sample(f"n-{n}", NOON, Fingerprint("Error", "", "charge", NEW)) for n in range(5)]
    other = [Sample(f"x-{n}", NOON, Fingerprint("Error", "x", "charge", NEW)) for n in range(5)]
    sentence = said(group([*null, *other]), Evidence(10, 10)).sentence
    assert "()" not in sentence
    assert "(no message)" in sentence


def test_rollbacks_that_failed_are_told_with_their_cause():
    """The money is not given back, and the group looked like any other."""
    read = [Sample(f"r-{n}", NOON + n, TIMEOUT, not_undone=n < 2) for n in range(12)]
    found = said(group(read), Evidence(12, 12)).sentence
    assert found.startswith('TimeoutError at "charge card", 12 of 12 read (rollback failed in 2), since')
    assert "rollback" not in said(group(samples(TIMEOUT, 12)), Evidence(12, 12)).sentence


def test_failure_rate_as_before_is_no_alarm():
    rows = ended(2, 38, NOON) + ended(2, 38, NOON + 100) + ended(2, 38, NOON + 200)
    found = said(group(samples(TIMEOUT, 12)), Evidence(12, 12, (VersionShare(NEW, 6, 120, NOON),), rows))
    assert not found.unusual
    assert found.sentence.endswith("; level since 12:00: 2 of 40 failed lately, 4 of 80 before")
    assert "version" not in found.sentence


def test_more_failures_than_before_are_an_alarm():
    rows = ended(2, 38, NOON) + ended(2, 38, NOON + 100) + ended(12, 28, NOON + 200)
    found = said(group(samples(TIMEOUT, 30)), Evidence(30, 30, (), rows))
    assert found.unusual
    assert found.sentence.endswith("12 of 40 failed lately, 4 of 80 before")


def test_mostly_failing_is_an_alarm_though_it_did_before():
    rows = ended(30, 10, NOON) + ended(30, 10, NOON + 100) + ended(30, 10, NOON + 200)
    found = said(group(samples(TIMEOUT, 30)), Evidence(30, 30, (), rows))
    assert found.unusual
    assert found.sentence.endswith("; 30 of 40 that ended lately failed")


def test_what_ended_without_a_time_is_counted_too():
    rows = ended(5, 0, NOON) + [Instance(f"fine-{n}", "complete", created=NOON - n) for n in range(4)]
    found = said(group(samples(TIMEOUT, 5)), Evidence(5, 5, rows=rows))
    assert found.sentence.endswith("; 5 of 9 that ended failed")
    many = [Instance(f"{n}", "errored" if n % 2 else "complete", created=NOON + n) for n in range(60)]
    for row in many[1::2]:
        row.ended = NOON + 900
    assert Thirds(many).rates == (FailureRate(10, 20), FailureRate(20, 40))


def test_version_without_another_is_not_blamed():
    found = said(group(samples(TIMEOUT, 12)), Evidence(12, 12, (VersionShare(NEW, 12, 12, NOON),)))
    assert not found.unusual
    assert found.sentence.endswith("nothing to compare it with yet")


def test_same_cause_on_other_versions_too_is_said():
    groups = group(samples(TIMEOUT, 10) + samples(SAME_ON_OLD, 2))
    assert ": mostly on version 9f2c0000 " in said(groups, Evidence(12, 12, WORSE)).sentence


def test_causes_that_came_as_often_are_not_told_as_one():
    """The first of equal ones was told alone, as if it were the cause."""
    declined = Fingerprint("PaymentError", "card declined", "charge card", OLD)
    lost = Fingerprint("TypeError", "x is undefined", "pick", OLD)
    two = samples(APPROVAL, 6, NOON + 60) + samples(declined, 6)
    found = said(group(two), Evidence(12, 12)).sentence
    assert found.startswith(
        'WorkflowTimeoutError at "approval" and PaymentError at "charge card", 6 of 12 read each, since 12:00'
    )
    three = said(group([*two, *samples(lost, 6, NOON - 60)]), Evidence(18, 18)).sentence
    assert three.startswith('WorkflowTimeoutError at "approval" and 2 other causes, 6 of 18 read each')
    blamed = [
        *samples(TIMEOUT, 6, NOON + 60),
        *samples(Fingerprint("PaymentError", "card declined", "charge card", NEW), 6),
    ]
    both = said(group(blamed), Evidence(12, 12, WORSE)).sentence
    assert both.startswith(
        'TimeoutError at "charge card" and PaymentError at "charge card", 6 of 12 read each: only on version'
    )


def test_equal_causes_of_one_name_are_told_by_their_messages():
    marks = [Fingerprint("Error", f"{name} not found", "load", OLD) for name in ("order", "customer")]
    found = said(group(samples(marks[0], 6, NOON + 60) + samples(marks[1], 6)), Evidence(12, 12)).sentence
    assert 'Error at "load" (order not found) and Error at "load" (customer not found), 6 of 12' in found


def test_a_cause_without_blame_is_counted_over_its_versions():
    groups = group(samples(TIMEOUT, 5) + samples(SAME_ON_OLD, 5) + samples(APPROVAL, 6))
    found = said(groups, Evidence(16, 16)).sentence
    assert found.startswith('TimeoutError at "charge card", 10 of 16 read')


def test_since_is_at_least_where_older_runs_may_be_unread():
    found = said(group(samples(TIMEOUT, 12)), Evidence(12, 50, WORSE, deployed={NEW: NOON - 60}, exact=False))
    assert found.sentence.endswith("deployed 11:59:00, since at least 12:00:00")


def test_reset_by_a_deploy_names_versions_with_their_times():
    reset = Fingerprint(DEPLOYED, "reset", "", "")
    both = [*samples(reset, 6), Sample("late", NOON + 900, reset)]
    found = said(group(both), Evidence(7, 7, deployed={OLD: NOON - 5, NEW: NOON + 890, "0000": NOON - 9_000}))
    assert "; versions 9f2c0000 at 12:14:50, 77aa0000 at 11:59:55" in found.sentence


def test_nothing_read_is_said():
    assert said([], Evidence()).sentence == "no errored instance has been read yet"


@pytest.mark.parametrize(
    ("these", "others", "unusual"),
    [
        ((3, 3), (1, 40), True),
        ((2, 2), (1, 40), False),
        ((5, 100), (6, 100), False),
        ((105, 118), (54, 829), True),
        ((9_000, 10_000), (500, 90_000), True),
        ((12, 100), (0, 0), False),
        ((4, 20), (3, 20), False),
    ],
)
def test_outlier_is_twice_as_often_and_no_chance(these, others, unusual):
    assert stands_out(FailureRate(*these), FailureRate(*others)) is unusual


def test_version_of_which_few_ended_is_not_blamed():
    shares = (VersionShare(NEW, 3, 5, NOON), VersionShare(OLD, 1, 95, NOON - 900))
    assert (worst_version(shares), too_few_to_blame(shares)) == (None, shares[0])
    assert too_few_to_blame(shares[:1]) is None
    ten = (VersionShare(NEW, 6, 10, NOON), VersionShare(OLD, 1, 95, NOON - 900))
    assert (worst_version(ten), too_few_to_blame(ten)) == (ten[0], None)


def test_few_of_a_version_are_told_as_counts():
    """Three of five were blamed on a canary, of which the history said that errors are level."""
    rows = both(0, 95, OLD, NOON - 600) + both(3, 2, NEW, NOON - 3_000) + both(0, 30, OLD, NOON - 300)
    shares = (VersionShare(NEW, 3, 5, NOON - 3_000), VersionShare(OLD, 0, 125, NOON - 600))
    found = said(group(read_of(TIMEOUT, rows)), Evidence(3, 3, shares, rows, {NEW: NOON - 3_100}))
    assert found.sentence == (
        'TimeoutError at "charge card", 3 of 3 read, since 11:10:05; '
        "3 of 5 under version 9f2c0000, deployed 11:08:20, 0 of 125 under others: too few to blame it"
    )
    assert (found.unusual, found.version) == (True, "")
