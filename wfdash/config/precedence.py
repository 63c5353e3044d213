"""Every setting of one run, from options, profile, environment and defaults."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from wfdash.config import network
from wfdash.config.credential import Credential
from wfdash.config.own_commands import OwnCommand, OwnHook
from wfdash.config.plain_file import expanded, open_log
from wfdash.config.resolution import Resolution, account_id, choose_profile, credential, server
from wfdash.config.schema import Config, Profile, SavedView
from wfdash.config.settings import (
    ForeignAccount,
    Options,
    ProfileCard,
    Proxy,
    Recording,
    Settings,
    SettingsError,
)

__all__ = ["config_path", "load"]


def load(options: Options, environ: Mapping[str, str]) -> Settings:
    """Makes the settings of one run; raises SettingsError (exit 2) or NoCredentials (exit 3)."""
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
        case.sources["credential"] = "none: a dev session needs none"
    proxy = _way_to(base, case)
    # The profile itself leads to the dev session, and is about it; with --local it is of the account one
    # works in otherwise.
    own = local and options.local is None
    # A default profile for another account than the one in use must not lend it its workflow or its colour.
    used = case.named or own or _is_same(case.profile.account_id, account) or not case.profile.account_id
    profile = case.profile if used else Profile()
    # Of every profile, not of the one in force: a guard must not hang on the way by which one came to an
    # account.
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
    """Whether two ids are one account; account ids are hex digits, which people write in either case."""
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
    # Where a profile is of the account in use, that one speaks for it: see `forbidden` in resolve.
    return not any(_is_same(profile.account_id, account) for profile in case.config.profiles.values())


def _way_to(base: str, case: Resolution) -> Proxy | None:
    """The proxy to a server that is not on this machine; what TLS needs of the environment is checked too."""
    if base.startswith("http://"):
        return None
    # Here, where a variable can be named: amid the first request httpx fails on it with an error that names
    # no file.
    network.check_trust(case.environ)
    proxy = network.proxy_for(base, case.environ)
    case.sources["proxy"] = proxy.source if proxy else ""
    return proxy


def _settings(case: Resolution, path: Path, warnings: tuple[str, ...], **decided: object) -> Settings:
    """Puts the decided settings together with those that only the config and the options speak of."""
    options, config = case.options, case.config
    interval = options.interval if options.interval is not None else config.poll.interval
    # The config's own value was checked with its line; this is the option's.
    if not 1 <= interval <= 300:
        raise SettingsError("--interval must be 1 to 300 seconds.")
    case.sources["interval"] = _interval_source(case)
    return Settings(
        interval=float(interval),
        share=config.poll.share,
        pace=config.actions.pace,
        parallel=config.actions.parallel,
        theme=config.display.theme,
        time=config.display.time,
        mouse=config.display.mouse if options.mouse is None else options.mouse,
        scale=config.display.scale,
        ascii=options.ascii or config.display.ascii,
        columns=tuple(config.display.columns),
        no_color=bool(case.environ.get("NO_COLOR")),
        keys=dict(config.keys),
        views=_views(config),
        commands=_commands(config),
        hooks=_hooks(config),
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
        # A name that can never be resolved (RFC 6761): whatever asked it by mistake would reach nobody.
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
    from wfdash.config.file import ConfigError, read
    from wfdash.config.permissions import open_to_others, permission_warnings

    try:
        config = read(path, required=required)
    except ConfigError as error:
        raise SettingsError(str(error)) from None
    if config is None:
        return Config(), ()
    runs = bool(config.commands or config.hooks)
    warnings = permission_warnings(path, runs=runs)
    # What others write there would run as this person.
    if runs and open_to_others(path) is not None:
        config = replace(config, commands=[], hooks=[])
    return config, warnings


def _views(config: Config) -> tuple[SavedView, ...]:
    """The saved views; those without a key take the free digits in turn, for a view is opened by one."""
    taken = {view.key for view in config.views}
    free = iter([digit for digit in "123456789" if digit not in taken])
    return tuple(replace(view, key=view.key or next(free, "")) for view in config.views)


def _commands(config: Config) -> tuple[OwnCommand, ...]:
    return tuple(
        OwnCommand(entry.key, entry.name, tuple(entry.run), entry.confirm, entry.dangerous)
        for entry in config.commands
        if entry.key
    )


def _hooks(config: Config) -> tuple[OwnHook, ...]:
    return tuple(OwnHook(entry.on, tuple(entry.run)) for entry in config.hooks if entry.run)


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
