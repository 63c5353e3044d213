"""Failures of many workflows by cause: counted once each, and what several share is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.triage.account_causes import ErroredWorkflow, account_causes, account_sentence
from wfdash.core.triage.error_groups import Sample
from wfdash.core.triage.fingerprint import Fingerprint

MARKS = st.builds(
    Fingerprint,
    error=st.sampled_from(["TypeError", "TimeoutError"]),
    message=st.sampled_from(["no host", "no id", ""]),
    step=st.sampled_from(["charge", "load", ""]),
    version=st.sampled_from(["v1", "v2"]),
)
SAMPLES = st.builds(Sample, id=st.text("ab", max_size=3), at=st.none() | st.floats(1, 9), fingerprint=MARKS)
WORKFLOWS = st.lists(
    st.builds(ErroredWorkflow, name=st.sampled_from("pqrs"), samples=st.lists(SAMPLES, max_size=6)),
    max_size=4,
    unique_by=lambda workflow: workflow.name,
)


def sample(error, message, *, step="charge", version="v1", at=1.0):
    return Sample("order-1", at, Fingerprint(error, message, step, version))


@given(WORKFLOWS)
def test_each_sample_is_counted_once_under_its_cause(workflows):
    causes = account_causes(workflows)
    assert sum(cause.count for cause in causes) == sum(len(workflow.samples) for workflow in workflows)
    for cause in causes:
        for name, number in cause.workflows:
            (workflow,) = (item for item in workflows if item.name == name)
            marks = [each.fingerprint for each in workflow.samples]
            assert number == sum((mark.error, mark.message) == (cause.error, cause.message) for mark in marks)
        assert cause.example.at == cause.last or cause.last is None or cause.example.at is None


def test_what_workflows_share_is_one_line_and_the_first():
    lost = [sample("TimeoutError", "<host> timed out", step=step) for step in ("charge", "notify")]
    own = [sample("TypeError", "no id")] * 9
    causes = account_causes(
        [ErroredWorkflow("orders", 2, 2, [lost[0], *own]), ErroredWorkflow("mails", 1, 1, [lost[1]])]
    )
    assert [(cause.error, cause.count) for cause in causes] == [("TimeoutError", 2), ("TypeError", 9)]
    assert causes[0].workflows == (("orders", 1), ("mails", 1))


def test_cause_of_many_errored_goes_before_more_that_were_read():
    lost, closed = [sample("TimeoutError", "<host>")] * 8, [sample("NonRetryableError", "closed")] * 10
    causes = account_causes(
        [ErroredWorkflow("refunds", 21, 21, closed), ErroredWorkflow("orders", 346, 100, lost)]
    )
    assert [cause.error for cause in causes] == ["TimeoutError", "NonRetryableError"]


@pytest.mark.parametrize(
    ("workflows", "over", "sentence"),
    [
        ([ErroredWorkflow("orders", 0)], True, "no instance of 1 workflow is errored"),
        (
            [ErroredWorkflow("orders"), ErroredWorkflow("mails")],
            False,
            "0 causes in 0 of 2 workflows; 0 of 0 errored read so far",
        ),
        (
            [ErroredWorkflow("orders", 1200, 100, [sample("TypeError", "")])],
            True,
            "1 cause in the only workflow; 1 of 1,200 errored read",
        ),
        (
            [ErroredWorkflow(name, 1, 1, [sample("TimeoutError", "x")]) for name in ("orders", "mails")],
            True,
            "1 cause in 2 of 2 workflows; 2 of 2 errored read; orders, mails share TimeoutError: x",
        ),
        (
            [ErroredWorkflow(name, 1, 1, [sample("E", "")]) for name in "abcdef"],
            True,
            "1 cause in 6 of 6 workflows; 6 of 6 errored read; a, b, c and 3 more share E",
        ),
    ],
)
def test_the_sentence_says_what_it_rests_on(workflows, over, sentence):
    assert account_sentence(workflows, account_causes(workflows), over=over) == sentence
