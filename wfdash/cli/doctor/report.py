"""`wfdash doctor`: what is so here, what is wrong and what to do about it, to paste into a bug report."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from wfdash.cli.doctor.machine import machine, paths, record, state_trouble, terminal
from wfdash.cli.output import line, say
from wfdash.config.precedence import config_path, load
from wfdash.config.settings import Options, Settings, SettingsError
from wfdash.core.text.clean import clean
from wfdash.core.text.words import percent

__all__ = ["doctor", "run"]


def run(options: Options, environ: Mapping[str, str], bundle: str = "") -> int:
    """Checks everything that can be checked; 0 when the API answered, else the code of what is in the way.

    `bundle` names a file that is to hold the report for others; the code is 1 when it could not be written.
    """
    try:
        settings: Settings | SettingsError = load(options, environ)
    # It is for those whose settings do not work: the rest of the report is made all the same.
    except SettingsError as wrong:
        settings = wrong
    config = config_path(options, environ)[0]
    report: list[str] = []

    def write(text: str) -> None:
        report.append(text)
        line(text)

    names: list[tuple[str, str]] = []
    code = asyncio.run(doctor(settings, environ, config, write=write, names=names))
    if not bundle:
        return code
    # What is in the way goes before a bundle that could not be written.
    return 0 if _save(bundle, report, names, environ, config, options) and not code else code or 1


def _save(
    file: str,
    report: list[str],
    names: list[tuple[str, str]],
    environ: Mapping[str, str],
    config: Path,
    options: Options,
) -> bool:
    """Writes the report for others beside anything that has the name already; False when that failed."""
    from wfdash.cli.doctor.bundle import Names, bundle_lines
    from wfdash.live.records.export_files import write_new

    hidden = Names(environ)
    for kind, name in names:
        hidden.hide(kind, [name])
    wanted = Path(file)
    try:
        written = write_new(
            wanted.parent, wanted.name, bundle_lines(report, hidden, environ, config, options)
        )
    except OSError as wrong:
        say(f"wfdash: {file} could not be written: {wrong.strerror}")
        return False
    say(f"wfdash: written to {written}. It is text: read it before you attach it.")
    return True


async def doctor(
    settings: Settings | SettingsError,
    environ: Mapping[str, str],
    config: Path | None = None,
    *,
    write: Callable[[str], None] = line,
    names: list[tuple[str, str]] | None = None,
) -> int:
    """Writes the report section by section as it is found out; returns the exit code.

    `names` takes the kind and name of whatever in it is somebody's own.
    """
    advice = state_trouble()
    if config is None and isinstance(settings, Settings):
        config = settings.config_path
    for title, lines in (("wfdash", machine()), ("terminal", terminal(environ)), ("paths", paths(config))):
        _print(title, lines, environ, write)
    if isinstance(settings, SettingsError):
        _conclude([str(settings), *advice], settings.exit_code, environ, write)
        return settings.exit_code
    advice += settings.warnings
    _print("record", record(settings), environ, write)
    _print("settings", _settings(settings), environ, write)
    from wfdash.cli.doctor.server import examine

    examined = await examine(settings)
    if names is not None:
        names += [("workflow", settings.workflow), ("profile", settings.profile_name), *examined.names]
    _print("server", examined.facts, environ, write)
    _conclude(advice + examined.advice, examined.code, environ, write)
    return examined.code


def _settings(settings: Settings) -> list[tuple[str, str]]:
    """Each setting with where it came from; of the credential only its kind."""
    source = settings.sources

    def quoted(value: str, setting: str) -> str:
        came = source.get(setting, "")
        return f"{value or 'not set'}" + (f" (from {came})" if came and value else "")

    scheme = settings.credential.scheme if settings.credential else ""
    return [
        ("config", source.get("config", "")),
        ("profile", quoted(settings.profile_name or "none", "profile")),
        ("base URL", quoted(settings.base_url, "base URL")),
        ("proxy", settings.proxy.source if settings.proxy else "none"),
        ("account", "none: a dev session" if settings.local else quoted(settings.account_id, "account")),
        ("workflow", quoted(settings.workflow, "workflow")),
        ("credential", quoted(f"{scheme}, not shown", "credential") if scheme else "none is sent"),
        ("production", "yes: what destroys asks for the workflow's name" if settings.production else "no"),
        ("read-only", "yes" if settings.read_only else "no"),
        *_pace(settings, quoted(f"{settings.interval:g} s", "interval")),
        ("views, keys", f"{len(settings.views)} saved, {len(settings.keys)} remapped"),
    ]


def _pace(settings: Settings, interval: str) -> list[tuple[str, str]]:
    """Lines on how often the list is read and what bounds that.

    A dev session has no limit, and its own pace.
    """
    if settings.local:
        from wfdash.live.feeds.instances import LOCAL_INTERVAL

        least = max(settings.interval, LOCAL_INTERVAL)
        return [("list interval", f"{least:g} s, or more where answers are slow")]
    return [
        ("list interval", interval),
        ("share of the limit", f"{percent(settings.share)} of 1,200 requests per 5 minutes"),
    ]


def _print(
    title: str, lines: list[tuple[str, str]], environ: Mapping[str, str], write: Callable[[str], None]
) -> None:
    write(title)
    for name, value in lines:
        write(f"  {name:<22}{_homeless(value, environ)}")
    write("")


def _homeless(text: str, environ: Mapping[str, str]) -> str:
    """The text with ~ in place of the person's home, which is nobody else's business."""
    home = environ.get("HOME") or str(Path.home())
    return text.replace(home + "/", "~/") if len(home) > 1 else text


def _conclude(advice: list[str], code: int, environ: Mapping[str, str], write: Callable[[str], None]) -> None:
    if advice:
        write("to fix")
        for number, sentence in enumerate(advice, 1):
            write(f"  {number}. {clean(_homeless(sentence, environ))}")
    elif code == 0:
        write("nothing to fix")
