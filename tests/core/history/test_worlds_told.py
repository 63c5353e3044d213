"""What a sentence says of a rise, its minute, rates and version, holds of the rows that it tells of."""

import re
from random import Random

import pytest
from msgspec.structs import replace

from wfdash.core.history.bucket import Tally
from wfdash.core.history.picture import picture
from wfdash.core.history.rate.change import RateChange, changes_of
from wfdash.core.history.sentence import failures
from wfdash.core.model.instance import Instance

NOON = 1_795_262_400.0
HOUR = 3600.0


def runs(prefix, number, first, last, *, status="complete", took=20.0, version="v1"):
    """So many that were created evenly from `first` to `last` seconds before noon."""
    rows = []
    for n in range(number):
        created = NOON - first + (first - last) * n / number
        ended, now = created + took, status
        if ended >= NOON:
            ended, now = None, "running"
        rows.append(Instance(f"{prefix}{n}", now, created, None, created, ended, version))
    return rows


def finding_of(rows, *, deployed=None, hours=24):
    deployed = deployed or {"v1": NOON - 9 * 24 * HOUR}
    start = NOON - hours * HOUR
    _, changes = changes_of(rows, start=start, now=NOON, deployed=deployed)
    tally = Tally(
        complete=sum(row.status == "complete" for row in rows),
        errored=sum(row.status == "errored" for row in rows),
    )
    return failures(changes, tally, rows, deployed=deployed, now=NOON)


def test_version_that_never_failed_is_not_as_the_old_one():
    """What began before the fix fails late: the fix came before the rise and is the one that is well."""
    rows = runs("old", 120, 12_000, 4_500)
    rows += runs("cut", 30, 4_500, 2_701, status="errored", took=2_400.0)
    rows += runs("fix", 45, 2_690, 30, version="v2")
    found = finding_of(rows, deployed={"v1": NOON - 9 * 24 * HOUR, "v2": NOON - 2_700})
    assert "as under" not in found.sentence
    assert found.sentence.endswith(", 0 of 35 under version v2")
    assert found.version == ""


def test_fall_is_not_of_two_versions_if_one_goes_on_failing():
    rows = runs("old", 60, 5_000, 1_800, status="errored") + runs("well", 80, 1_780, 30)
    rows += runs("new", 12, 1_700, 60, status="errored", version="v2")
    found = finding_of(rows, deployed={"v1": NOON - 9 * 24 * HOUR, "v2": NOON - 1_800})
    assert "errors fell" in found.sentence
    assert "as under" not in found.sentence


def test_fall_is_not_laid_to_a_version_without_a_run():
    """Nothing of the new one has ended yet: whatever mended it was something else."""
    rows = runs("old", 60, 5_000, 1_800, status="errored") + runs("well", 8, 1_780, 100)
    deployed = {"v1": NOON - 9 * 24 * HOUR, "v2": NOON - 1_800}
    fall = RateChange(NOON - 1_780, NOON, 1.0, 0.0, 30.0, sample=60)
    found = failures([fall], Tally(complete=8, errored=60), rows, deployed=deployed, now=NOON)
    assert found.sentence == "errors fell from 100 % to 0 % at 11:30: 60 of 68 that ended failed"


def test_rate_and_minute_of_a_rise_are_of_one_moment():
    """The last three of a thin night fail: the test counts good ones of hours before them beside them."""
    rows = runs("day", 300, 21_000, 14_000)
    rows += runs("night", 10, 13_000, 3_022)
    rows += runs("bad", 3, 3_022, 30, status="errored", took=25.0)
    found = finding_of(rows)
    assert found.sentence == "errors rose from 0 % to 3 of 3 at 11:10"
    assert sum(tally.errored for tally in found.since.values()) == 3
    assert sum(tally.sample for tally in found.since.values()) == 3


@pytest.mark.parametrize("seed", range(6))
def test_rate_that_grows_evenly_has_no_minute(seed):
    """From 2 % to 60 % over six hours: somebody would look for what was done at that minute."""
    random = Random(seed)
    rows = runs("slow", 720, 6 * HOUR, 30)
    failing = [0.02 + 0.58 * (1 - (NOON - row.created) / (6 * HOUR)) for row in rows]
    rows = [
        replace(row, status="errored") if row.ended and random.random() < rate else row
        for row, rate in zip(rows, failing, strict=True)
    ]
    found = finding_of(rows)
    assert re.fullmatch(
        r"errors rose from about \d+ % to about \d\d % between 0\d:\d\d and 1\d:\d\d", found.sentence
    )
    assert found.unusual
    assert found.at is None
    fallen = [
        replace(row, status="errored" if random.random() < 0.6 - rate else "complete") if row.ended else row
        for row, rate in zip(rows, failing, strict=True)
    ]
    assert re.match(r"errors fell from about \d\d % to about \d+ % between ", finding_of(fallen).sentence)


@pytest.mark.parametrize("seed", range(6))
def test_rise_at_one_moment_keeps_its_minute(seed):
    random = Random(seed)
    rows = [
        replace(row, status="errored") if row.ended and random.random() < rate else row
        for part, rate in ((runs("a", 500, 6 * HOUR, 2 * HOUR), 0.02), (runs("b", 200, 2 * HOUR, 30), 0.4))
        for row in part
    ]
    found = finding_of(rows)
    assert found.at == pytest.approx(NOON - 2 * HOUR, abs=600)
    slowly = finding_of(rows, deployed={"v1": NOON - 2 * HOUR - 60})
    assert " at 10:0" in slowly.sentence


def test_deploy_after_the_old_version_failed_is_not_blamed():
    """Its last two failed before the new one came: what broke had broken by then."""
    rows = runs("old", 300, 14_000, 1_880)
    rows += runs("last", 2, 1_860, 1_840, status="errored")
    rows += runs("new", 60, 1_790, 60, status="errored", version="v2")
    deployed = {"v1": NOON - 9 * 24 * HOUR, "v2": NOON - 1_800}
    found = finding_of(rows, deployed=deployed)
    assert found.sentence.startswith("errors rose from 0.7 % to 100 % at 11:")
    assert "v2" not in found.sentence
    well = [replace(row, status="complete") if row.id.startswith("last") else row for row in rows]
    assert finding_of(well, deployed=deployed).version == "v2"


def test_newest_rows_bear_no_level_where_failures_are_slow():
    """Of a hundred loaded hardly any from before a rise can be looked at: then 30 % is no level."""
    rows = runs("old", 25, 6_000, 4_500)
    rows += runs("cut", 30, 4_500, 2_701, status="errored", took=2_400.0)
    rows += runs("fix", 45, 2_690, 30, version="v2")
    found = picture(rows, now=NOON, floor=NOON - 6_000)
    assert found.finding.sentence == "30 of 100 that ended failed since 10:20"
    assert not found.finding.unusual
