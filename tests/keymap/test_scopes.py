"""Where a key is live is said once."""

from wfdash.keymap.actions import ACTIONS
from wfdash.keymap.scopes import SCOPES


def test_every_action_is_live_somewhere():
    assert {action.scope for action in ACTIONS} == set(SCOPES)


def test_scopes_meet_each_other():
    for name, scope in SCOPES.items():
        assert all(name in SCOPES[other].meets for other in scope.meets), name


def test_only_what_every_table_takes_is_said_to_work_in_a_table():
    moves = {action.id for action in ACTIONS if SCOPES[action.scope].works_in == "a table"}
    assert moves == {action.id for action in ACTIONS if action.id.startswith("move.")}
