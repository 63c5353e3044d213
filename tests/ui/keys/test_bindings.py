"""A key is bound by its record alone: the class of its scope has the method and no list of keys."""

import pytest

from wfdash.keymap.actions import ACTIONS
from wfdash.ui.app import WfdashApp
from wfdash.ui.instances.list_keys import ListKeys
from wfdash.ui.keys.bindings import bindings


@pytest.mark.parametrize(("scope", "bound"), [("app", WfdashApp), ("list", ListKeys)])
def test_scope_binds_its_keys_and_has_a_method_for_each(scope, bound):
    ours = {action.id for action in ACTIONS if action.scope == scope}
    ours -= {action.id for action in ACTIONS if action.by_page or action.dangerous}
    assert ours <= {binding.id for binding in bound.BINDINGS}
    for binding in bound.BINDINGS:
        method = f"action_{binding.action.partition('(')[0]}"
        assert hasattr(bound, method), f"{binding.id} needs {method}"


def test_bindings_of_a_scope_leave_out_what_pages_bind():
    here = {binding.id for binding in bindings(scope="app")}
    assert here.isdisjoint({"row.open", "pane.next", "instance.create"})
    assert {binding.id for binding in bindings("row.open", scope="app")} == here | {"row.open"}
