"""What the copy menu gives can be pasted into a shell or a ticket without surprise."""

import shlex

import pytest

from wfdash.core.handoff.copy_formats import copies
from wfdash.core.model.instance import Instance

HOSTILE = ["*/30 * * * *-1786001400000", "a; rm -rf ~", "$(reboot)", "it's", "x|y", "é\x1b[2J"]


def menu(identity, *, local=False, base_url="https://api.example.test/client/v4/"):
    entries = copies(
        Instance(identity, "errored", created=0.0),
        workflow="orders",
        account_id="0" * 32,
        base_url=base_url,
        local=local,
    )
    return {entry.name: entry.text for entry in entries}


@pytest.mark.parametrize("identity", HOSTILE)
def test_commands_hand_the_shell_exactly_the_id(identity):
    assert shlex.split(menu(identity)["command for a partner"]) == ["wfdash", "-w", "orders", "-i", identity]
    assert shlex.split(menu(identity)["wrangler command"])[-1] == identity


@pytest.mark.parametrize("identity", HOSTILE)
def test_addresses_encode_the_id(identity):
    for name in ("dashboard URL", "curl"):
        assert "*/30" not in menu(identity)[name]
        assert "\x1b" not in menu(identity)[name]


def test_the_curl_names_the_variable_and_no_credential():
    curl = menu("a")["curl"]
    assert '"Authorization: Bearer $CLOUDFLARE_API_TOKEN"' in curl
    assert f"https://api.example.test/client/v4/accounts/{'0' * 32}/workflows/orders/instances/a" in curl


def test_a_dev_session_has_no_dashboard_and_no_curl():
    entries = menu("a", local=True, base_url="http://127.0.0.1:8787")
    assert "dashboard URL" not in entries
    assert "curl" not in entries
    assert entries["wrangler command"].endswith("--local")


def test_a_dev_session_on_another_port_is_named_by_it():
    entries = menu("a", local=True, base_url="http://127.0.0.1:9123")
    assert entries["command for a partner"].endswith(" --local 9123")
    assert entries["wrangler command"].endswith(" --local --port 9123")
    entries = menu("a", local=True, base_url="http://127.0.0.1:8787")
    assert entries["command for a partner"].endswith(" --local")


def test_a_markdown_row_stays_one_row():
    row = menu("x|y\n")["Markdown row"]
    assert "\n" not in row
    assert "x\\|y" in row
