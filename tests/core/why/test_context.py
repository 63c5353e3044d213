"""What is put together of an instance beside its own answer."""

import pytest

from tests.support.fakes.details import T0, detail, done
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.why.context import WhyContext, kept_for, why_context


@pytest.mark.parametrize(
    ("default", "complete", "errored"),
    [
        ({"success_retention": 3_600_000, "error_retention": "7 days"}, 3600, 7 * 86400),
        ({"success_retention": 3_600_000}, 3600, None),
        ("30 days", 30 * 86400, 30 * 86400),
        (60_000, 60, 60),
        (None, None, None),
        (True, None, None),
        ([], None, None),
        ({"success_retention": None, "error_retention": {}}, None, None),
    ],
)
def test_retention_follows_how_it_ended(default, complete, errored):
    assert (kept_for(default, "complete"), kept_for(default, "errored")) == (complete, errored)


QUEUED = read_detail("orders", "a", {"status": "queued", "queued": "2026-11-21T10:00:00Z", "steps": []})
ENDED = read_detail("orders", "a", {"status": "complete", "steps": []})
NOW = 1_795_255_200.0 + 240


def test_retention_of_an_erased_one_is_told_by_its_row():
    row = Instance("a", "complete", NOW, NOW, NOW, NOW, version="v")
    kept = {"success_retention": "3 hours", "error_retention": "7 days"}
    assert why_context(None, local=False, default_retention=kept, row=row).retention == 3 * 3600
    assert why_context(None, local=False, default_retention=kept).retention is None


@pytest.mark.parametrize(
    ("counts", "allowed", "sentence", "short"),
    [
        (None, None, "queued for 4 m", "queued 4m"),
        ({"running": 2, "waitingForPause": 1}, None, "queued for 4 m; 3 running", "queued 4m, 3 running"),
        (
            {"running": 2, "waitingForPause": 1},
            3,
            "queued for 4 m; all 3 that may run at once are running",
            "queued 4m, 3 of 3 running",
        ),
        ({"queued": 1}, 3, "queued for 4 m", "queued 4m"),
    ],
)
def test_a_queued_instance_reads_the_same_in_a_cell_and_a_pane(counts, allowed, sentence, short):
    context = why_context(QUEUED, local=False, counts=counts, allowed=allowed)
    why = context.why(QUEUED, now=NOW)
    assert (why.sentence, why.short) == (sentence, short)


@pytest.mark.parametrize(
    ("configured", "default", "kept"),
    [(60.0, 3_600_000, 60.0), (None, 3_600_000, 3600.0), (None, None, None)],
)
def test_config_retention_goes_before_that_of_the_version(configured, default, kept):
    assert why_context(ENDED, local=False, retention=configured, default_retention=default).retention == kept


def test_contradiction_of_list_and_answer_is_said_and_not_stuck():
    quiet = detail("running", [done("load-1", 0, 1)])
    why = WhyContext(listed="complete").why(quiet, now=T0 + 900)
    expected = "the list says complete, its own answer running: they contradict each other; running with no"
    assert why.sentence.startswith(expected)
    assert not why.looks_stuck
    assert why.short == "list says complete; no open step, 14m"
    assert WhyContext().why(quiet, now=T0 + 900).looks_stuck
