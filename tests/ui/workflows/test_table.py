"""The table of workflows: what it works out again and what it does not."""

from tests.support.harness.work import instructions
from wfdash.core.history.count_history import Trends
from wfdash.core.model.workflow import Workflow
from wfdash.ui.workflows.table import WorkflowTable


def test_names_are_measured_once_and_not_with_each_answer(monkeypatch):
    """2,000 names full of marks held the keys for 60 ms every few seconds."""
    table = WorkflowTable(clock=lambda: 0.0)
    monkeypatch.setattr(table, "rows_changed", lambda **_: None)  # it is on no screen
    workflows = [Workflow(f"w{n}" + "e\u0301" * 100) for n in range(200)]
    first = instructions(lambda: table.fill(workflows, Trends()))
    assert instructions(lambda: table.fill([*workflows], Trends())) < first / 3
    widest = table._longest
    table.fill([*workflows, Workflow("x" * 150)], Trends())
    assert (widest, table._longest) == (102, 150)
    table.fill([Workflow("short")], Trends())
    assert table._longest == 5
