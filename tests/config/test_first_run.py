"""Where a token may come from when it is set up, and what of it may be said."""

import pytest

from wfdash.config.credential_sources import CredentialError
from wfdash.config.first_run import (
    TokenSource,
    guide,
    remember_led,
    source_of,
    was_led,
    with_login,
    with_token,
)
from wfdash.config.settings import Settings

SECRET = "obviously-fake-secret"


def test_a_variable_is_read_and_a_command_is_run():
    environ = {"OPS_TOKEN": SECRET, "PATH": "/usr/bin:/bin"}
    variable = source_of("variable", "OPS_TOKEN")
    command = source_of("command", "printenv 'OPS_TOKEN'")
    assert (variable, command) == (TokenSource("OPS_TOKEN"), TokenSource("", ("printenv", "OPS_TOKEN")))
    for source in (variable, command):
        credential = with_token(Settings(), "default", source, environ).credential
        assert credential.headers_for("https://a.invalid/", origin="https://a.invalid") == {
            "Authorization": f"Bearer {SECRET}"
        }


WRONG = {"variable": ["A B", "2x", "", "z" * 40], "command": ["", "echo 'x", "z" * 40]}


@pytest.mark.parametrize(("kind", "typed"), [(kind, typed) for kind in WRONG for typed in WRONG[kind]])
def test_what_is_no_source_is_refused_without_repeating_it(kind, typed):
    with pytest.raises(CredentialError) as refused:
        source_of(kind, typed)
    assert not typed or typed not in str(refused.value)


def test_a_variable_that_is_not_set_is_told():
    with pytest.raises(CredentialError, match="OPS_TOKEN is not set"):
        with_token(Settings(), "default", TokenSource("OPS_TOKEN"), {})


def test_a_command_that_holds_the_token_is_not_kept():
    with pytest.raises(CredentialError) as refused:
        with_token(Settings(), "default", TokenSource("", ("echo", SECRET)), {"PATH": "/usr/bin:/bin"})
    assert SECRET not in str(refused.value)


def test_it_is_remembered_who_was_led(tmp_path):
    folder = tmp_path / "state"
    assert not was_led(folder)
    remember_led(folder)
    assert was_led(folder)
    (tmp_path / "file").touch()
    remember_led(tmp_path / "file" / "below")


def test_the_steps_name_the_file_and_what_to_set(tmp_path):
    steps = "\n".join(guide(tmp_path / "config.toml"))
    parts = ("CLOUDFLARE_API_TOKEN", "Workers Scripts", "permissionGroupKeys", str(tmp_path), "wfdash setup")
    assert [part for part in parts if part not in steps] == []


def test_a_line_break_in_the_name_of_the_config_begins_no_line(tmp_path):
    steps = guide(tmp_path / "a\nb.toml")
    assert len(steps) == len(guide(tmp_path))
    assert [line for line in steps if "a\nb.toml" in line]


def test_the_login_of_wrangler_goes_to_cloudflare_alone(tmp_path):
    environ = {"HOME": str(tmp_path)}
    with pytest.raises(CredentialError, match="alone"):
        with_login(Settings(base_url="http://127.0.0.1:1/client/v4"), environ)
    with pytest.raises(CredentialError, match="wrangler login"):
        with_login(Settings(), environ)
