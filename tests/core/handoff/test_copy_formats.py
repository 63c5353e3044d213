"""What the copy menu gives can be pasted into a shell or a ticket without surprise."""

import shlex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wfdash.cli.parser import parse
from wfdash.core.handoff.copy_formats import copies
from wfdash.core.model.instance import Instance

HOSTILE = ["--yes", "*/30 * * * *-1786001400000", "a; rm -rf ~", "$(reboot)", "it's", "x|y", "é\x1b[2J"]


def menu(identity, *, workflow="orders", local=False, base_url="https://api.example.test/client/v4/"):
    entries = copies(
        Instance(identity, "errored", created=0.0),
        workflow=workflow,
        account_id="0" * 32,
        base_url=base_url,
        local=local,
    )
    return {entry.name: entry.text for entry in entries}


@pytest.mark.parametrize("identity", HOSTILE)
def test_commands_hand_the_shell_exactly_the_id(identity):
    partner = ["wfdash", "--workflow=orders", f"--instance={identity}"]
    assert shlex.split(menu(identity)["wfdash command"]) == partner
    last = shlex.split(menu(identity)["wrangler command"])[-1]
    assert last == ("--id=--yes" if identity == "--yes" else identity)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(str.strip))
@example("--yes").via("an id that is an option")
@example("-i=x").via("the id's own option")
@example("--").via("what ends the options")
@example("@file").via("what some programs read from a file")
def test_no_id_becomes_an_option_of_a_command(identity):
    entries = menu(identity)
    program, *arguments = shlex.split(entries["wfdash command"])
    parsed = parse(arguments)
    assert (program, parsed.command, parsed.workflow, parsed.instance) == ("wfdash", "", "orders", identity)
    *_, name, target = shlex.split(entries["wrangler command"])
    assert (name, target.removeprefix("--id=")) in {("orders", identity), ("orders", target)}
    assert not target.startswith("-") or target == f"--id={identity}"


def test_a_workflow_that_looks_like_an_option_stays_a_workflow():
    entries = menu("a", workflow="--config=x")
    assert parse(shlex.split(entries["wfdash command"])[1:]).workflow == "--config=x"
    assert "wrangler command" not in entries, "it takes the name in one place alone"


@pytest.mark.parametrize("identity", HOSTILE)
def test_addresses_encode_the_id(identity):
    for name in ("dashboard URL", "curl"):
        assert "*/30" not in menu(identity)[name]
        assert "\x1b" not in menu(identity)[name]


def test_half_a_surrogate_pair_is_addressed_as_it_is_asked_for():
    """An escape in the API's JSON can name one: the menu of such a row must come up all the same."""
    entries = menu("a\ud800")
    assert entries["dashboard URL"].endswith("/instance/a%ED%A0%80")
    assert "/instances/a%ED%A0%80'" in f"{entries['curl']}'"


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
    assert entries["wfdash command"].endswith(" --local 9123")
    assert entries["wrangler command"].endswith(" --local --port 9123")
    entries = menu("a", local=True, base_url="http://127.0.0.1:8787")
    assert entries["wfdash command"].endswith(" --local")


def test_a_markdown_row_stays_one_row():
    row = menu("x|y\n")["Markdown row"]
    assert "\n" not in row
    assert "x\\|y" in row
