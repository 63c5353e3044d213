"""Which of option, profile, environment, wrangler's login and default wins, and what is refused."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wfdash.config.precedence import load
from wfdash.config.settings import CLOUDFLARE, NoCredentials, Options, SettingsError
from wfdash.core.model.times import iso

A, B, C = "a" * 32, "b" * 32, "c" * 32
TOKEN = "obviously-fake-token-0xDEADBEEF"
CONFIG = f"""
profile = "acme"
[profiles.acme]
account_id = "{A}"
workflow = "orders"
base_url = "https://acme.example/client/v4/"
token_env = "ACME_TOKEN"
production = true
colour = "red"
[profiles.test]
account_id = "{B}"
read_only = true
[profiles.bare]
[profiles.dev]
local = 8799
"""


@pytest.fixture
def ask(tmp_path):
    """`ask(environ, option=...)` loads with the config above; the environment is exactly what is given."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    path.chmod(0o600)

    def load_with(environ=None, config=CONFIG, **options):
        path.write_text(config)
        given = {"HOME": str(tmp_path), "WFDASH_CONFIG": str(path)} | (environ or {})
        return load(Options(**options), given)

    return load_with


def bearer(settings, url=""):
    headers = settings.credential.headers_for(url or settings.base_url, origin=settings.base_url)
    return headers.get("Authorization", "").removeprefix("Bearer ")


def test_nothing_set_is_cloudflare_with_a_token(ask):
    settings = ask({"CLOUDFLARE_API_TOKEN": TOKEN}, config="")
    assert (settings.base_url, settings.account_id, settings.local) == (CLOUDFLARE, "", False)
    assert bearer(settings) == TOKEN
    assert (settings.interval, settings.share, settings.theme) == (3.0, 0.5, "ansi-dark")


def test_a_view_without_a_key_takes_the_next_free_one(ask):
    views = [{"name": name, "key": key} for name, key in (("a", ""), ("b", "1"), ("c", ""), ("d", "3"))]
    text = "".join(f'[[views]]\nname = "{each["name"]}"\nkey = "{each["key"]}"\n' for each in views)
    settings = ask({"CLOUDFLARE_API_TOKEN": TOKEN}, config=text)
    assert [(view.name, view.key) for view in settings.views] == [
        ("a", "2"), ("b", "1"), ("c", "4"), ("d", "3"),
    ]  # fmt: skip


def test_a_home_that_is_no_folder_holds_no_config(tmp_path, monkeypatch):
    home = tmp_path / "file"
    home.write_text("")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    assert load(Options(), {"CLOUDFLARE_API_TOKEN": TOKEN, "HOME": str(home)}).base_url == CLOUDFLARE


def test_the_token_wins_over_the_key_and_both_are_never_used(ask):
    both = {"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_API_KEY": "fake-key", "CLOUDFLARE_EMAIL": "a@b.c"}
    assert set(headers(ask(both, config=""))) == {"Authorization"}
    del both["CLOUDFLARE_API_TOKEN"]
    assert headers(ask(both, config="")) == {"X-Auth-Key": "fake-key", "X-Auth-Email": "a@b.c"}


def headers(settings):
    return settings.credential.headers_for(settings.base_url + "/x", origin=settings.base_url)


def test_the_default_profile_comes_after_the_environment(ask):
    settings = ask({"ACME_TOKEN": TOKEN})
    assert (settings.profile_name, settings.account_id, settings.workflow) == ("acme", A, "orders")
    assert settings.base_url == "https://acme.example/client/v4"
    assert bearer(settings) == TOKEN
    assert settings.production
    assert settings.sources["account"] == "profile acme"

    settings = ask({"CLOUDFLARE_API_TOKEN": "fake-env", "CLOUDFLARE_ACCOUNT_ID": C})
    assert (settings.account_id, bearer(settings)) == (C, "fake-env")
    assert (settings.profile_name, settings.workflow, settings.colour) == ("", "", "")
    assert not settings.production, "production follows the account in use"
    assert settings.is_production(A)


def test_named_profile_goes_before_the_environment_as_a_unit(ask):
    environ = {
        "ACME_TOKEN": TOKEN,
        "CLOUDFLARE_API_TOKEN": "fake-env",
        "CLOUDFLARE_API_BASE_URL": "http://127.0.0.1:1/client/v4",
    }
    for named in ({"profile": "acme"}, {"environ": environ | {"WFDASH_PROFILE": "acme"}}):
        settings = ask(**({"environ": environ} | named))
        assert (settings.account_id, bearer(settings)) == (A, TOKEN)
        assert settings.base_url == "https://acme.example/client/v4"
        assert settings.production


def test_profile_token_never_goes_to_the_environments_base_url(ask):
    config = CONFIG.replace('base_url = "https://acme.example/client/v4/"\n', "")
    environ = {"ACME_TOKEN": TOKEN, "CLOUDFLARE_API_BASE_URL": "https://elsewhere.example/v4"}
    assert ask(environ, config=config, profile="acme").base_url == CLOUDFLARE
    with pytest.raises(NoCredentials):
        ask(environ, config=config)


def test_named_profile_without_one_takes_the_environments_token(ask):
    environ = {"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_ACCOUNT_ID": B}
    settings = ask(environ, profile="test")
    assert (settings.account_id, bearer(settings), settings.read_only) == (B, TOKEN, True)


def test_environment_account_other_than_the_profiles_is_refused(ask):
    environ = {"ACME_TOKEN": TOKEN, "CLOUDFLARE_ACCOUNT_ID": C}
    with pytest.raises(SettingsError, match=f"acme is account {A}, but CLOUDFLARE_ACCOUNT_ID says {C}") as no:
        ask(environ, profile="acme")
    assert no.value.exit_code == 2
    assert ask(environ, profile="acme", account_id=B).account_id == B
    assert ask(environ | {"CLOUDFLARE_ACCOUNT_ID": A}, profile="acme").account_id == A


def test_options_come_first(ask):
    settings = ask(
        {"ACME_TOKEN": TOKEN},
        profile="acme",
        account_id=C,
        base_url="http://localhost:1/v4",
        workflow="w",
        interval=9.0,
        ascii=True,
        mouse=True,
        read_only=True,
    )
    assert (settings.account_id, settings.base_url, settings.workflow) == (C, "http://localhost:1/v4", "w")
    assert (settings.interval, settings.ascii, settings.mouse, settings.read_only) == (9.0, True, True, True)
    assert not settings.production


def test_production_follows_an_account_that_came_another_way(ask):
    assert ask({"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_ACCOUNT_ID": A}).production
    assert ask({"CLOUDFLARE_API_TOKEN": TOKEN}, account_id=A).production
    assert not ask({"CLOUDFLARE_API_TOKEN": TOKEN}, account_id=B).production


def test_wranglers_base_url_goes_before_the_sdks(ask):
    environ = {
        "CLOUDFLARE_API_TOKEN": TOKEN,
        "CLOUDFLARE_BASE_URL": "https://sdk.example/v4",
        "CLOUDFLARE_API_BASE_URL": "https://wrangler.example/v4/",
    }
    assert ask(environ, config="").base_url == "https://wrangler.example/v4"
    del environ["CLOUDFLARE_API_BASE_URL"]
    assert ask(environ, config="").base_url == "https://sdk.example/v4"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://api.example/v4", "plain http:// is for this machine alone"),
        ("http://localhost.example/v4", "plain http://"),
        ("http://10.0.0.1/v4", "plain http://"),
        ("ftp://api.example", "not an https://"),
        ("api.example/v4", "not an https://"),
        ("https://", "not an https://"),
        ("https://[::1", "not an https://"),
        ("https://host:port/", "not an https://"),
        ("https://me:sesame@api.example/v4", "leave user and password out"),
        ("https://api.example/v4?x=1", "not an https://"),
    ],
)
def test_a_base_url_that_no_token_may_go_to(ask, url, words):
    with pytest.raises(SettingsError, match=words) as refused:
        ask({"CLOUDFLARE_API_TOKEN": TOKEN}, base_url=url)
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_plain_http_to_this_machine_is_fine(ask, host):
    assert ask({"CLOUDFLARE_API_TOKEN": TOKEN}, base_url=f"http://{host}:1/v4").base_url


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", "http://127.0.0.1:8787"),
        ("9000", "http://127.0.0.1:9000"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("http://localhost", "http://localhost:80"),
        ("http://[::1]:9000/", "http://[::1]:9000"),
    ],
)
def test_local_takes_a_port_or_an_address_and_no_credential(ask, given, url):
    settings = ask({"CLOUDFLARE_API_TOKEN": TOKEN}, local=given)
    assert (settings.base_url, settings.local, settings.credential, settings.account_id) == (
        url,
        True,
        None,
        "",
    )


@pytest.mark.parametrize(
    "given",
    [
        "0",
        "99999",
        "http://[::1",
        "http://example.com:8787",
        "https://localhost:8787",
        "http://localhost:1/x",
    ],
)
def test_local_is_this_machine(ask, given):
    with pytest.raises(SettingsError, match="--local"):
        ask(local=given)


def test_a_profile_can_be_a_dev_session(ask):
    assert ask(profile="dev").base_url == "http://127.0.0.1:8799"
    named_wins = ask({"CLOUDFLARE_API_TOKEN": TOKEN}, profile="dev")
    assert named_wins.local
    default = CONFIG.replace('profile = "acme"', 'profile = "dev"')
    assert ask(config=default).local
    assert not ask({"CLOUDFLARE_API_TOKEN": TOKEN}, config=default).local


def test_an_unknown_profile_names_the_nearest(ask):
    with pytest.raises(SettingsError, match=r'no profile "acne" \(--profile\); the nearest one is "acme"'):
        ask(profile="acne")
    with pytest.raises(SettingsError, match="WFDASH_PROFILE"):
        ask({"WFDASH_PROFILE": "acne"})
    with pytest.raises(SettingsError, match="the config has none"):
        ask(profile="acme", config="")


def test_no_credentials_say_what_to_set(ask):
    with pytest.raises(NoCredentials, match="Set CLOUDFLARE_API_TOKEN") as none:
        ask(config="")
    assert none.value.exit_code == 3
    with pytest.raises(NoCredentials, match="CLOUDFLARE_EMAIL, which it needs, is not"):
        ask({"CLOUDFLARE_API_KEY": "fake"}, config="")
    with pytest.raises(NoCredentials, match="from ACME_TOKEN, which is not set"):
        ask(profile="acme")


@pytest.mark.parametrize("token", [f"{TOKEN}\r\nX: y", f"{TOKEN} x", f"{TOKEN}\x00", f"{TOKEN}é"])
def test_a_token_that_no_header_can_hold_is_refused_unseen(ask, token):
    with pytest.raises(NoCredentials, match="characters that no token has") as refused:
        ask({"CLOUDFLARE_API_TOKEN": token}, config="")
    assert "DEADBEEF" not in str(refused.value)


def test_a_trailing_newline_is_no_part_of_a_token(ask):
    assert bearer(ask({"CLOUDFLARE_API_TOKEN": TOKEN + "\n"}, config="")) == TOKEN


def test_an_account_id_cannot_change_the_address(ask):
    with pytest.raises(SettingsError, match="is not an account id"):
        ask({"CLOUDFLARE_API_TOKEN": TOKEN}, account_id="../user")


def command(*lines):
    code = "; ".join(lines)
    return f'[profiles.x]\ntoken_command = [{sys.executable!r}, "-c", {code!r}]\n'


def test_token_command_runs_without_a_shell_or_secrets(ask):
    config = command("import os", "print('clean' * (not set(os.environ.values()) & {'k', 'o'}) + '$HOME')")
    config = config.replace("import os", f"import os; assert {TOKEN!r} not in os.environ.values()")
    config += '[profiles.other]\ntoken_env = "OTHER"\n'
    environ = {"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_API_KEY": "k", "OTHER": "o"}
    settings = ask(environ, config=config, profile="x")
    assert bearer(settings) == "clean$HOME"
    assert settings.credential.source == "the token_command of profile x"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("print('t'); raise SystemExit(3)",), "ended with status 3"),
        (("print()",), "printed nothing"),
        (("print('two words')",), "characters that no token has"),
    ],
)
def test_a_token_command_that_fails(ask, lines, words):
    with pytest.raises(NoCredentials, match=words):
        ask(config=command(*lines), profile="x")
    with pytest.raises(NoCredentials, match="could not be run: No such file"):
        ask(config='[profiles.x]\ntoken_command = ["/nowhere/at-all"]', profile="x")


def test_a_token_command_that_hangs_is_given_up(ask, monkeypatch):
    monkeypatch.setattr("wfdash.config.credential_sources.COMMAND_SECONDS", 0.2)
    with pytest.raises(NoCredentials, match="had not ended"):
        ask(config=command("import signal", "print('t', flush=True)", "signal.pause()"), profile="x")


@pytest.fixture
def login(tmp_path):
    """Writes wrangler's login file as wrangler does."""

    def write(seconds=3600.0, folder=".config/.wrangler", **more):
        lines = {"oauth_token": TOKEN, "expiration_time": iso(time.time() + seconds)} | more
        path = tmp_path / folder / "config" / "default.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f'{key} = "{value}"\n' for key, value in lines.items() if value))
        return path

    return write


@pytest.mark.parametrize("folder", [".config/.wrangler", ".wrangler"])
@pytest.mark.skipif(sys.platform != "linux", reason="the folder of another platform")
def test_wranglers_login_comes_last_and_is_only_read(ask, login, folder):
    path = login(folder=folder)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    settings = ask(config="")
    assert bearer(settings) == TOKEN
    assert settings.credential.source.startswith("wrangler's login")
    assert bearer(ask({"CLOUDFLARE_API_TOKEN": "fake-env"}, config="")) == "fake-env"
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.skipif(sys.platform != "linux", reason="the folder of another platform")
def test_wranglers_login_goes_to_cloudflare_alone(ask, login):
    login()
    for options in ({"base_url": "https://elsewhere.example/v4"}, {"base_url": "http://127.0.0.1:1/v4"}):
        with pytest.raises(NoCredentials, match=r"api\.cloudflare\.com alone"):
            ask(config="", **options)


@pytest.mark.skipif(sys.platform != "linux", reason="the folder of another platform")
def test_a_login_that_cannot_be_used_says_why(ask, login):
    path = login(seconds=-1)
    with pytest.raises(NoCredentials, match="has expired: run `wrangler whoami`"):
        ask(config="")
    login(expiration_time="")
    with pytest.raises(NoCredentials, match="has expired"):
        ask(config="")
    path.write_text("not toml at all")
    with pytest.raises(NoCredentials, match="could not be read"):
        ask(config="")
    path.unlink()
    path.with_suffix(".enc").write_bytes(b"sealed")
    with pytest.raises(NoCredentials, match="system keyring"):
        ask(config="")


@pytest.mark.skipif(sys.platform != "linux", reason="the folder of another platform")
def test_a_login_that_wrangler_renewed_is_taken_up(ask, login):
    login()
    settings = ask(config="")
    assert not settings.credential.renew()
    login(oauth_token="fake-renewed")
    assert settings.credential.renew()
    assert bearer(settings) == "fake-renewed"


def test_the_demo_leaves_everybodys_credentials_alone(ask):
    environ = {"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_ACCOUNT_ID": A, "WFDASH_PROFILE": "nonsense"}
    settings = ask(environ, demo="calm", demo_account="d" * 32, demo_token="demo-token")
    assert (settings.demo, settings.account_id, settings.profile_name) == ("calm", "d" * 32, "")
    assert bearer(settings) == "demo-token"
    assert not settings.production


def test_a_credential_goes_to_its_origin_alone(ask):
    settings = ask({"CLOUDFLARE_API_TOKEN": TOKEN}, config="")
    for url in (
        "https://api.cloudflare.com.evil.example/client/v4",
        "http://api.cloudflare.com/client/v4",
        "https://api.cloudflare.com:8443/client/v4",
        "https://evil.example/https://api.cloudflare.com",
    ):
        assert bearer(settings, url) == ""
    assert bearer(settings, "https://API.cloudflare.com:443/else") == TOKEN


def test_a_debug_file_is_made_private_or_refused(ask, tmp_path):
    settings = ask({"CLOUDFLARE_API_TOKEN": TOKEN}, debug=str(tmp_path / "log"))
    assert settings.debug == tmp_path / "log"
    assert os.name != "posix" or (tmp_path / "log").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingsError, match="cannot be written"):
        ask({"CLOUDFLARE_API_TOKEN": TOKEN}, debug=str(tmp_path / "nowhere" / "log"))


@pytest.mark.parametrize("interval", [0.0, 301.0, float("nan")])
def test_an_interval_has_bounds(ask, interval):
    with pytest.raises(SettingsError, match="1 to 300"):
        ask({"CLOUDFLARE_API_TOKEN": TOKEN}, interval=interval)


def test_the_platforms_folder_is_looked_into(monkeypatch, tmp_path):
    from platformdirs import user_config_path

    folder = Path(user_config_path("wfdash", appauthor=False))
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[poll]\ninterval = 7\n")
    assert load(Options(local=""), {}).interval == 7


def test_settings_without_a_config_load_nothing_heavy():
    code = """
import subprocess
import sys
from wfdash.config.precedence import load
from wfdash.config.settings import Options
load(Options(local=""), {})
loaded = {name.split(".")[0] for name, module in sys.modules.items() if getattr(module, "__spec__", None)}
heavy = {"httpx", "pydantic", "textual", "rich", "tomlkit", "asyncio"} & loaded
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
