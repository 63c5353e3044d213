"""What a message repeats, of a variable, an argument or a file, stands in its one line, whatever it holds."""

import unicodedata

import pytest

from tests.support.harness.program import ACCOUNT, TOKEN
from wfdash.cli.main import run

ODD = "a\nb\x1b[2J\r\x9b31m\u2028\u202ec"
"""A line break, an escape, a return, the control sequence in one character, a line separator, a direction."""
NOWHERE = "https://127.0.0.1:9/client/v4"
VARIABLES = {
    "WFDASH_CONFIG": ODD,
    "WFDASH_PROFILE": ODD,
    "CLOUDFLARE_ACCOUNT_ID": ODD,
    "CLOUDFLARE_API_BASE_URL": f"http://{ODD}",
    "CLOUDFLARE_BASE_URL": ODD,
    "CLOUDFLARE_API_TOKEN": ODD,
    "HTTPS_PROXY": f"http://{ODD}",
    "https_proxy": f"gopher\n://{ODD}",
    "ALL_PROXY": ODD,
    "SSL_CERT_FILE": f"/nowhere/{ODD}",
    "SSLKEYLOGFILE": f"/nowhere/{ODD}",
}
ARGUMENTS = (
    [ODD],
    [f"--{ODD}"],
    ["list", f"--{ODD}"],
    ["list", ODD],
    ["list", "--limit", ODD],
    ["list", "--account-id", ODD],
    ["list", "--profile", ODD],
    ["list", "--config", ODD],
    ["list", "--base-url", ODD],
    ["list", f"--local={ODD}"],
    ["list", "--local", f"http://{ODD}"],
    ["list", "--debug", f"/nowhere/{ODD}"],
    ["list", "-i", ODD],
    ["show", "-w", "one", "-w", ODD, "-i", f"https://dash.cloudflare.com/{ODD}"],
    ["show", "-i", f"https://dash.cloudflare.com/{ODD}/workers/workflows/w/instance/i"],
    ["show", "-i", f"https://{ODD}/"],
    ["show", "a", ODD],
    ["tail", "-i", "a", "--until", ODD],
    ["tail", "--interval", ODD],
    ["logs", "a", "--since", ODD],
    ["history", "--since", ODD],
    ["history", "--by", ODD],
    ["history", "--read-details", ODD],
    ["restart", "a", "--yes", "--type", ODD],
    ["send", "a", "--yes", "--type", ODD],
    ["send", "a", "--yes", "--type", "x", "--payload", ODD],
    ["send", "a", "--yes", "--type", "x", "--payload", f"@/nowhere/{ODD}"],
    ["create", "--id", ODD],
    ["create", "--params", f"@{ODD}"],
    ["create", "--batch", ODD],
    ["create", "--success-retention", ODD],
    ["create", "--location-hint", ODD],
    ["redrive", "--plan", ODD],
    ["redrive", "--within", ODD, "a"],
    ["record", "--out", f"/nowhere/{ODD}/x"],
    ["record", "--for", ODD],
    ["record", "--metrics", ODD],
    ["record", "--on-change", f"'{ODD}'"],
    ["record", "--on-change", f"'{ODD}"],
    ["completion", ODD],
    ["demo", "--scenario", ODD],
    ["demo", "--serve", ODD],
    ["demo", "--serve", "0", "--fault", ODD],
    ["demo", "--serve", "0", "--fault", f"500:{ODD}"],
    ["demo", "--serve", "0", "--fault", f"500@({ODD}"],
)
KEY = '"a\\nb\\u001b[2J"'
"""As TOML writes such a key or text."""
CONFIGS = (
    f"{KEY} = 1",
    f"[{KEY}]\nx = 1",
    f"profile = {KEY}",
    f"[profiles.{KEY}]\nx = 1",
    f"[profiles.{KEY}]\naccount_id = 1",
    f"[profiles.{KEY}]\ntoken_env = 'A'\ntoken_command = ['b']",
    f"profile = {KEY}\n[profiles.{KEY}]\naccount_id = {KEY}",
    f"profile = {KEY}\n[profiles.{KEY}]\nbase_url = {KEY}",
    f"profile = {KEY}\n[profiles.{KEY}]\nlocal = {KEY}",
    f"[retention]\n{KEY} = {KEY}",
    f"[display]\ntheme = {KEY}",
    f"[display]\ncolumns = [{KEY}]",
    f"[[views]]\nname = {KEY}\nkey = 'x'",
    f'[[views]]\nname = {KEY}\nfilter = {KEY[:-1]} nothing:x"',
    f"[keys]\n{KEY} = 'x'",
    f"[keys]\n'instance.pause' = {KEY}",
    f"[[commands]]\nname = {KEY}\nkey = {KEY}\nrun = ['a']",
    f"[[commands]]\nname = {KEY}\nkey = 'b'\nrun = ['a', '{{b}}']",
    f"[[commands]]\nname = {KEY}\nkey = 'b'\nrun = ['a', {KEY[:-1]}{{id}}\"]",
    f"[[hooks]]\non = {KEY}\nrun = [{KEY}]\n[[hooks]]\non = {KEY}x:{KEY}\nrun = []",
    f"x = {KEY[:-1]}",
    "\x01 = 1",
)


@pytest.fixture
def _apart(tmp_path, monkeypatch):
    """Nothing of the environment counts but what a test sets, and nothing is reached."""
    monkeypatch.chdir(tmp_path)
    for name in ("WFDASH_PROFILE", "WFDASH_CONFIG", "CLOUDFLARE_API_BASE_URL", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", TOKEN)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", NOWHERE)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What stands on stderr, of which each line is one that a terminal draws as it is."""
    assert run(arguments) in (2, 3)
    out, words = capsys.readouterr()
    assert out == ""
    odd = [sign for sign in words if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") and sign != "\n"]
    assert (odd, "Traceback" in words) == ([], False), words
    return words


@pytest.mark.usefixtures("_apart")
@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_is_told_in_one_line(capsys, monkeypatch, variable):
    monkeypatch.setenv(variable, VARIABLES[variable])
    words = said(capsys, "list", "-w", "orders")
    assert words.count("\n") == 1, words


@pytest.mark.usefixtures("_apart")
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=lambda words: " ".join(words).replace(ODD, "ODD"))
def test_an_argument_is_told_in_one_line(capsys, arguments):
    words = said(capsys, *arguments)
    assert words.count("\n") == 1, words


@pytest.mark.usefixtures("_apart")
@pytest.mark.parametrize("config", CONFIGS)
def test_what_a_config_holds_is_told_in_one_line(capsys, monkeypatch, tmp_path, config):
    if config.startswith("profile"):
        monkeypatch.setenv("WFDASH_PROFILE", "a\nb\x1b[2J")  # or the variables would go before it
        monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID")
    path = tmp_path / "c.toml"
    path.write_text(config)
    path.chmod(0o600)
    words = said(capsys, "list", "--config", str(path), "-w", "orders")
    assert words.count("\n") == 1, words


@pytest.mark.usefixtures("_apart")
def test_a_filter_of_two_lines_keeps_its_caret(capsys):
    words = said(capsys, "list", "--filter", "order\n日本 age>\x1bx")
    assert words.split("\n")[1:] == ["  order␊日本 age>␛x", "                 ^", ""]
