"""Read-only and production belong to an account: no file, URL, variable or option takes them off it."""

import itertools

import pytest

from wfdash.config.precedence import load
from wfdash.config.settings import ForeignAccount, Link, Options, Settings, SettingsError

A, B, C = "a" * 32, "b" * 32, "c" * 32
TOKEN = "obviously-fake-token-0xDEADBEEF"
GUARDED = f"""
profile = "prod"
[profiles.prod]
account_id = "{A}"
production = true
read_only = true
[profiles.test]
account_id = "{B}"
"""


@pytest.fixture
def ask(tmp_path):
    path = tmp_path / "config.toml"

    def load_with(environ=None, config=GUARDED, **options):
        path.write_text(config)
        path.chmod(0o600)
        given = {"HOME": str(tmp_path), "WFDASH_CONFIG": str(path), "CLOUDFLARE_API_TOKEN": TOKEN}
        return load(Options(**options), given | (environ or {}))

    return load_with


@pytest.mark.parametrize("ours", [A, A.upper()])
@pytest.mark.parametrize("way", ["environment", "option", "link", "profile"])
def test_an_account_is_guarded_whichever_way_it_came(ask, ours, way):
    other = GUARDED.replace('profile = "prod"\n', "")
    environ, options = {}, {}
    if way == "environment":
        environ = {"CLOUDFLARE_ACCOUNT_ID": ours}
    elif way == "option":
        options = {"account_id": ours}
    elif way == "link":
        options = {"link": Link(ours, "-i")}
    else:
        options = {"profile": "prod"}
    settings = ask(environ, config=other, **options)
    assert (settings.read_only, settings.production) == (True, True)


def test_an_account_found_later_has_its_guards(ask):
    settings = ask(config=GUARDED.replace('profile = "prod"\n', ""))
    assert (settings.account_id, settings.read_only) == ("", False)
    assert settings.is_read_only(A)
    found = settings.of_account(A)
    assert (found.account_id, found.read_only, found.production) == (A, True, True)
    free = settings.of_account(B)
    assert (free.read_only, free.production) == (False, False)
    assert found.of_account(B).read_only, "what is read-only stays so"


def test_only_a_profile_lifts_the_read_only_of_the_one_in_force(ask):
    assert ask({"CLOUDFLARE_ACCOUNT_ID": C}).read_only
    assert ask(account_id=C).read_only
    assert not ask({"CLOUDFLARE_ACCOUNT_ID": B}).read_only
    assert not ask(account_id=B).read_only
    assert ask(account_id=B, profile="prod").read_only


def test_a_profile_speaks_for_its_own_account(ask):
    twice = GUARDED + f'[profiles.ops]\naccount_id = "{A}"\n[profiles.nobody]\n'
    assert not ask(config=twice, profile="ops").read_only
    assert ask(config=twice, profile="ops").production
    assert ask({"CLOUDFLARE_ACCOUNT_ID": A}, config=twice, profile="nobody").read_only


@pytest.mark.parametrize(
    ("environ", "options", "words"),
    [
        ({}, {}, f"profile prod is account {A}"),
        ({"CLOUDFLARE_ACCOUNT_ID": B}, {}, f"CLOUDFLARE_ACCOUNT_ID is account {B}"),
        ({}, {"local": "8787"}, "--local is a dev session"),
    ],
)
def test_a_link_to_another_account_is_refused_naming_both(ask, environ, options, words):
    with pytest.raises(ForeignAccount) as refused:
        ask(environ, link=Link(C, "shift.jsonl"), **options)
    assert refused.value.exit_code == 2
    assert f"shift.jsonl is of account {C}, {words}" in str(refused.value)
    assert f"--account-id {C} goes there" in str(refused.value)
    assert refused.value.profile == ""


def test_a_link_names_the_profile_of_its_account(ask):
    with pytest.raises(ForeignAccount) as refused:
        ask(link=Link(B, "-i"))
    assert refused.value.profile == "test"
    assert "--profile test goes there" in str(refused.value)


def test_a_dev_session_of_a_profile_keeps_what_the_profile_says(ask):
    config = f'profile = "dev"\n[profiles.dev]\nlocal = true\naccount_id = "{A}"\nread_only = true\n'
    settings = load_without_cloud(ask, config)
    assert (settings.local, settings.read_only, settings.profile_name) == (True, True, "dev")


def load_without_cloud(ask, config):
    return ask({"CLOUDFLARE_API_TOKEN": ""}, config=config)


def loaded(ask, *arguments, **options):
    """The settings, or None where the combination is refused."""
    try:
        return ask(*arguments, **options)
    except SettingsError:
        return None


def test_nothing_but_a_profile_takes_a_guard_off(ask):
    """Every combination of where an account comes from, against what all profiles say of that account."""
    tried = 0
    says = ["", "read_only = true\n", "production = true\n", "read_only = true\nproduction = true\n"]
    ids = ["", A, B, A.upper()]
    for first, second, chosen in itertools.product(says, says, ["", "one", "two"]):
        default = f'profile = "{chosen}"\n' if chosen else ""
        config = f'{default}[profiles.one]\naccount_id = "{A}"\n{first}'
        config += f'[profiles.two]\naccount_id = "{B}"\n{second}'
        for theirs, option, link in itertools.product(ids, ids, ids):
            environ = {"CLOUDFLARE_ACCOUNT_ID": theirs} if theirs else {}
            given = {"account_id": option, "link": Link(link, "-i") if link else None}
            settings = loaded(ask, environ, config=config, **given)
            if settings is None or not settings.account_id:
                continue
            tried += 1
            said = {A: first, B: second}[settings.account_id.lower()]
            assert settings.read_only == ("read_only" in said), (config, environ, given)
            assert settings.production == ("production" in said), (config, environ, given)
            assert isinstance(settings, Settings)
            if link:
                assert settings.account_id.lower() == link.lower()
    assert tried > 1000
