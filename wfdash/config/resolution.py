"""Who wins for profile, server, account and credential: the settings that decide where requests go."""

import re
from collections.abc import Mapping
from difflib import get_close_matches

from msgspec import Struct, field

from wfdash.config.addresses import base_url, local_url
from wfdash.config.credential import Credential, origin_of
from wfdash.config.schema import Config, Profile
from wfdash.config.settings import CLOUDFLARE, NoCredentials, Options, SettingsError

__all__ = ["Resolution", "account_id", "choose_profile", "credential", "server"]

_PROFILE_ENV = "WFDASH_PROFILE"
_ACCOUNT_ENV = "CLOUDFLARE_ACCOUNT_ID"
_BASE_ENVS = ("CLOUDFLARE_API_BASE_URL", "CLOUDFLARE_BASE_URL")
_CLOUD_ENVS = (_ACCOUNT_ENV, *_BASE_ENVS, "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY")


class Resolution(Struct):
    """One run's inputs, and what has been decided so far."""

    options: Options
    environ: Mapping[str, str]
    config: Config
    name: str = ""
    """The profile's name, "" for none."""
    profile: Profile = field(default_factory=Profile)
    named: bool = False
    """Chosen by --profile or WFDASH_PROFILE, so it goes before the environment."""
    sources: dict[str, str] = field(default_factory=dict)

    def pick(self, setting: str, *candidates: tuple[str, str]) -> str:
        """The first value that is not "", its source noted."""
        for value, source in candidates:
            if value:
                self.sources[setting] = source
                return value
        self.sources[setting] = "default"
        return ""


def choose_profile(case: Resolution) -> None:
    """Fills in the profile; an unknown name is an error that tells the known ones. A new one has none."""
    if case.options.setup:
        return
    named, environ = case.options.profile, case.environ.get(_PROFILE_ENV, "")
    case.named = bool(named or environ)
    case.name = case.pick(
        "profile", (named, "--profile"), (environ, _PROFILE_ENV), (case.config.profile, "config")
    )
    if not case.name:
        return
    if case.name not in case.config.profiles:
        similar = get_close_matches(case.name, list(case.config.profiles), n=1, cutoff=0.0)
        hint = f'the nearest one is "{similar[0]}"' if similar else "the config has none"
        raise SettingsError(f'There is no profile "{case.name}" ({case.sources["profile"]}); {hint}.')
    case.profile = case.config.profiles[case.name]


def server(case: Resolution) -> tuple[str, bool]:
    """The base URL, and whether it is a dev session's."""
    options, profile = case.options, case.profile
    if options.local is not None and options.base_url:
        raise SettingsError("--local and --base-url exclude each other.")
    if options.local is not None:
        case.sources["base URL"] = "--local"
        return local_url(options.local, "--local"), True
    # Whoever names an account or a server on the command line means the cloud, whatever the
    # default profile says.
    cloud_asked = bool(options.base_url or options.account_id)
    cloud_set = any(case.environ.get(name) for name in _CLOUD_ENVS)
    if profile.local is not False and not cloud_asked and (case.named or not cloud_set):
        case.sources["base URL"] = f"profile {case.name}"
        return local_url("" if profile.local is True else str(profile.local), f"profile {case.name}"), True
    # A named profile's own token goes to the profile's own server: a variable left over in the shell must
    # not send it elsewhere.
    own = bool(profile.token_env or profile.token_command)
    first = [(options.base_url, "--base-url")]
    theirs = [] if case.named and own else [(case.environ.get(name, ""), name) for name in _BASE_ENVS]
    mine = [(profile.base_url, f"profile {case.name}")]
    order = first + (mine + theirs if case.named else theirs + mine)
    found = case.pick("base URL", *order)
    return (base_url(found, case.sources["base URL"]) if found else CLOUDFLARE), False


def account_id(case: Resolution) -> str:
    """The account id, or "" to take the only one there is."""
    theirs, mine = case.environ.get(_ACCOUNT_ENV, "").strip(), case.profile.account_id
    source = f"profile {case.name}"
    if case.named and theirs and mine and theirs != mine and not case.options.account_id:
        raise SettingsError(
            f"Profile {case.name} is account {mine}, but {_ACCOUNT_ENV} says {theirs}: unset it, or "
            "leave out the profile."
        )
    order = [(mine, source), (theirs, _ACCOUNT_ENV)]
    found = case.pick(
        "account",
        (case.options.account_id, "--account-id"),
        *(order if case.named else reversed(order)),
    )
    if found and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", found):
        raise SettingsError(
            f'{case.sources["account"]}: "{found[:64]}" is not an account id (32 hex digits).'
        )
    return found


def credential(case: Resolution, base: str) -> Credential | None:
    """Finds the credential for this base URL.

    None, the reason as its source, where setup is yet to find one.
    """
    try:
        return _found_credential(case, base)
    except NoCredentials as none:
        if not case.options.setup:
            raise
        case.sources["credential"] = str(none)
        return None


def _found_credential(case: Resolution, base: str) -> Credential:
    """Raises NoCredentials with what to set."""
    from wfdash.config import credential_sources as sources

    reason = ""
    theirs = {profile.token_env for profile in case.config.profiles.values()}

    def own() -> Credential | None:
        return sources.from_profile(case.name, case.profile, case.environ, secrets=theirs)

    try:
        found = own() if case.named else None
        found = found or sources.from_environment(case.environ)
        # The default profile's token is for its own server, not for one that a variable names.
        if found is None and not case.named and case.sources["base URL"] not in _BASE_ENVS:
            found = own()
        if found is None:
            # wrangler's login may do all that the person may: no other server is given it.
            if origin_of(base) == origin_of(CLOUDFLARE):
                found, reason = sources.from_wrangler(case.environ)
            else:
                reason = f"wrangler's login is sent to api.cloudflare.com alone, not to {origin_of(base)}."
    except sources.CredentialError as error:
        raise NoCredentials(str(error)) from None
    if found is None:
        raise NoCredentials(f"No credentials. {reason + ' ' if reason else ''}{sources.HOW_TO}")
    case.sources["credential"] = found.source
    return found
