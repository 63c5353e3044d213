"""Keeps how things are displayed in the config, as soon as a key has changed it."""

from collections.abc import Sequence

from wfdash.config.settings import Settings, SettingsError

__all__ = ["keep_display"]


def keep_display(settings: Settings, name: str, value: str | bool | Sequence[str]) -> str:
    """Writes one key of `[display]`; the demo writes none. Why it could not be kept, or ""."""
    if settings.demo or settings.config_path is None:
        return ""
    from wfdash.config.writer import save_display  # loads tomlkit

    try:
        save_display(settings.config_path, name, value)
    except SettingsError as wrong:
        return str(wrong)
    return ""
