"""Which of option, profile, environment and default wins, setting by setting."""

import os
from collections.abc import Mapping
from pathlib import Path

from wfdash.config_schema import Config, Profile
from wfdash.connection import Case, account_id, choose_profile, credential, server
from wfdash.credentials import Credential
from wfdash.settings import Options, ProfileCard, Settings, SettingsError, View

__all__ = ["config_path", "resolve"]


def resolve(options: Options, environ: Mapping[str, str]) -> Settings:
    """See wfdash.settings.load."""
    path, source = config_path(options, environ)
    config, warnings = _read(path, required=source != "default")
    case = Case(options, environ, config, sources={"config": f"{path} ({source})"})
    if options.demo:
        return _demo(case, path, warnings)
    choose_profile(case)
    base, local = server(case)
    account = "" if local else account_id(case)
    known = None if local else credential(case, base)
    if local:
        case.sources["credential"] = "none: a dev session wants none"
    used = case.named or case.profile.account_id in ("", account)
    profile = case.profile if used else Profile()
    production = frozenset(p.account_id for p in config.profiles.values() if p.production and p.account_id)
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
        credential=known,
        production_accounts=production,
        production=account in production or (profile.production and not profile.account_id),
        read_only=options.read_only or profile.read_only,
        colour=profile.colour,
    )


def _settings(case: Case, path: Path, warnings: tuple[str, ...], **decided: object) -> Settings:
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
        debug=_debug_file(options.debug),
        config_path=path,
        profiles=tuple(_card(name, one) for name, one in config.profiles.items()),
        sources=case.sources,
        warnings=warnings,
        secret_variables=frozenset(one.token_env for one in config.profiles.values() if one.token_env),
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


def _interval_source(case: Case) -> str:
    if case.options.interval is not None:
        return "--interval"
    return "default" if case.config.poll.interval == Config().poll.interval else "config"


def _debug_file(text: str) -> Path | None:
    """The file for the request log, made now (0600) so that a wrong path is told at the start."""
    if not text:
        return None
    path = Path(text).expanduser()
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
    except OSError as error:
        raise SettingsError(f"--debug: {path} cannot be written: {error.strerror}.") from None
    return path


def _demo(case: Case, path: Path, warnings: tuple[str, ...]) -> Settings:
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
        return Path(options.config).expanduser(), "--config"
    if environ.get("WFDASH_CONFIG"):
        return Path(environ["WFDASH_CONFIG"]).expanduser(), "WFDASH_CONFIG"
    from platformdirs import user_config_path

    return user_config_path("wfdash", appauthor=False) / "config.toml", "default"


def _read(path: Path, *, required: bool) -> tuple[Config, tuple[str, ...]]:
    """The config and what is to be warned of; its reader is not even loaded where there is no file."""
    if not required and _absent(path):
        return Config(), ()
    from wfdash.config_file import ConfigError, permission_warnings, read

    try:
        config = read(path, required=required)
    except ConfigError as error:
        raise SettingsError(str(error)) from None
    return (config, permission_warnings(path)) if config else (Config(), ())


def _views(config: Config) -> tuple[View, ...]:
    """Those without a key take the free digits in turn, for a view is opened by one."""
    taken = {view.key for view in config.views}
    free = iter([digit for digit in "123456789" if digit not in taken])
    return tuple(View(**vars(view) | {"key": view.key or next(free, "")}) for view in config.views)


def _retention(config: Config) -> dict[str, float]:
    if not config.retention:
        return {}
    from wfdash.config_file import seconds_of

    return {name: seconds_of(text) or 0.0 for name, text in config.retention.items()}


def _absent(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
