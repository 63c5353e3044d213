"""Keys pressed before the workflows have come, and while modules are loaded: no page is left with none."""

import pytest

NONE = "no workflow is chosen"


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        (b"E", ("COUNT", "SHARE", "errored · as of")),
        (b"EH", ("FAILED ", "ENDED ", "created,")),
        (b"HxEawH", ("FAILED ", "ENDED ", "created,")),
    ],
)
def test_page_opened_early_takes_the_first_workflow(terminal, keys, shown):
    shell = terminal("demo", "--scenario", "incident", columns=80, lines=24, cold=True)
    shell.wait_for("DEMO")
    shell.send(keys)
    shell.wait_for(*shown)
    assert NONE not in shell.screen.text


def test_list_of_workflows_comes_back_under_an_early_page(terminal):
    shell = terminal("demo", "--scenario", "incident", columns=80, lines=24, cold=True)
    shell.wait_for("DEMO")
    shell.send(b"?")
    shell.wait_for("Keys")
    shell.press("escape")
    shell.wait_for("WORKFLOW", "FAILED", "orders")
