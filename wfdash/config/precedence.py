"""Which of option, profile, environment and default wins, setting by setting."""

import ipaddress
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, field

from wfdash.config import network
from wfdash.config.credential import Credential, origin_of
from wfdash.config.plain_file import expanded, open_log
from wfdash.config.schema import Config, Profile
from wfdash.config.settings import (
    CLOUDFLARE,
    ForeignAccount,
    NoCredentials,
    Options,
    ProfileCard,
    Proxy,
    Recording,
    SavedView,
    Settings,
    SettingsError,
)

__all__ = [
    "Resolution",
    "account_id",
    "base_url",
    "choose_profile",
    "config_path",
    "credential",
    "local_url",
    "resolve",
    "server",
]


def local_url(text: str, source: str) -> str:
    """The origin of a dev session from "", a port or an http:// URL."""
    if re.fullmatch(r"\d{1,5}", text or "8787") and 1 <= int(text or "8787") <= 65535:
        return f"http://127.0.0.1:{text or '8787'}"
    try:
        parts = urlsplit(text)
        if (
            parts.scheme == "http"
            and _is_loopback(parts.hostname)
            and parts.path.strip("/") == parts.query == ""
        ):
            return origin_of(text)
    except ValueError:
        pass
    raise SettingsError(
        f'{source}: "{_bare(text)}" is no port and no http:// address on this machine (such as '
        "http://127.0.0.1:8787)."
    )


def base_url(text: str, source: str) -> str:
    """A base URL without its trailing slash; raises SettingsError for one that no token may be sent to."""
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if (
        not host
        or parts.scheme not in ("http", "https")
        or parts.query
        or parts.fragment
        or not text.strip().isprintable()
        or not network.is_host(host)
    ):
        raise SettingsError(f'{source}: "{_bare(text)}" is no https:// address.')
    if parts.username or parts.password:
        raise SettingsError(f"{source}: a base URL holds no user and no password.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise SettingsError(
            f"{source}: plain http:// is for this machine alone; {host} would get the token unencrypted."
        )
    return text.strip().rstrip("/")


def _bare(text: str) -> str:
    """A mistyped URL for showing, without what may be a password before an @."""
    return re.sub(r"//[^/@]*@", "//", text)[:100]


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


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
    cloud_asked = bool(options.base_url or options.account_id)
    cloud_set = any(case.environ.get(name) for name in _CLOUD_ENVS)
    if profile.local is not False and not cloud_asked and (case.named or not cloud_set):
        case.sources["base URL"] = f"profile {case.name}"
        return local_url("" if profile.local is True else str(profile.local), f"profile {case.name}"), True
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
        raise SettingsError(f'{case.sources["account"]}: "{found[:64]}" is no account id (32 hex digits).')
    return found


def credential(case: Resolution, base: str) -> Credential | None:
    """The one for this base URL; None, with the reason as its source, where setup is yet to find one."""
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
        if found is None and not case.named and case.sources["base URL"] not in _BASE_ENVS:
            found = own()
        if found is None:
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


def resolve(options: Options, environ: Mapping[str, str]) -> Settings:
    """Resolves every setting; `wfdash.config.load.load` says how."""
    path, source = config_path(options, environ)
    config, warnings = _read(path, required=source != "default")
    case = Resolution(options, environ, config, sources={"config": f"{path} ({source})"})
    if options.demo:
        return _demo(case, path, warnings)
    choose_profile(case)
    base, local = server(case)
    account = "" if local else account_id(case)
    account = _linked(case, account, local=local)
    found = None if local else credential(case, base)
    if local:
        case.sources["credential"] = "none: a dev session wants none"
    proxy = _way_to(base, case)
    own = local and options.local is None
    used = case.named or own or _is_same(case.profile.account_id, account) or not case.profile.account_id
    profile = case.profile if used else Profile()
    production = frozenset(p.account_id.lower() for p in config.profiles.values() if p.production) - {""}
    forbidden = frozenset(p.account_id.lower() for p in config.profiles.values() if p.read_only) - {""}
    if _is_same(case.profile.account_id, account):
        forbidden -= {account.lower()}  # the profile in force speaks for its own account
    return _settings(
        case,
        path,
        warnings,
        profile_name=case.name if used else "",
        account_id=account,
        workflow=case.pick(
            "workflow", (options.workflow, "--workflow"), (profile.workflow, f"profile {case.name}")
        ),
        base_url=base,
        local=local,
        credential=found,
        proxy=proxy,
        production_accounts=production,
        production=account.lower() in production or (profile.production and not profile.account_id),
        read_only=options.read_only
        or account.lower() in forbidden
        or (profile.read_only if local else _keeps_read_only(case, account)),
        read_only_accounts=forbidden,
        colour=profile.colour,
    )


def _is_same(left: str, right: str) -> bool:
    """Whether two ids are one account; the API takes hex digits in either case."""
    return left.lower() == right.lower()


def _linked(case: Resolution, account: str, *, local: bool) -> str:
    """The account to use beside the one that a file or a URL names; raises ForeignAccount for another."""
    link = case.options.link
    if link is None:
        return account
    if local:
        raise ForeignAccount(
            link, f"{case.sources['base URL']} is a dev session", _profile_of(case, link.account_id)
        )
    if account and not _is_same(account, link.account_id):
        ours = f"{case.sources['account']} is account {account}"
        raise ForeignAccount(link, ours, _profile_of(case, link.account_id))
    if not account:
        case.sources["account"] = link.source
    return account or link.account_id


def _profile_of(case: Resolution, account: str) -> str:
    names = [name for name, profile in case.config.profiles.items() if _is_same(profile.account_id, account)]
    return names[0] if len(names) == 1 else ""


def _keeps_read_only(case: Resolution, account: str) -> bool:
    """Whether the profile in force forbids writing, and no profile of the account in use lifts that.

    Leaving its account by a variable or an option does not lift what it says: only a profile does.
    """
    ours = case.profile
    if not ours.read_only or case.named or not ours.account_id or _is_same(ours.account_id, account):
        return ours.read_only
    return not any(_is_same(profile.account_id, account) for profile in case.config.profiles.values())


def _way_to(base: str, case: Resolution) -> Proxy | None:
    """The proxy to a server that is not on this machine; what TLS needs of the environment is checked too."""
    if base.startswith("http://"):
        return None
    network.check_trust(case.environ)
    proxy = network.proxy_for(base, case.environ)
    case.sources["proxy"] = proxy.source if proxy else ""
    return proxy


def _settings(case: Resolution, path: Path, warnings: tuple[str, ...], **decided: object) -> Settings:
    """The decided ones with those that only the config and the options speak of."""
    options, config = case.options, case.config
    interval = options.interval if options.interval is not None else config.poll.interval
    if not 1 <= interval <= 300:
        raise SettingsError("--interval must be 1 to 300 seconds.")
    case.sources["interval"] = _interval_source(case)
    return Settings(
        interval=float(interval),
        share=config.poll.share,
        theme=config.display.theme,
        time=config.display.time,
        mouse=config.display.mouse if options.mouse is None else options.mouse,
        ascii=options.ascii or config.display.ascii,
        no_color=bool(case.environ.get("NO_COLOR")),
        keys=dict(config.keys),
        views=_views(config),
        retention=_retention(config),
        pairing_folder=expanded(config.pairing.folder) if config.pairing.folder else None,
        record=Recording(config.record.on, config.record.payloads, config.record.size),
        debug=_debug_file(options.debug),
        config_path=path,
        profiles=tuple(_card(name, profile) for name, profile in config.profiles.items()),
        sources=case.sources,
        warnings=warnings,
        secret_variables=frozenset(
            profile.token_env for profile in config.profiles.values() if profile.token_env
        ),
        **decided,  # type: ignore[arg-type]
    )


def _card(name: str, profile: Profile) -> ProfileCard:
    return ProfileCard(
        name,
        profile.account_id,
        profile.workflow,
        local=profile.local is not False,
        production=profile.production,
        read_only=profile.read_only,
        colour=profile.colour,
    )


def _interval_source(case: Resolution) -> str:
    if case.options.interval is not None:
        return "--interval"
    return "default" if case.config.poll.interval == Config().poll.interval else "config"


def _debug_file(text: str) -> Path | None:
    """The file for the request log, made now (0600) so that a wrong path is told at the start."""
    if not text:
        return None
    path = expanded(text)
    try:
        os.close(open_log(path))
    except OSError as error:
        raise SettingsError(f"--debug: {path} cannot be written: {error.strerror}.") from None
    return path


def _demo(case: Resolution, path: Path, warnings: tuple[str, ...]) -> Settings:
    options = case.options
    case.sources |= dict.fromkeys(("account", "credential", "base URL"), "the demo")
    return _settings(
        case,
        path,
        warnings,
        demo=options.demo,
        account_id=options.demo_account,
        credential=Credential(options.demo_token, source="the demo"),
        base_url="https://demo.invalid/client/v4",
        workflow=options.workflow,
        read_only=options.read_only,
    )


def config_path(options: Options, environ: Mapping[str, str]) -> tuple[Path, str]:
    """The config file of this run, which may not be there, and what named it."""
    if options.config:
        return expanded(options.config), "--config"
    if environ.get("WFDASH_CONFIG"):
        return expanded(environ["WFDASH_CONFIG"]), "WFDASH_CONFIG"
    from platformdirs import user_config_path

    return user_config_path("wfdash", appauthor=False) / "config.toml", "default"


def _read(path: Path, *, required: bool) -> tuple[Config, tuple[str, ...]]:
    """The config and what is to be warned of; its reader is not even loaded where there is no file."""
    if not required and _absent(path):
        return Config(), ()
    from wfdash.config.file import ConfigError, permission_warnings, read

    try:
        config = read(path, required=required)
    except ConfigError as error:
        raise SettingsError(str(error)) from None
    return (config, permission_warnings(path)) if config else (Config(), ())


def _views(config: Config) -> tuple[SavedView, ...]:
    """Those without a key take the free digits in turn, for a view is opened by one."""
    taken = {view.key for view in config.views}
    free = iter([digit for digit in "123456789" if digit not in taken])
    return tuple(SavedView(**vars(view) | {"key": view.key or next(free, "")}) for view in config.views)


def _retention(config: Config) -> dict[str, float]:
    if not config.retention:
        return {}
    from wfdash.core.text.durations import parse_duration

    return {name: parse_duration(text) or 0.0 for name, text in config.retention.items()}


def _absent(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
